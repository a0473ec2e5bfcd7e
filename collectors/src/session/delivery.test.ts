import { getEventListeners } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shardCountFor } from "@cadastre/contract/digest";
import { BusyError, ConflictError } from "@cadastre/store/errors";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Observe } from "../observe.ts";
import { createSession, type SessionOptions } from "./session.ts";
import { startApi, type TestApi } from "./testing/api.ts";
import {
  aKey,
  anInstance,
  aWorkplace,
  instances,
  instancesOf,
  NOW,
  observing,
  SWALLOWED,
  sessionOptions,
  type Workplace,
} from "./testing/builders.ts";
import type { Seen } from "./testing/gateway.ts";

const key = aKey();
const EAST = instancesOf("us-east-1");
let api: TestApi;
let workplace: Workplace;

beforeEach(async () => {
  api = await startApi({ now: () => NOW, key: key.publicKey });
  workplace = aWorkplace();
});
afterEach(async () => {
  await api.end();
  workplace.remove();
});

const session = (more: Partial<SessionOptions> = {}) =>
  createSession({ ...sessionOptions(workplace, api.url, key.signer), ...more });
const spooled = (state: string) => readdirSync(join(workplace.spoolDirectory, state));
const uploads = () => api.seen.filter((request) => request.method === "PUT");
const openings = () => api.seen.filter(({ method, path }) => method === "POST" && path.endsWith("/runs"));
const shardOf = ({ path }: Seen) => Number(path.split("/").at(-1));
const isComplete = ({ path }: Seen) => path.endsWith("/complete");
const down: SessionOptions["fetch"] = () => Promise.reject(new TypeError("fetch failed"));

