import { newIp } from "@cadastre/contract/addresses/ip";
import { getImport } from "@cadastre/core/addresses/imports/imports";
import { importAddresses } from "@cadastre/core/addresses/imports/job";
import { aTag, importFile, plannedIn, problemsOf } from "@cadastre/core/addresses/imports/testing";
import { whileHalted } from "@cadastre/core/addresses/spaces/gate";
import { AddressTagItem } from "@cadastre/core/addresses/tags/items";
import { aSpace } from "@cadastre/core/addresses/testing";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { spacePartition, WindowItem } from "@cadastre/core/addresses/tree/items";
import { listIps } from "@cadastre/core/addresses/tree/list";
import { queryAll } from "@cadastre/core/addresses/tree/query-all";
import { replaceIp } from "@cadastre/core/addresses/tree/replace-ip";
import { aContext, anActorOf, auditRecords } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_HOLD_POLICY, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { cancelJob } from "@cadastre/core/jobs/cancel";
import { remove } from "@cadastre/store/table";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { crashAt } from "../support/crashing-table.ts";
import { runJobs } from "../support/run-jobs.ts";

const ACTOR = anActorOf("service-account", "sva_1");
const JOBS = [importAddresses];

/** Prefixes of several levels, in an order that has nothing to do with them: of 28 hosts in each subnet 93. */
function aFile(hosts = 28): string {
  const rows = ["2001:db8::/32,six,", "10.0.0.0/8,ten,env=prod", "192.0.2.1/32,one,"];
  for (let net = 0; net < 3; net++) {
    for (let host = 1; host <= hosts; host++) rows.push(`10.${net}.0.${host}/32,host ${host},`);
    rows.push(`10.${net}.0.0/24,subnet,env=test`, `10.${net}.0.0/16,net ${net},`);
  }
  return `prefix,name,tags\n${rows.join("\n")}\n`;
}

/** Does again what others were faster at every time. */
async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== "request.conflict") throw error;
    }
  }
}

/** All that a tree is, but for ids and times. */
async function treeOf(context: Context, space: string) {
  const items = await plannedIn(context, space);
  const windows = await queryAll(context.table, WindowItem, {
    partition: spacePartition(space),
    sort: { beginsWith: "window#" },
    consistent: true,
  });
  return {
    prefixes: items.map(({ prefix, name, tags, status, revision }) => ({ prefix, name, tags, status, revision })),
    windows: windows.map(({ version: _, space: __, ...window }) => window),
  };
}

interface Opened {
  readonly context: Context;
  readonly advance: (seconds: number) => void;
  readonly close: () => Promise<void>;
}

const DRIVERS: Record<string, () => Promise<Opened>> = {
  SQLite: async () => {
    const context = aContext();
    return { context, advance: context.advance, close: () => context.table.close() };
  },
  DynamoDB: async () => {
    const { table, clock, close } = await openDynamo();
    return {
      context: {
        table,
        organization: FIRST_ORGANIZATION,
        now: clock.now,
        holdPolicy: DEFAULT_HOLD_POLICY,
        retentionDays: 400,
      },
      advance: clock.advance,
      close,
    };
  },
};

