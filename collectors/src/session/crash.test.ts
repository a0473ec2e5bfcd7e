import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeyFile, readKeyFile } from "../keys.ts";
import { createSession, type SessionOptions } from "./session.ts";
import { aWorkplace, instances, NOW, observing, sessionOptions, type Workplace } from "./testing/builders.ts";
import { type ReferenceApi, startReferenceApi } from "./testing/reference-api.ts";

let api: ReferenceApi;
let workplace: Workplace;
let keyFile: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  workplace = aWorkplace();
  keyFile = join(workplace.spoolDirectory, "key.pem");
  api = await startReferenceApi(createKeyFile(keyFile, "ed25519"), () => NOW);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await api.close();
  workplace.remove();
});

function collectorIn(point: string): ChildProcess {
  const script = join(import.meta.dirname, "testing", "child.ts");
  const child = spawn(process.execPath, [script, api.url, workplace.spoolDirectory, keyFile, point], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

const session = (more: Partial<SessionOptions> = {}) =>
  createSession({ ...sessionOptions(workplace, api.url, readKeyFile(keyFile)), ...more });
const spooled = (state: string) => readdirSync(join(workplace.spoolDirectory, state));
const registered = () => [...api.scopes.values()].reduce((sum, scope) => sum + scope.resources.size, 0);

describe("kill -9", () => {
  test.each(["run-spooled", "run-opened", "uploading", "run-completed"])(
    "of a collector at %s loses nothing of a closed run",
    async (point) => {
      const [, signal] = await once(collectorIn(point), "exit");
      expect(signal).toBe("SIGKILL");
      expect(spooled("ready").length).toBe(1);
      const drained = await session().drain();
      const state = point === "run-completed" ? "unchanged" : "closed";
      expect(drained).toMatchObject({ waiting: 0, runs: [{ delivered: true, state }] });
      expect(registered()).toBe(1000);
      expect(api.delivered.length).toBe(1);
      expect(spooled("ready")).toEqual([]);
      expect((await session().drain()).runs).toEqual([]);
    },
  );

  test.each(["observing", "scope-finished"])(
    "of a collector at %s discards the run, which was never complete",
    async (point) => {
      await once(collectorIn(point), "exit");
      expect(spooled("observing").length).toBe(1);
      expect(await session().drain()).toEqual({ runs: [], waiting: 0 });
      expect(spooled("observing")).toEqual([]);
      expect(spooled("ready")).toEqual([]);
      expect(api.seen).toEqual([]);
    },
  );
});

describe("two processes on one spool", () => {
  test("do not discard each other's runs while they observe", async () => {
    const child = collectorIn("hang");
    await once(child.stdout as NonNullable<typeof child.stdout>, "data");
    const result = await session().run([observing("eu-west-1", instances(3, "eu-west-1"))]);
    expect(result.state).toBe("closed");
    expect(spooled("observing").length).toBe(1);
    child.kill("SIGKILL");
    await once(child, "exit");
    await session().drain();
    expect(spooled("observing")).toEqual([]);
  });

  test("deliver each run once, by one of them", async () => {
    const down: SessionOptions["fetch"] = () => Promise.reject(new TypeError("fetch failed"));
    for (let run = 0; run < 5; run++)
      await session({ fetch: down }).run([observing("us-east-1", instances(100 + run))]);
    const turn: SessionOptions["delay"] = () => new Promise((resolve) => setImmediate(resolve));
    const drains = await Promise.all([session({ delay: turn }).drain(), session({ delay: turn }).drain()]);
    expect(drains.flatMap((drain) => drain.runs).length).toBe(5);
    expect(api.delivered.length).toBe(5);
    expect(api.delivered).toEqual([...api.delivered].sort());
  });

  test("leave a run in the spool when the other delivers without end", async () => {
    let entered = () => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    let leave = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const slow: typeof fetch = async (url, init) => {
      entered();
      await left;
      return fetch(url, init);
    };
    const first = session({ fetch: slow }).run([observing("us-east-1", instances(3))]);
    await inside;
    const second = await session().run([observing("us-east-1", instances(4))]);
    expect(second).toMatchObject({ state: "spooled", problem: { code: "spool.busy" } });
    leave();
    expect((await first).totals.created).toBe(3);
  });
});

describe("a damaged run", () => {
  test("is put aside, said loudly, and does not stop the ones behind it", async () => {
    const down: SessionOptions["fetch"] = () => Promise.reject(new TypeError("fetch failed"));
    const damaged = await session({ fetch: down }).run([observing("us-east-1", instances(3))]);
    truncateSync(join(workplace.spoolDirectory, "ready", damaged.run, "run.json"), 10);
    const next = await session().run([observing("us-east-1", instances(3))]);
    expect(next.state).toBe("closed");
    expect(spooled("rejected")).toEqual([damaged.run]);
    expect(workplace.logged).toContainEqual(expect.objectContaining({ level: "error", run: damaged.run }));
  });
});
