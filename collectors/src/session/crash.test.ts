import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeyFile, readKeyFile } from "../keys.ts";
import { RECORD_BYTES } from "./entry-table.ts";
import { tryLock } from "./lock.ts";
import { runIn } from "./order.ts";
import { createSession, type SessionOptions } from "./session.ts";
import { openSpool } from "./spool.ts";
import { startApi, type TestApi } from "./testing/api.ts";
import {
  aWorkplace,
  instances,
  instancesOf,
  NOW,
  observing,
  sessionOptions,
  type Workplace,
} from "./testing/builders.ts";
import { KEPT_RUNS } from "./thin.ts";

let api: TestApi;
let workplace: Workplace;
let keyFile: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  workplace = aWorkplace();
  keyFile = join(workplace.spoolDirectory, "key.pem");
  api = await startApi({ now: () => NOW, key: createKeyFile(keyFile, "ed25519") });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await api.end();
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

describe("kill -9", () => {
  test.each(["run-spooled", "run-opened", "uploading", "run-completed"])(
    "of a collector at %s loses nothing of a closed run",
    async (point) => {
      const [, signal] = await once(collectorIn(point), "exit");
      expect(signal).toBe("SIGKILL");
      expect(spooled("ready").length).toBe(1);
      const drained = await session().drain();
      expect(drained).toMatchObject({ waiting: 0, runs: [{ delivered: true }] });
      expect(await api.registered()).toHaveLength(400);
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

/** Another process that closes a run in the moment in which ours is about to: it has the order, and our run is complete on disk. */
const OTHER = `
const [lockFile, directory] = process.argv.slice(1);
const { existsSync, mkdirSync, readdirSync } = await import("node:fs");
const { tryLock } = await import(lockFile);
const lock = tryLock(directory + "/order.lock");
console.log("locked");
const isComplete = (run) => existsSync(directory + "/observing/" + run + "/run.json");
const timer = setInterval(() => {
  if (!readdirSync(directory + "/observing").some(isComplete)) return;
  clearInterval(timer);
  // As long as it takes to close a run; ours must wait for it.
  setTimeout(() => {
    mkdirSync(directory + "/ready/000000007-run_other");
    lock.release();
  }, 300);
}, 1);
`;

describe("the order of runs that wait", () => {
  const down: SessionOptions["fetch"] = () => Promise.reject(new TypeError("fetch failed"));

  const openAt = () => openSpool(workplace.spoolDirectory, () => undefined);
  /** A closed run of this name; names go by the clock of the process that made them. */
  function closed(run: string): void {
    const files = openAt().begin(run);
    files.close({ version: 1, run, startedAt: NOW.toISOString(), collectorVersion: "test", scopes: [] });
  }

  test("is that in which they were closed, whatever their clocks said", () => {
    for (const run of ["run_C", "run_A", "run_B"]) closed(run);
    expect(openAt().waiting()).toEqual(["000000001-run_C", "000000002-run_A", "000000003-run_B"]);
    openAt().finish("000000001-run_C");
    closed("run_0");
    expect(openAt().waiting()).toEqual(["000000002-run_A", "000000003-run_B", "000000004-run_0"]);
  });

  test("is kept through a refusal that somebody mends: what is moved back goes before what was closed after it", () => {
    closed("run_B");
    openAt().reject("000000001-run_B", {});
    closed("run_A");
    const [rejected, ready] = ["rejected", "ready"].map((state) => join(workplace.spoolDirectory, state));
    renameSync(join(rejected as string, "000000001-run_B"), join(ready as string, "000000001-run_B"));
    expect(openAt().waiting()).toEqual(["000000001-run_B", "000000002-run_A"]);
  });

  test("counts what another process closed in the same moment", async () => {
    const script = ["--input-type=module", "-e", OTHER, join(import.meta.dirname, "lock.ts"), workplace.spoolDirectory];
    await session().drain();
    const child = spawn(process.execPath, script, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout as NonNullable<typeof child.stdout>, "data");
    const { run } = await session({ fetch: down }).run([observing("us-east-1", instances(3))]);
    expect(spooled("rejected")).toEqual(["000000007-run_other"]);
    expect(spooled("ready")).toEqual([`000000008-${run}`]);
  });

  test("bears a folder that was renamed, which goes first, and files that are none of ours", async () => {
    const one = await session({ fetch: down }).run([observing("us-east-1", instances(9))]);
    const other = await session({ fetch: down }).run([observing("us-east-1", instances(8))]);
    const ready = join(workplace.spoolDirectory, "ready");
    renameSync(join(ready, `000000002-${other.run}`), join(ready, "kept for Ana"));
    writeFileSync(join(ready, ".DS_Store"), "");
    const drained = await session().drain();
    expect(drained).toMatchObject({ waiting: 0, runs: [{ run: other.run }, { run: one.run, delivered: true }] });
    expect(spooled("ready")).toEqual([".DS_Store"]);
  });
});

describe("a damaged run", () => {
  const down: SessionOptions["fetch"] = () => Promise.reject(new TypeError("fetch failed"));
  const edit = (file: string, change: (bytes: Buffer) => Uint8Array) => (folder: string) =>
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file))));
  const cut = (file: string, bytes: number) => edit(file, (all) => all.subarray(0, bytes));
  const folderInstead = (file: string) => (folder: string) => {
    rmSync(join(folder, file));
    mkdirSync(join(folder, file));
  };
  /** A byte of the first record of the index, from its end: the last four are a length, the six before an offset. */
  const highBit = (fromEnd: number) =>
    edit("index.bin", (all) => {
      const changed = Buffer.from(all);
      const at = RECORD_BYTES - fromEnd;
      changed.writeUInt8((changed[at] ?? 0) ^ 0x7f, at);
      return changed;
    });

  test.each<[string, (folder: string) => void]>([
    ["run.json cut", cut("run.json", 10)],
    ["run.json empty", cut("run.json", 0)],
    ["run.json of another form", edit("run.json", () => Buffer.from("null"))],
    [
      "run.json that says more than there is",
      edit("run.json", (all) => Buffer.from(all.toString().replace('"resources":3', '"resources":9'))),
    ],
    ["run.json missing", (folder) => rmSync(join(folder, "run.json"))],
    ["run.json a folder", folderInstead("run.json")],
    ["index.bin empty", cut("index.bin", 0)],
    ["index.bin cut", cut("index.bin", RECORD_BYTES + 5)],
    ["index.bin missing", (folder) => rmSync(join(folder, "index.bin"))],
    ["index.bin a folder", folderInstead("index.bin")],
    ["an offset far behind the end", highBit(10)],
    ["a length beyond any resource", highBit(4)],
    [
      "a length beyond any resource, in a file that has as much",
      (folder) => {
        highBit(3)(folder);
        truncateSync(join(folder, "resources.ndjson"), 2 ** 24);
      },
    ],
    ["resources.ndjson empty", cut("resources.ndjson", 0)],
    ["resources.ndjson cut", edit("resources.ndjson", (all) => all.subarray(0, -5))],
    ["resources.ndjson of garbage", edit("resources.ndjson", (all) => all.fill("x"))],
    ["resources.ndjson missing", (folder) => rmSync(join(folder, "resources.ndjson"))],
    ["resources.ndjson a folder", folderInstead("resources.ndjson")],
    [
      "nothing in it",
      (folder) => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
      },
    ],
    [
      "a folder where the reason goes",
      (folder) => {
        mkdirSync(join(folder, "problem.json"));
        rmSync(join(folder, "index.bin"));
      },
    ],
  ])("(%s) is put aside, said loudly, and does not stop the ones behind it", async (_, damage) => {
    const damaged = await session({ fetch: down }).run([observing("us-east-1", instances(3))]);
    const folder = `000000001-${damaged.run}`;
    damage(join(workplace.spoolDirectory, "ready", folder));
    const next = await session().run([observing("us-east-1", instances(4))]);
    expect(next).toMatchObject({ state: "closed", delivered: true });
    expect(spooled("ready")).toEqual([]);
    expect(spooled("rejected")).toEqual([folder]);
    expect(workplace.logged).toContainEqual(expect.objectContaining({ level: "error", run: damaged.run }));
  });

  test("sends nothing of what it has, and is kept with the reason beside it", async () => {
    const { run } = await session({ fetch: down }).run([observing("us-east-1", instances(3))]);
    const folder = `000000001-${run}`;
    cut("resources.ndjson", 9)(join(workplace.spoolDirectory, "ready", folder));
    await session().drain();
    expect(api.seen).toEqual([]);
    const problem = readFileSync(join(workplace.spoolDirectory, "rejected", folder, "problem.json"), "utf8");
    expect(JSON.parse(problem)).toEqual({
      code: "spool.unreadable",
      message: expect.stringContaining("resources.ndjson"),
    });
  });

  test("is put aside also where a file has its name there", async () => {
    const { run } = await session({ fetch: down }).run([observing("us-east-1", instances(3))]);
    const folder = `000000001-${run}`;
    cut("index.bin", 0)(join(workplace.spoolDirectory, "ready", folder));
    writeFileSync(join(workplace.spoolDirectory, "rejected", folder), "");
    expect(await session().run([observing("us-east-1", instances(3))])).toMatchObject({ delivered: true });
    expect(spooled("rejected").sort()).toEqual([folder, `000000002-${run}`]);
  });
});