describe.each(Object.keys(DRIVERS))("an import over %s", (driver) => {
  let opened: Opened;
  let context: Context;
  beforeEach(async () => {
    opened = await (DRIVERS[driver] as () => Promise<Opened>)();
    context = opened.context;
  });
  afterEach(() => opened.close());

  const aNewSpace = async (): Promise<string> => {
    const space = await aSpace(context);
    await aTag(context, space, "env");
    return space;
  };
  /** A table that does something before the n-th commit of prefixes that are imported; of the run it is told the id. */
  const beforeWriting = (at: number, act: (job: string) => Promise<void>): Context["table"] => {
    let count = 0;
    return {
      ...context.table,
      commit: async (writes) => {
        const isImport = writes.some(
          (one) => one.op === "create" && "source" in one.item && one.item.source === "imported",
        );
        const [guard] = writes;
        if (isImport && ++count === at && guard?.op === "check") await act((guard.key as { id: string }).id);
        return context.table.commit(writes);
      },
    };
  };
  const plan = (space: string, prefix: string, more: object = {}) =>
    createIp(context, ACTOR, space, newIp.parse({ prefix, ...more }));

  it("that is killed at any of its writes ends as one that was not", async () => {
    const whole = await aNewSpace();
    const counting = crashAt(context.table, Number.POSITIVE_INFINITY);
    const { counts } = await importFile({ ...context, table: counting }, whole, aFile());
    expect(counts.create).toBe(93);
    const tree = await treeOf(context, whole);
    const writes = counting.writes();
    expect(writes).toBeGreaterThan(10);
    // What the other driver takes ten times as long for, it need not show at each write again.
    for (let at = 1; at <= writes; at += driver === "SQLite" ? 1 : 9) {
      const space = await aNewSpace();
      const before = (await auditRecords(context)).length;
      const table = crashAt(context.table, at);
      await importFile({ ...context, table }, space, aFile()).catch(() => undefined);
      opened.advance(200);
      await runJobs(context, JOBS);
      const records = (await auditRecords(context)).slice(before).map(({ action }) => action);
      // The first two are of bytes and of the request's own commit: then nothing has begun.
      if (at <= 2) expect(records, `at ${at}`).toEqual([]);
      else {
        expect(await treeOf(context, space), `at ${at}`).toEqual(tree);
        expect(records, `at ${at}`).toEqual(["space-import.create", "job.end"]);
      }
    }
  });

  it("that a plan of another makes impossible is taken back, and nothing else is", async () => {
    const space = await aNewSpace();
    await plan(space, "10.1.0.0/16", { name: "old", tags: { env: "test" } });
    const tree = await treeOf(context, space);
    // Between its verdict and its last commit another takes a prefix that it is about, and changes one that it has made.
    const table = beforeWriting(2, async () => {
      await plan(space, "192.0.2.1/32", { name: "faster" });
      const { items } = await listIps(context, space, { prefix: "10.0.0.0/8" }, { limit: 1 });
      const said = newIp.parse({ prefix: "10.0.0.0/8", name: "mine" });
      await replaceIp(context, ACTOR, space, items[0]?.id ?? "", said, {});
    });
    const file = aFile(8).replace("10.1.0.0/16,net 1,\n", "");
    const undone = await importFile({ ...context, table }, space, file);
    expect(undone).toMatchObject({ state: "undone", problems: 2 });
    expect(await problemsOf(context, space, undone.id)).toEqual([
      "3 prefix 10.0.0.0/8: was made or changed by this import and changed by others since: it stays as it is",
      "4 prefix 192.0.2.1/32: is planned already",
    ]);
    const after = await treeOf(context, space);
    expect(after.prefixes).toEqual([
      { prefix: "10.0.0.0/8", name: "mine", tags: {}, status: "active", revision: 2 },
      ...tree.prefixes,
      { prefix: "192.0.2.1/32", name: "faster", tags: {}, status: "active", revision: 1 },
    ]);
    const planned = after.windows
      .filter((one) => one.planned !== "")
      .map(({ parent, first }) => `${parent} ${first.slice(-8)}`);
    expect(planned).toEqual(["10.0.0.0/8 0a000000", "4 00000000", "4 c0000000"]);
  });

  it("whose tags go at that moment is taken back, with what it changed as it was", async () => {
    const space = await aNewSpace();
    await plan(space, "10.0.0.0/16", { name: "old" });
    const table = beforeWriting(2, async () => {
      await whileHalted(context, space, ({ turn }) =>
        context.table.commit([remove(AddressTagItem, { space, name: "env" }), ...turn]),
      );
    });
    const file = aFile(8).replace(",env=prod", ",");
    const undone = await importFile({ ...context, table }, space, file, { duplicates: "update" });
    expect(undone).toMatchObject({ state: "undone", problems: 1 });
    expect((await treeOf(context, space)).prefixes).toEqual([
      { prefix: "10.0.0.0/16", name: "old", tags: {}, status: "active", revision: 3 },
    ]);
  });

  it("whose run has ended writes nothing more, however late its runner wakes", async () => {
    const space = await aNewSpace();
    let left = 0;
    const table = beforeWriting(2, async (job) => {
      // Its runner is paused for longer than its lease; meanwhile somebody cancels the run, and another runner ends it.
      await cancelJob(context, ACTOR, job);
      opened.advance(200);
      await runJobs(context, JOBS);
      left = (await plannedIn(context, space)).length;
    });
    const late = await importFile({ ...context, table }, space, aFile(8));
    expect(late.state).toBe("cancelled");
    expect(left).toBeGreaterThan(0);
    expect(await plannedIn(context, space)).toHaveLength(left);
  });

  it("meets others who plan in the same place: all of both is there, each in its parent", async () => {
    const space = await aNewSpace();
    const others = Array.from({ length: 12 }, (_, n) => `10.${n % 4}.0.${192 + n}/32`);
    const planAll = async () => {
      for (const prefix of [...others.slice(0, 6), "10.0.0.0/12", ...others.slice(6)])
        await patiently(() => plan(space, prefix));
    };
    const [done] = await Promise.all([importFile(context, space, aFile()), planAll()]);
    expect(done).toMatchObject({ state: "done", counts: { create: 93 } });
    const mixed = await treeOf(context, space);
    const alone = await aNewSpace();
    for (const prefix of [...others, "10.0.0.0/12"]) await plan(alone, prefix);
    await importFile(context, alone, aFile());
    const key = ({ parent, first, planned }: (typeof mixed.windows)[number]) => `${parent} ${first} ${planned}`;
    expect(mixed.prefixes).toEqual((await treeOf(context, alone)).prefixes);
    const said = (windows: typeof mixed.windows) => windows.filter(({ planned }) => planned !== "").map(key);
    expect(said(mixed.windows)).toEqual(said((await treeOf(context, alone)).windows));
  });

  // One driver is enough for what takes so long.
  if (driver === "SQLite")
    it("that is cancelled leaves whole steps, and says what was done", async () => {
      const space = await aNewSpace();
      // More than a step writes.
      const rows = Array.from({ length: 1500 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
      const table = beforeWriting(3, (job) => cancelJob(context, ACTOR, job));
      const cancelled = await importFile({ ...context, table }, space, `prefix\n${rows.join("\n")}\n`);
      expect(cancelled).toMatchObject({ state: "cancelled", counts: { create: 1000 } });
      expect(await plannedIn(context, space)).toHaveLength(1000);
      expect((await getImport(context, space, cancelled.id)).state).toBe("cancelled");
    });
});
