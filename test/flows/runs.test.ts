import { newId } from "@cadastre/contract/ids";
import { anActorOf, auditRecords, withEmptyReplica } from "@cadastre/core/audit/testing";
import { approveHold, listHolds, rejectHold } from "@cadastre/core/discovery/holds";
import { ScopeItem } from "@cadastre/core/discovery/items";
import { openRun } from "@cadastre/core/discovery/open";
import { LedgerPageItem } from "@cadastre/core/ledger/items";
import { lastReportAt, readScopeStates } from "@cadastre/core/ledger/read";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { anInstance, aRun, instanceScope, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { found } from "../support/register.ts";
import { tableWith } from "../support/table-with.ts";

const many = (from: number, to: number, state = "running"): Raw[] =>
  Array.from({ length: to - from }, (_, n) => anInstance(from + n, { state }));
const scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope => ({
  key: instanceScope(),
  resources,
  ...more,
});

describe("a run is not opened, and nothing is written,", () => {
  it("when it is of another version, has a scope twice, or is not what its root says", async () => {
    const { context, table } = await createTestContext();
    const run = aRun([scope(many(0, 3))]);
    const twice = aRun([scope(many(0, 3)), scope(many(0, 3))]);
    const open = (more: object, of = run) =>
      openRun(context, anActorOf("collector", REPORTER.id), REPORTER, { ...of.body(), ...more });
    const contract = "cadastre.discovery/v2" as never;
    await expect(open({ contract })).rejects.toMatchObject({ code: "discovery.version" });
    await expect(open({ root: "0".repeat(32) })).rejects.toMatchObject({
      code: "discovery.digest_mismatch",
      errors: [{ path: "root" }],
    });
    await expect(open({}, twice)).rejects.toMatchObject({ code: "request.invalid", errors: [{ path: "scopes[1]" }] });
    expect(table.meter.units.write).toBe(0);
  });
});

describe("the time of a run", () => {
  it("is when it was opened, of what it saw whole when that was settled, and of one without news when it says so", async () => {
    const { context, clock } = await createTestContext();
    const timesOf = async () => {
      const [state] = await readScopeStates(context);
      return [await lastReportAt(context, "aws-main"), state?.completeAt];
    };
    const at = () => clock.now().toISOString();
    const run = aRun([scope(many(0, 3))]);
    const opened = await run.open(context);
    const openedAt = at();
    expect(await timesOf()).toEqual([openedAt, undefined]);
    clock.forward(600);
    await run.uploadAll(context, opened);
    await run.complete(context);
    expect(await timesOf()).toEqual([openedAt, at()]);
    clock.forward(600);
    expect((await run.open(context)).state).toBe("unchanged");
    expect(await timesOf()).toEqual([at(), at()]);
  });
});

describe("a run of more scopes than one commit takes", () => {
  it("has none of them open before all that it may write to is blank in the ledger", async () => {
    const { context } = await createTestContext();
    const scopes = Array.from({ length: 150 }, (_, n): SeenScope => {
      const region = `region-${n}`;
      return { key: instanceScope({ region }), resources: [anInstance(n, { region })] };
    });
    const stopped = scopes.map(({ key }, n) => {
      return { key, resources: [anInstance(n, { region: key.region, state: "stopped" })] };
    });
    await aRun(scopes).deliver(context);
    const leased: string[] = [];
    const table = tableWith(context.table, {
      async commit(writes) {
        const names = writes.flatMap((write) =>
          write.entity === ScopeItem ? [(write as { item: ScopeItem }).item.name] : [],
        );
        const isWithLedger = writes.some(({ entity }) => entity === LedgerPageItem);
        const open = isWithLedger ? [] : (await readScopeStates(context)).filter(({ isOpen }) => isOpen);
        if (!isWithLedger) expect(open.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
        leased.push(...names);
        await context.table.commit(writes);
      },
    });
    await aRun(stopped).open({ ...context, table });
    expect(new Set(leased).size).toBe(150);
  });
});

describe("a run that is completed", () => {
  it("before all of its shards have arrived is refused with what is missing, and retires nothing", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(0, 20))]).deliver(context);
    const run = aRun([scope(many(2, 20))]);
    await run.open(context);
    await expect(run.complete(context)).rejects.toMatchObject({
      code: "discovery.shards_missing",
      extra: { missing: [{ scope: "aws/111122223333/us-east-1/instance", shards: [0] }] },
    });
    expect(await found(context, "kind:instance")).toHaveLength(20);
  });

  it("counts what it made itself, and not what one before it had sent and never completed", async () => {
    const { context } = await createTestContext();
    const abandoned = aRun([scope(many(0, 3))]);
    await abandoned.uploadAll(context, await abandoned.open(context));
    const { completed } = await aRun([scope(many(0, 3))]).deliver(context);
    expect(completed?.totals).toMatchObject({ resources: 3, created: 0, updated: 0, unchanged: 3 });
  });
});