describe("a run", () => {
  test("delivers what was observed and counts what the API made of it", async () => {
    const result = await session().run([observing("us-east-1", instances(300))]);
    expect(result).toMatchObject({
      delivered: true,
      state: "closed",
      totals: { resources: 300, created: 300, unchanged: 0 },
    });
    expect(result.scopes).toMatchObject([
      { ...instancesOf("us-east-1"), status: "complete", created: 300, errors: [] },
    ]);
    expect((await api.registered(EAST)).sort()).toEqual([...instances(300)].map(({ id }) => id).sort());
    expect(spooled("ready")).toEqual([]);
    expect(spooled("done")).toEqual([]);
    expect(result.bytesSent).toBe(api.seen.reduce((sum, request) => sum + request.bytes, 0));
  });

  test("announces when the next one is, where that is known, also when it had to wait in the spool", async () => {
    const intervals = async () => {
      const { items } = await api.ask<{ items: { intervalSeconds?: number }[] }>("GET", "/api/v1/discovery/status");
      return items.map(({ intervalSeconds }) => intervalSeconds);
    };
    await session().run([observing("us-east-1", instances(3))]);
    expect(await intervals()).toEqual([undefined]);
    await session({ intervalSeconds: 1800, fetch: down }).run([observing("us-east-1", instances(3))]);
    await session().drain();
    expect(await intervals()).toEqual([1800]);
  });

  test("of an unchanged estate is one request", async () => {
    const observe = ["us-east-1", "us-west-2", "eu-west-1"].map((region) =>
      observing(region, [...instances(200, region)]),
    );
    await session().run(observe);
    const before = api.seen.length;
    const result = await session().run(observe);
    expect(api.seen.length - before).toBe(1);
    expect(result).toMatchObject({
      state: "unchanged",
      delivered: true,
      totals: { resources: 600, unchanged: 600, created: 0 },
    });
  });

  test("uploads one shard of many when one resource changed", async () => {
    await session().run([observing("us-east-1", instances(600))]);
    const before = uploads().length;
    expect(before).toBe(shardCountFor(600));
    const changed = [...instances(600)].with(123, anInstance(123, { state: "stopped" }));
    const result = await session().run([observing("us-east-1", changed)]);
    expect(uploads().length - before).toBe(1);
    expect(result.totals).toEqual({ resources: 600, created: 0, updated: 1, unchanged: 599, retired: 0 });
  });

  test("compresses the bodies that are worth it and sends small ones plain", async () => {
    await session().run([observing("us-east-1", instances(300)), observing("us-west-2", instances(1, "us-west-2"))]);
    const small = uploads().find((request) => request.path.includes("us-west-2"));
    expect(small?.type).toBe("application/json");
    const others = uploads().filter((request) => request !== small);
    expect(others.every((request) => request.type === "application/gzip")).toBe(true);
  });

  test("never has more uploads under way than it may", async () => {
    let [underWay, most] = [0, 0];
    const counting: typeof fetch = async (url, init) => {
      if (init?.method !== "PUT") return fetch(url, init);
      underWay += 1;
      most = Math.max(most, underWay);
      try {
        return await fetch(url, init);
      } finally {
        underWay -= 1;
      }
    };
    await session({ fetch: counting, uploadConcurrency: 3 }).run([observing("us-east-1", instances(300))]);
    expect(most).toBe(3);
  });

  test("is cut into the number of shards that the API asks for", async () => {
    await session().run([observing("us-east-1", instances(520))]);
    const [before, opened] = [uploads().length, openings().length];
    expect([shardCountFor(520), shardCountFor(300)]).toEqual([16, 8]);
    const result = await session().run([observing("us-east-1", instances(300))]);
    expect(openings().length - opened).toBe(2);
    expect(Math.max(...uploads().slice(before).map(shardOf))).toBeGreaterThanOrEqual(8);
    expect(result).toMatchObject({ state: "closed", totals: { unchanged: 300, retired: 220 } });
    expect(await api.registered(EAST)).toHaveLength(300);
  });

  test("is cut into more shards than its number asks for when they would be over the limit of an upload", async () => {
    const tags = Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`tag-${at}`, "x".repeat(1000)]));
    const heavy = Array.from({ length: 40 }, (_, number) => anInstance(number, { tags }));
    const result = await session().run([observing("us-east-1", heavy)]);
    expect(result.state).toBe("closed");
    expect(shardCountFor(40)).toBe(1);
    expect(uploads().length).toBeGreaterThanOrEqual(2);
    expect(await api.registered(EAST)).toHaveLength(40);
  });

  test("sends lost shards again and completes", async () => {
    const lost = new Set([3, 5]);
    api.faults.request = (request) =>
      request.method === "PUT" && lost.delete(shardOf(request)) ? SWALLOWED : undefined;
    const result = await session().run([observing("us-east-1", instances(300))]);
    expect(lost.size).toBe(0);
    expect(result.totals.created).toBe(300);
    expect(uploads().length).toBe(shardCountFor(300) + 2);
    expect(await api.registered(EAST)).toHaveLength(300);
  });

  test("waits in the spool when shards go missing every time, and retires nothing", async () => {
    await session().run([observing("us-east-1", instances(10))]);
    api.faults.request = ({ method }) => (method === "PUT" ? SWALLOWED : undefined);
    const result = await session().run([observing("us-east-1", instances(5))]);
    expect(result).toMatchObject({ delivered: false, state: "spooled", problem: { code: "discovery.shards_missing" } });
    expect(spooled("ready")).toEqual([`000000001-${result.run}`]);
    expect(await api.registered(EAST)).toHaveLength(10);
    api.faults.request = () => undefined;
    expect((await session().drain()).runs).toMatchObject([{ run: result.run, totals: { retired: 5 } }]);
    expect(await api.registered(EAST)).toHaveLength(5);
  });

  test("reports a scope that was not finished as failed, and sends nothing of it", async () => {
    const result = await session().run([
      observing("us-east-1", instances(5)),
      async ({ recorder }) => recorder.start(instancesOf("us-west-2")).add(anInstance(1, { region: "us-west-2" })),
    ]);
    expect(result.scopes.find((scope) => scope.region === "us-west-2")).toMatchObject({
      status: "failed",
      resources: 0,
      errors: [{ code: "interrupted" }],
    });
    expect(uploads().length).toBe(1);
  });

  test("survives a collector that throws: its open scope has failed, the others are delivered", async () => {
    const result = await session().run([
      async ({ recorder }) => {
        recorder.start(instancesOf("eu-west-1"));
        throw new Error("no credentials");
      },
      observing("us-east-1", instances(5)),
    ]);
    expect(result.failures.map((error) => error.message)).toEqual(["no credentials"]);
    expect(result.totals.created).toBe(5);
    expect(result.scopes.find((scope) => scope.region === "eu-west-1")?.errors).toEqual([
      { code: "collector_failed", message: "no credentials" },
    ]);
  });

  test("in which nothing was observed is an error, and leaves nothing behind", async () => {
    const broken = async () => {
      throw new Error("the organization cannot be listed");
    };
    await expect(session().run([broken])).rejects.toThrow("nothing was observed: the organization cannot be listed");
    expect(spooled("observing")).toEqual([]);
    expect(api.seen).toEqual([]);
  });
});

