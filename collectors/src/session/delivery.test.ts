import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { shardCountFor } from "@cadastre/contract/digest";
import { scopeName } from "@cadastre/contract/scope";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSession, type SessionOptions } from "./session.ts";
import {
  aKey,
  anInstance,
  aWorkplace,
  instances,
  instancesOf,
  NOW,
  observing,
  sessionOptions,
  type Workplace,
} from "./testing/builders.ts";
import { type ReferenceApi, startReferenceApi } from "./testing/reference-api.ts";

const key = aKey();
const EAST = scopeName(instancesOf("us-east-1"));
let api: ReferenceApi;
let workplace: Workplace;

beforeEach(async () => {
  api = await startReferenceApi(key.publicKey, () => NOW);
  workplace = aWorkplace();
});
afterEach(async () => {
  await api.close();
  workplace.remove();
});

const session = (more: Partial<SessionOptions> = {}) =>
  createSession({ ...sessionOptions(workplace, api.url, key.signer), ...more });
const spooled = (state: string) => readdirSync(join(workplace.spoolDirectory, state));
const uploads = () => api.seen.filter((request) => request.method === "PUT");

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
    expect(api.scopes.get(EAST)?.resources.size).toBe(300);
    expect(spooled("ready")).toEqual([]);
    expect(spooled("done")).toEqual([]);
    expect(result.bytesSent).toBe(api.seen.reduce((sum, request) => sum + request.bytes, 0));
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
    await session().run([observing("us-east-1", instances(2000))]);
    const before = uploads().length;
    expect(before).toBe(shardCountFor(2000));
    const changed = [...instances(2000)].with(1234, anInstance(1234, { state: "stopped" }));
    const result = await session().run([observing("us-east-1", changed)]);
    expect(uploads().length - before).toBe(1);
    expect(result.totals).toEqual({ resources: 2000, created: 0, updated: 1, unchanged: 1999, retired: 0 });
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
    await session({ fetch: counting, uploadConcurrency: 3 }).run([observing("us-east-1", instances(3000))]);
    expect(most).toBe(3);
  });

  test("is cut into the number of shards that the API asks for", async () => {
    api.shardCounts.set(EAST, 4);
    const result = await session().run([observing("us-east-1", instances(1000))]);
    expect(result.state).toBe("closed");
    expect(uploads().length).toBe(4);
    expect(api.scopes.get(EAST)?.resources.size).toBe(1000);
  });

  test("is cut into more shards than its number asks for when they would be over the limit of an upload", async () => {
    const tags = Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`tag-${at}`, "x".repeat(1000)]));
    const heavy = Array.from({ length: 60 }, (_, number) => anInstance(number, { tags }));
    const result = await session().run([observing("us-east-1", heavy)]);
    expect(result.state).toBe("closed");
    expect(shardCountFor(60)).toBe(1);
    expect(api.scopes.get(EAST)?.shards.length).toBeGreaterThanOrEqual(2);
    expect(api.scopes.get(EAST)?.resources.size).toBe(60);
  });

  test("sends lost shards again and completes", async () => {
    api.lose.add(`${EAST}#3`).add(`${EAST}#5`);
    const result = await session().run([observing("us-east-1", instances(1000))]);
    expect(result.totals.created).toBe(1000);
    expect(uploads().length).toBe(shardCountFor(1000) + 2);
  });

  test("waits in the spool when shards go missing every time, and retires nothing", async () => {
    api.fault = ({ path }) =>
      path.endsWith("/complete")
        ? { status: 409, body: { code: "discovery.shards_missing", missing: [{ scope: EAST, shards: [0] }] } }
        : undefined;
    const result = await session().run([observing("us-east-1", instances(10))]);
    expect(result).toMatchObject({ delivered: false, state: "spooled", problem: { code: "discovery.shards_missing" } });
    expect(spooled("ready")).toEqual([result.run]);
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
    api.fault = () => {
      requests += 1;
      if (requests === 1) return { status: 500 };
      if (requests === 2) return "drop";
      return undefined;
    };
    const result = await session().run([observing("us-east-1", instances(3))]);
    expect(result.state).toBe("closed");
    expect(workplace.waits).toEqual([375, 750]);
    expect(new Set(api.nonces).size).toBe(api.nonces.length);
  });

  test("is given the time that its Retry-After asks for", async () => {
    let requests = 0;
    api.fault = () => (++requests === 1 ? { status: 429, headers: { "retry-after": "17" } } : undefined);
    expect((await session().run([observing("us-east-1", instances(3))])).state).toBe("closed");
    expect(workplace.waits).toEqual([17_000]);
  });

  test("that is down for a whole run gets it later, oldest first, before a new run", async () => {
    const down: SessionOptions["fetch"] = () => Promise.reject(new TypeError("fetch failed"));
    const first = await session({ fetch: down }).run([observing("us-east-1", instances(10))]);
    const second = await session({ fetch: down }).run([observing("us-east-1", instances(11))]);
    expect(first).toMatchObject({ delivered: false, state: "spooled", problem: { code: "api.unavailable" } });
    expect(second.earlier.map((result) => result.run)).toEqual([first.run]);
    const third = await session().run([observing("us-east-1", instances(9))]);
    expect(api.delivered).toEqual([first.run, second.run, third.run]);
    expect(third.earlier.map((result) => result.totals.created)).toEqual([10, 1]);
    expect(third.totals).toMatchObject({ unchanged: 9, retired: 2 });
    expect(spooled("ready")).toEqual([]);
  });

  test("that refuses connections is drained to when it is back", async () => {
    const { port } = new URL(api.url);
    await api.close();
    const result = await session().run([observing("us-east-1", instances(10))]);
    expect(result.problem?.message).toMatch(/ECONNREFUSED.*given up after 5 attempts/);
    api = await startReferenceApi(key.publicKey, () => NOW, Number(port));
    const drained = await session().drain();
    expect(drained).toMatchObject({
      waiting: 0,
      runs: [{ run: result.run, state: "closed", totals: { created: 10 } }],
    });
  });

  test("that rejects a run for good has it put aside with the reason, said loudly, and gets the next one", async () => {
    api.fault = ({ method }) =>
      method === "PUT" ? { status: 422, body: { code: "request.invalid", detail: "resources[0]" } } : undefined;
    const rejected = await session().run([observing("us-east-1", instances(10))]);
    expect(rejected).toMatchObject({
      state: "rejected",
      delivered: false,
      problem: { code: "request.invalid", status: 422 },
    });
    expect(workplace.waits).toEqual([]);
    expect(workplace.logged.filter((line) => line.level === "error")).toMatchObject([{ run: rejected.run }]);
    const problem = readFileSync(join(workplace.spoolDirectory, "rejected", rejected.run, "problem.json"), "utf8");
    expect(JSON.parse(problem)).toMatchObject({ code: "request.invalid" });
    api.fault = () => undefined;
    const next = await session().run([observing("us-east-1", instances(10))]);
    expect(next).toMatchObject({ state: "closed", earlier: [] });
  });

  test.each([
    [401, "signature.unknown_key"],
    [403, "collector.pending"],
  ])("that answers %i %s stops the run at once, and the run waits for the approval", async (status, code) => {
    api.fault = () => ({ status, body: { code, detail: "not yet" } });
    const result = await session().run([observing("us-east-1", instances(10))]);
    expect(result).toMatchObject({ delivered: false, state: "spooled", problem: { code, status } });
    expect(api.seen.length).toBe(1);
    api.fault = () => undefined;
    expect((await session().drain()).runs).toMatchObject([{ run: result.run, state: "closed" }]);
  });

  test("that says the account is foreign has the run put aside", async () => {
    api.fault = () => ({ status: 403, body: { code: "collector.foreign_account" } });
    expect((await session().run([observing("us-east-1", instances(1))])).state).toBe("rejected");
  });

  test.each([
    ["a proxy's 404 page", { status: 404 }],
    ["JSON of another form", { status: 200, body: { hello: 1 } }],
  ])("that is something else (%s) leaves the run in the spool", async (_, fault) => {
    api.fault = () => fault;
    const result = await session().run([observing("us-east-1", instances(1))]);
    expect(result.state).toBe("spooled");
    expect(spooled("ready")).toEqual([result.run]);
  });

  test("that had closed the run, its answer lost, is not asked twice", async () => {
    let lost = false;
    const losing: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      if (lost || new URL(url as string).pathname.endsWith("/complete") === false) return response;
      lost = true;
      throw new TypeError("fetch failed");
    };
    const result = await session({ fetch: losing }).run([observing("us-east-1", instances(4))]);
    expect(lost).toBe(true);
    expect(result).toMatchObject({ delivered: true, state: "closed" });
    expect(spooled("ready")).toEqual([]);
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
});