describe("a run that was completed", () => {
  it("is completed again for nothing, and answers the same, whatever newer runs have made of its scopes", async () => {
    const { context, table } = await createTestContext();
    const run = aRun([scope(many(0, 3))]);
    const { completed } = await run.deliver(context);
    const again = async () => {
      const before = table.meter.units.write;
      expect(await run.complete(context)).toEqual(completed);
      expect(table.meter.units.write).toBe(before);
    };
    await again();
    await aRun([scope(many(0, 4, "stopped"))], { run: newId("run", new Date(1)) }).deliver(context);
    await again();
    const records = (await auditRecords(context)).filter(({ action }) => action === "discovery.complete");
    expect(records.filter(({ target }) => target === run.run)).toHaveLength(1);
  });
});

describe("a hold on a scope", () => {
  it("stays when a run sees only a part of it, and can still be approved", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(0, 20))]).deliver(context);
    await aRun([scope(many(10, 20))]).deliver(context);
    await aRun([scope(many(10, 20, "stopped"), { status: "partial" })]).deliver(context);
    const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
    const shown = hold?.sample.map(({ id, name }) => `${id} ${name}`).sort();
    expect(shown).toEqual(many(0, 10).map(({ id, name }) => `${id} ${name}`));
    await approveHold(context, anActorOf("user", "usr_1"), hold?.id ?? "", {});
    expect(await found(context, "kind:instance status:retired")).toHaveLength(10);
  });
});

describe("a hold that was rejected", () => {
  it("is not asked about again for the same losses, however far replicas are behind", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(0, 20))]).deliver(context);
    await aRun([scope(many(10, 20))]).deliver(context);
    const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
    await rejectHold(context, anActorOf("user", "usr_1"), hold?.id ?? "", {});
    const again = await aRun([scope(many(10, 20, "stopped"))]).deliver(withEmptyReplica(context));
    expect(again.completed?.totals).toMatchObject({ updated: 10, retired: 0 });
    expect((await listHolds(context, { limit: 10 })).items).toMatchObject([{ id: hold?.id, state: "rejected" }]);
  });
});

describe("a replica that has heard of nothing", () => {
  it("changes nothing of what runs make of their scopes", async () => {
    const { context } = await createTestContext();
    const late = withEmptyReplica(context);
    await aRun([scope(many(0, 20))]).deliver(late);
    const { completed } = await aRun([scope([...many(2, 15), ...many(15, 20, "stopped"), ...many(30, 31)])]).deliver(
      late,
    );
    expect(completed?.totals).toMatchObject({ created: 1, updated: 5, unchanged: 13, retired: 2 });
    const resharded = await aRun([scope([...many(2, 20), ...many(30, 200)])]).deliver(late);
    expect(resharded.completed?.totals).toMatchObject({ created: 169, updated: 5, unchanged: 14, retired: 0 });
    await aRun([scope(many(100, 200))]).deliver(late);
    const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
    expect(hold).toMatchObject({ missing: 88 });
    expect(hold?.sample).toHaveLength(20);
    await approveHold(late, anActorOf("user", "usr_1"), hold?.id ?? "", {});
    expect(await found(context, "kind:instance")).toHaveLength(100);
    expect((await aRun([scope(many(100, 200))]).open(late)).state).toBe("unchanged");
  });
});