describe("a failing API", () => {
  test("is tried again after 500 and cut connections, each time signed anew", async () => {
    let requests = 0;
    api.faults.commit = () => (++requests === 1 ? new Error("the disk") : undefined);
    api.faults.request = () => (api.seen.length === 2 ? "cut" : undefined);
    const result = await session().run([observing("us-east-1", instances(3))]);
    expect(result.state).toBe("closed");
    expect(workplace.waits).toEqual([375, 750]);
    expect(new Set(api.seen.map(({ nonce }) => nonce)).size).toBe(api.seen.length);
  });

  test("is given the time that its Retry-After asks for", async () => {
    let commits = 0;
    api.faults.commit = () => (++commits === 1 ? new BusyError("others hold the table") : undefined);
    expect((await session().run([observing("us-east-1", instances(3))])).state).toBe("closed");
    expect(workplace.waits).toEqual([5000]);
  });

  test("that is down for a whole run gets it later, oldest first, before a new run", async () => {
    const first = await session({ fetch: down }).run([observing("us-east-1", instances(10))]);
    const second = await session({ fetch: down }).run([observing("us-east-1", instances(11))]);
    expect(first).toMatchObject({ delivered: false, state: "spooled", problem: { code: "api.unavailable" } });
    expect(second.earlier.map((result) => result.run)).toEqual([first.run]);
    const third = await session().run([observing("us-east-1", instances(9))]);
    expect(api.delivered).toEqual([first.run, second.run, third.run]);
    expect(third.earlier.map((result) => result.totals.created)).toEqual([10, 1]);
    expect(third.totals).toMatchObject({ unchanged: 9, retired: 2 });
    expect(await api.registered(EAST)).toHaveLength(9);
    expect(spooled("ready")).toEqual([]);
  });

  test("that refuses connections is drained to when it is back", async () => {
    await api.down();
    const result = await session().run([observing("us-east-1", instances(10))]);
    expect(result.problem?.message).toMatch(/ECONNREFUSED.*given up after 5 attempts/);
    await api.up();
    const drained = await session().drain();
    expect(drained).toMatchObject({
      waiting: 0,
      runs: [{ run: result.run, state: "closed", totals: { created: 10 } }],
    });
  });

  test("that rejects a run for good has it put aside with the reason, said loudly, and gets the next one", async () => {
    const { run } = await session({ fetch: down }).run([observing("us-east-1", instances(10))]);
    const data = join(workplace.spoolDirectory, "ready", `000000001-${run}`, "resources.ndjson");
    writeFileSync(data, readFileSync(data, "utf8").replace("running", "stopped"));
    workplace.waits.length = 0;
    const { runs } = await session().drain();
    expect(runs).toMatchObject([
      { run, state: "rejected", delivered: false, problem: { code: "discovery.digest_mismatch", status: 422 } },
    ]);
    expect(workplace.waits).toEqual([]);
    expect(workplace.logged.filter((line) => line.level === "error")).toMatchObject([{ run }]);
    const problem = readFileSync(
      join(workplace.spoolDirectory, "rejected", `000000001-${run}`, "problem.json"),
      "utf8",
    );
    expect(JSON.parse(problem)).toMatchObject({ code: "discovery.digest_mismatch" });
    const next = await session().run([observing("us-east-1", instances(10))]);
    expect(next).toMatchObject({ state: "closed", earlier: [], totals: { created: 10 } });
  });

  test("that does not know the key stops the run at once, and the run waits", async () => {
    const stranger = aKey();
    const result = await session({ signer: stranger.signer }).run([observing("us-east-1", instances(10))]);
    const problem = { code: "signature.unknown_key", status: 401 };
    expect(result).toMatchObject({ delivered: false, state: "spooled", problem });
    expect(api.seen.length).toBe(1);
    await api.register(stranger.publicKey);
    const drained = await session({ signer: stranger.signer }).drain();
    expect(drained.runs).toMatchObject([{ run: result.run, state: "closed" }]);
  });

  test("that has not approved the collector stops the run at once, and the run waits for the approval", async () => {
    const waiting = aKey();
    const collector = await api.register(waiting.publicKey, { approved: false });
    const result = await session({ signer: waiting.signer }).run([observing("us-east-1", instances(10))]);
    const problem = { code: "collector.pending", status: 403 };
    expect(result).toMatchObject({ delivered: false, state: "spooled", problem });
    expect(api.seen.length).toBe(1);
    await api.approve(collector);
    const drained = await session({ signer: waiting.signer }).drain();
    expect(drained.runs).toMatchObject([{ run: result.run, state: "closed" }]);
  });

  test("that says the account is foreign has the run put aside", async () => {
    const other = aKey();
    await api.register(other.publicKey, { accounts: ["999999999999"] });
    const result = await session({ signer: other.signer }).run([observing("us-east-1", instances(1))]);
    expect(result).toMatchObject({ state: "rejected", problem: { code: "collector.foreign_account", status: 403 } });
  });

  test("where other runs keep being faster leaves the run in the spool for the next delivery", async () => {
    api.faults.commit = () => new ConflictError([{ index: 0, reason: "version" }]);
    const result = await session().run([observing("us-east-1", instances(3))]);
    expect(result).toMatchObject({ state: "spooled", problem: { code: "request.conflict", status: 409 } });
    api.faults.commit = () => undefined;
    expect((await session().drain()).runs).toMatchObject([{ run: result.run, state: "closed" }]);
  });

  test("where another run was faster says when to ask again, and is asked again", async () => {
    let left = 6;
    api.faults.commit = () => {
      left -= 1;
      return left >= 0 ? new ConflictError([{ index: 0, reason: "version" }]) : undefined;
    };
    const result = await session().run([observing("us-east-1", instances(3))]);
    expect(result).toMatchObject({ delivered: true, state: "closed", totals: { created: 3 } });
    expect(workplace.waits).toContain(1000);
  });

  test("that is sent a request twice, the first answer lost, is asked again under a new signature", async () => {
    let doubled = 0;
    api.faults.request = (request) => (isComplete(request) && doubled++ === 0 ? "double" : undefined);
    const result = await session().run([observing("us-east-1", instances(4))]);
    expect(result).toMatchObject({ delivered: true, state: "closed", totals: { created: 4 } });
    expect(new Set(api.seen.filter(isComplete).map(({ nonce }) => nonce)).size).toBe(2);
    expect(await api.registered(EAST)).toHaveLength(4);
  });

  test("that is sent every request twice by somebody in between refuses the second, and the run is delivered later", async () => {
    api.faults.request = (request) => (isComplete(request) ? "double" : undefined);
    const result = await session().run([observing("us-east-1", instances(4))]);
    expect(result).toMatchObject({ state: "spooled", problem: { code: "signature.replayed", status: 409 } });
    api.faults.request = () => undefined;
    expect((await session().drain()).runs).toMatchObject([{ run: result.run, delivered: true }]);
    expect(await api.registered(EAST)).toHaveLength(4);
  });

  test.each([
    ["a proxy's 404 page", { status: 404 }],
    ["JSON of another form", { status: 200, body: { hello: 1 } }],
  ])("that is something else (%s) leaves the run in the spool", async (_, fault) => {
    api.faults.request = () => fault;
    const result = await session().run([observing("us-east-1", instances(1))]);
    expect(result.state).toBe("spooled");
    expect(spooled("ready")).toEqual([`000000001-${result.run}`]);
  });

  test.each([
    ["POST", "runs"],
    ["PUT", "shards/0"],
    ["POST", "complete"],
  ])("whose answer to %s …/%s is lost is asked again, and the run counts once", async (method, end) => {
    let lost = false;
    api.faults.request = (request) => {
      if (lost || request.method !== method || !request.path.endsWith(end)) return undefined;
      lost = true;
      return "lose";
    };
    const result = await session().run([observing("us-east-1", instances(4))]);
    expect(lost).toBe(true);
    expect(result).toMatchObject({ delivered: true, state: "closed", totals: { created: 4, unchanged: 0 } });
    expect(await api.registered(EAST)).toHaveLength(4);
    expect(spooled("ready")).toEqual([]);
  });

  test("that had closed the run before its collector heard of it says so again, and nothing is sent twice", async () => {
    api.faults.request = (request) => (isComplete(request) ? "lose" : undefined);
    const result = await session().run([observing("us-east-1", instances(4))]);
    expect(result).toMatchObject({ state: "spooled", problem: { code: "api.unavailable" } });
    const before = uploads().length;
    api.faults.request = () => undefined;
    expect((await session().drain()).runs).toMatchObject([{ run: result.run, delivered: true, state: "unchanged" }]);
    expect(uploads().length).toBe(before);
    expect(api.delivered).toEqual([result.run]);
  });
});