describe("a spool that somebody was in", () => {
  const down: SessionOptions["fetch"] = () => Promise.reject(new TypeError("fetch failed"));
  const lock = (name: string) => join(workplace.spoolDirectory, name);

  test.each(["delivery.lock", "order.lock"])("with anything written into %s works as before", async (name) => {
    await session().drain();
    writeFileSync(lock(name), "not a lock\n".repeat(500));
    expect(await session().run([observing("us-east-1", instances(3))])).toMatchObject({ delivered: true });
    const other = tryLock(lock(name));
    expect(tryLock(lock(name))).toBeUndefined();
    other?.release();
  });

  test("with a refused run that was copied back, and is refused again, keeps both", async () => {
    const { run } = await session({ fetch: down }).run([observing("us-east-1", instances(3))]);
    const folder = `000000001-${run}`;
    const [ready, rejected] = ["ready", "rejected"].map((state) => join(workplace.spoolDirectory, state, folder));
    cpSync(ready as string, rejected as string, { recursive: true });
    truncateSync(join(ready as string, "run.json"), 10);
    const next = await session().run([observing("us-east-1", instances(3))]);
    expect(next.state).toBe("closed");
    expect(spooled("rejected").sort()).toEqual([folder, `000000002-${run}`]);
  });
});

describe("runs that wait for long", () => {
  const down: SessionOptions["fetch"] = () => Promise.reject(new TypeError("fetch failed"));
  const look = (region: string, count: number) =>
    session({ fetch: down }).run([observing(region, [...instances(count, region)])]);

  test("are thinned to the newest few over the same scopes, with a line in the log, and the last look counts", async () => {
    const east: string[] = [];
    for (let count = 1; count <= KEPT_RUNS + 2; count++) east.push((await look("us-east-1", count)).run);
    const west = await look("us-west-2", 1);
    expect(spooled("ready").map(runIn)).toEqual([...east.slice(2), west.run]);
    expect(workplace.logged.filter(({ message }) => message.startsWith("runs that waited were dropped"))).toMatchObject(
      [
        { level: "warn", runs: [east[0]] },
        { level: "warn", runs: [east[1]] },
      ],
    );
    await session().drain();
    expect(await api.registered(instancesOf("us-east-1"))).toHaveLength(KEPT_RUNS + 2);
  });

  test("are not touched while another process delivers", async () => {
    for (let count = 1; count <= KEPT_RUNS; count++) await look("us-east-1", count);
    const lock = openSpool(workplace.spoolDirectory, () => undefined).tryDelivery();
    await look("us-east-1", KEPT_RUNS + 1);
    expect(spooled("ready")).toHaveLength(KEPT_RUNS + 1);
    lock?.release();
  });

  test("are whole or gone when the process dies while they are thinned", async () => {
    for (let count = 1; count <= KEPT_RUNS; count++) await look("us-east-1", count);
    const spool = openSpool(workplace.spoolDirectory, () => undefined);
    const [oldest = ""] = spool.waiting();
    // As a death between the rename and the deletion leaves it.
    renameSync(spool.pathOf(oldest), join(workplace.spoolDirectory, "done", oldest));
    await session().drain();
    expect(spooled("done")).toEqual([]);
    expect(api.delivered).toHaveLength(KEPT_RUNS - 1);
  });
});
