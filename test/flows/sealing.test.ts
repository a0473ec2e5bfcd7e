import { verifyExport } from "@cadastre/contract/audit/verify-export";
import { commitRecorded } from "@cadastre/core/audit/commit-recorded";
import { AUDIT_OPEN_PARTITIONS, AuditOpenItem } from "@cadastre/core/audit/items";
import { listAudit } from "@cadastre/core/audit/list";
import { aContext, anActor } from "@cadastre/core/audit/testing";
import { type Context, DEFAULT_HOLD_POLICY, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { runDueJobs } from "@cadastre/core/jobs/run-due";
import { runJob } from "@cadastre/core/jobs/start";
import { listCheckpoints } from "@cadastre/core/seals/checkpoints";
import { auditRetention } from "@cadastre/core/seals/retain";
import { auditSeal } from "@cadastre/core/seals/seal";
import { aSealing, exportLines } from "@cadastre/core/seals/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { crashAt } from "../support/crashing-table.ts";
import { inTurns } from "../support/in-turns.ts";

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
    const context = {
      table,
      organization: FIRST_ORGANIZATION,
      now: clock.now,
      holdPolicy: DEFAULT_HOLD_POLICY,
      retentionDays: 400,
    };
    return { context, advance: clock.advance, close };
  },
};

const LEASE_OVER = 3 * auditSeal.leaseSeconds;

describe.each(Object.keys(DRIVERS))("the audit log over %s", (driver) => {
  let opened: Opened;
  const sealing = aSealing();
  const run = (context: Context) =>
    runDueJobs({ ...context, sealing }, [auditSeal], { until: new Date(context.now().getTime() + 600_000) });
  const write = (context: Context, target: string) =>
    commitRecorded(context, anActor, [], { action: "account.create", target });

  beforeEach(async () => {
    opened = await (DRIVERS[driver] as () => Promise<Opened>)();
    sealing.copies.length = 0;
  });
  afterEach(() => opened.close());

  async function expectWhole(context: Context, records: number): Promise<void> {
    async function* lines() {
      yield* await exportLines(context);
    }
    expect(await verifyExport(lines(), { keys: [sealing.publicKey] })).toMatchObject({
      holds: true,
      records,
      unsealed: 0,
    });
    const pages = await Promise.all(
      AUDIT_OPEN_PARTITIONS.map((partition) => context.table.query(AuditOpenItem, { partition, consistent: true })),
    );
    expect(pages.flatMap(({ items }) => items)).toEqual([]);
    const { items } = await listCheckpoints(context, { limit: 200, order: "oldest" });
    expect(sealing.copies.map(({ sequence }) => sequence).filter((one, at, all) => all.indexOf(one) === at)).toEqual(
      items.map(({ sequence }) => sequence),
    );
  }

  it("is one whole chain whatever write a sealer dies at, and whoever comes after it", async () => {
    const { context, advance } = opened;
    let records = 0;
    await run(context);
    for (let at = 1, dies = true; dies; at++) {
      for (let n = 0; n < 3; n++) await write(context, `t-${records++}`);
      advance(60);
      const table = crashAt(context.table, at);
      await run({ ...context, table }).catch(() => undefined);
      dies = table.writes() >= at;
      await write(context, `late-${records++}`);
      // Also what is half moved is there once.
      const { items } = await listAudit(context, { limit: 1000 });
      expect(new Set(items.map(({ id }) => id)).size).toBe(records);
      expect(items).toHaveLength(records);
      advance(LEASE_OVER);
      await run(context);
    }
    await expectWhole(context, records);
  }, 120_000);

  it("holds, and loses just what is old, whatever write of retention it dies at", async () => {
    const { context, advance } = opened;
    const retain = async (own: Context) => {
      await runJob(context, anActor, [auditRetention], auditRetention.name).catch(() => undefined);
      await runDueJobs(own, [auditRetention], { until: new Date(context.now().getTime() + 600_000) });
    };
    const verify = async () => {
      async function* lines() {
        yield* await exportLines(context);
      }
      return verifyExport(lines(), { keys: [sealing.publicKey] });
    };
    await run(context);
    let kept = 0;
    for (let at = 1, dies = true; dies; at += driver === "SQLite" ? 1 : 5) {
      await write(context, `old-${at}`);
      advance(60);
      await run(context);
      // Two runs: one that says what goes, one that removes it.
      advance(401 * 86_400);
      await write(context, `new-${at}`);
      for (const dying of [false, true]) {
        const table = dying ? crashAt(context.table, at) : context.table;
        await retain({ ...context, table }).catch(() => undefined);
        if (dying) dies = "writes" in table && (table as ReturnType<typeof crashAt>).writes() >= at;
        expect(await verify()).toMatchObject({ holds: true });
        advance(LEASE_OVER);
        await run(context);
        advance(86_400);
      }
      await retain(context);
      const { items } = await listAudit(context, { limit: 1000, action: "account.create" });
      kept = items.length;
      expect(items.map(({ resource }) => resource.id)).toEqual([`new-${at}`]);
    }
    expect(kept).toBe(1);
    expect(await verify()).toMatchObject({ holds: true });
  }, 120_000);

  it("is one whole chain when several sealers work in any order, while records come", async () => {
    const { context, advance } = opened;
    let records = 0;
    await run(context);
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        for (let n = 0; n < 4; n++) await write(context, `t-${records++}`);
        advance(60);
        const table = inTurns(context.table, scheduler);
        const writing = write({ ...context, table }, `t-${records++}`);
        const all = [run({ ...context, table }), run({ ...context, table }), writing];
        await scheduler.waitFor(Promise.all(all));
      }),
      { numRuns: driver === "SQLite" ? 25 : 6 },
    );
    advance(LEASE_OVER);
    await run(context);
    await expectWhole(context, records);
  }, 120_000);
});