describe("the end of a run", () => {
  test("by its caller's signal keeps what was finished, on disk, for the next delivery", async () => {
    const stop = new AbortController();
    const result = await session({ signal: stop.signal }).run([
      observing("us-east-1", instances(5)),
      async ({ recorder, signal }) => {
        const scope = recorder.start(instancesOf("us-west-2"));
        scope.add(anInstance(1, { region: "us-west-2" }));
        stop.abort();
        signal.throwIfAborted();
      },
    ]);
    expect(result).toMatchObject({ delivered: false, state: "spooled", problem: { code: "session.interrupted" } });
    expect(result.failures).toEqual([]);
    const drained = await session().drain();
    expect(drained.runs[0]?.scopes).toMatchObject([
      { region: "us-east-1", status: "complete", created: 5 },
      { region: "us-west-2", status: "failed", errors: [{ code: "interrupted" }] },
    ]);
  });

  test("by the deadline comes early enough to report, even when a collector hangs", async () => {
    const timers: { milliseconds: number; fire: () => void }[] = [];
    const delay: SessionOptions["delay"] = (milliseconds) =>
      new Promise((resolve) => timers.push({ milliseconds, fire: resolve }));
    const fire = (milliseconds: number) => timers.find((timer) => timer.milliseconds === milliseconds)?.fire();
    const deadline = new Date(NOW.getTime() + 900_000);
    const running = session({ deadline, delay }).run([
      observing("us-east-1", instances(5)),
      async ({ recorder, signal }) => {
        recorder.start(instancesOf("us-west-2"));
        signal.addEventListener("abort", () => fire(5000));
        queueMicrotask(() => fire(780_000));
        await new Promise(() => undefined);
      },
    ]);
    const result = await running;
    expect(result.state).toBe("closed");
    expect(result.scopes.map((scope) => [scope.region, scope.status])).toEqual([
      ["us-east-1", "complete"],
      ["us-west-2", "failed"],
    ]);
  });

  test("leaves nobody listening to the signals of what it was told to observe", async () => {
    const signals: AbortSignal[] = [];
    const listening: Observe = async (context) => {
      signals.push(context.signal);
      await observing("us-east-1", instances(3))(context);
    };
    await session().run([listening]);
    expect(signals.map((signal) => getEventListeners(signal, "abort"))).toEqual([[]]);
  });
});
