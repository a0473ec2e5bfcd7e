import { newId } from "@cadastre/contract/ids";
import { put, remove } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, anActor, auditRecords, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { listChanges } from "../feed/list-changes.ts";
import { JobRunItem } from "../jobs/items.ts";
import { readRun } from "../jobs/read.ts";
import { approveHold, listHolds, rejectHold } from "./holds.ts";
import { HoldItem, ScopeItem } from "./items.ts";
import { ACCOUNT, aRun, beforeCommit, NAME, REPORTER } from "./testing.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const scopeOf = (context: Context) =>
  context.table.get(ScopeItem, { source: REPORTER.name, name: NAME }, { consistent: true });
const pendingOf = async (context: Context) => {
  const { items } = await listHolds(context, { limit: 10, state: "pending" });
  return items[0] as (typeof items)[number];
};
const told = async (context: Context) =>
  (await listChanges(context, { limit: 1000, order: "oldest" })).items
    .filter(({ subject }) => subject.type === "hold")
    .map(({ type }) => type);

/** A scope that has lost so many of its networks, and the hold on them. */
async function aHold(lost = 5, left = 3) {
  const context = aContext();
  await aRun([{ has: range(0, lost + left) }]).deliver(context);
  await aRun([{ has: range(lost, lost + left) }]).deliver(context);
  return { context, hold: await pendingOf(context) };
}

describe("holds", () => {
  it("are listed newest first, all or those in a state, by who may see them", async () => {
    const { context, hold } = await aHold();
    const region = "eu-west-1";
    context.advance(60);
    await aRun([{ has: range(0, 8), region, account: "444455556666" }]).deliver(context);
    await aRun([{ has: range(5, 8), region, account: "444455556666" }]).deliver(context);
    const ids = async (more: object, as: Context = context) => {
      return (await listHolds(as, { limit: 10, ...more })).items.map(({ account }) => account);
    };
    expect(await ids({})).toEqual(["444455556666", ACCOUNT]);
    await rejectHold(context, anActor, hold.id, {});
    expect(await ids({ state: "pending" })).toEqual(["444455556666"]);
    expect(await ids({ state: "rejected" })).toEqual([ACCOUNT]);
    expect(await ids({}, { ...context, restriction: { accounts: [`aws/${ACCOUNT}`] } })).toEqual([ACCOUNT]);
    const [shown] = (await listHolds(context, { limit: 1, state: "rejected" })).items;
    expect(shown).not.toHaveProperty("fingerprint");
    expect(shown).not.toHaveProperty("scope");
  });

  it("are listed page by page, each page of the same list", async () => {
    const { context } = await aHold();
    const region = "eu-west-1";
    await aRun([{ has: range(0, 8), region }]).deliver(context);
    await aRun([{ has: range(5, 8), region }]).deliver(context);
    const first = await listHolds(context, { limit: 1, state: "pending" });
    expect(first.items).toHaveLength(1);
    const { cursor } = first;
    const second = await listHolds(context, { limit: 1, state: "pending", cursor });
    expect(second.items).toHaveLength(1);
    expect(second.items[0]?.id).not.toBe(first.items[0]?.id);
    expect(second.cursor).toBeUndefined();
    await expect(listHolds(context, { limit: 1, state: "rejected", cursor })).rejects.toMatchObject({
      code: "cursor.invalid",
    });
  });

  it("that are not there, or not to be seen, are not found", async () => {
    const { context, hold } = await aHold();
    const elsewhere = { ...context, restriction: { accounts: ["aws/444455556666"] } };
    for (const decide of [approveHold, rejectHold]) {
      await expect(decide(context, anActor, newId("hold", new Date(0)), {})).rejects.toMatchObject({
        code: "hold.not_found",
      });
      await expect(decide(elsewhere, anActor, hold.id, {})).rejects.toMatchObject({ code: "hold.not_found" });
    }
  });
});

describe("a hold that is rejected", () => {
  it("says by whom, when and why, with one record, and is told", async () => {
    const { context, hold } = await aHold();
    const rejected = await rejectHold(withEmptyReplica(context), anActor, hold.id, {
      reason: "a migration",
      version: hold.version,
    });
    expect(rejected).toMatchObject({
      state: "rejected",
      reason: "a migration",
      decidedAt: context.now().toISOString(),
      decidedBy: `user:${anActor.principal.id}`,
    });
    expect(rejected.version).not.toBe(hold.version);
    expect(rejected).not.toHaveProperty("job");
    expect((await auditRecords(context)).at(-1)).toMatchObject({
      action: "hold.reject",
      target: hold.id,
      detail: { scope: `s/${NAME}`, missing: 5, reason: "a migration" },
    });
    expect((await auditRecords(context)).at(-1)?.detail).not.toHaveProperty("job");
    expect(await told(context)).toEqual(["opened", "rejected"]);
  });

  it("is decided, and is decided only as it was seen", async () => {
    const { context, hold } = await aHold();
    const version = hold.version + 1;
    await expect(rejectHold(context, anActor, hold.id, { version })).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    const rejected = await rejectHold(context, anActor, hold.id, {});
    expect(rejected).not.toHaveProperty("reason");
    for (const decide of [approveHold, rejectHold])
      await expect(decide(context, anActor, hold.id, {})).rejects.toMatchObject({
        code: "hold.decided",
        message: expect.stringContaining("the hold is rejected"),
      });
  });

  it("is decided anew when somebody else was faster", async () => {
    const { context, hold } = await aHold();
    const late = beforeCommit(context, 1, () => rejectHold(context, anActor, hold.id, {}));
    await expect(rejectHold(late, anActor, hold.id, {})).rejects.toMatchObject({ code: "hold.decided" });
    expect(await told(context)).toEqual(["opened", "rejected"]);
  });
});

describe("a hold that is approved", () => {
  it("has its resources retired before it is answered, by a run that it names", async () => {
    const { context, hold } = await aHold();
    const approved = await approveHold(withEmptyReplica(context), anActor, hold.id, {
      reason: "gone",
      version: hold.version,
    });
    expect(approved).toMatchObject({ state: "approved", reason: "gone", job: expect.stringMatching(/^jobrun_|^job/) });
    expect(await scopeOf(context)).toMatchObject({ outcome: { missing: 0 } });
    expect(await scopeOf(context)).not.toHaveProperty("hold");
    expect(await told(context)).toEqual(["opened", "approved", "finished"]);
    const record = (await auditRecords(context)).find(({ action }) => action === "hold.approve");
    expect(record).toMatchObject({
      target: hold.id,
      detail: { scope: `s/${NAME}`, missing: 5, reason: "gone", job: approved.job },
    });
    await expect(approveHold(context, anActor, hold.id, {})).rejects.toMatchObject({ code: "hold.decided" });
  });

  it("is decided only as it was seen", async () => {
    const { context, hold } = await aHold();
    const version = hold.version + 1;
    await expect(approveHold(context, anActor, hold.id, { version })).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    expect(await told(context)).toEqual(["opened"]);
  });

  it("is decided anew when a run completes the scope at that moment, and then is not what the operator saw", async () => {
    const { context, hold } = await aHold();
    const late = beforeCommit(context, 1, () => aRun([{ has: [6, 7] }]).deliver(context));
    await expect(approveHold(late, anActor, hold.id, { version: hold.version })).rejects.toMatchObject({
      code: "request.precondition_failed",
    });
    expect(await pendingOf(context)).toMatchObject({ state: "pending" });
  });

  it("is left to the background when there are more than 200, or they take long; whoever runs jobs is told", async () => {
    const { context, hold } = await aHold(201, 3);
    let told = 0;
    const as = { ...context, onJobStarted: () => void told++ };
    const approved = await approveHold(as, anActor, hold.id, {});
    expect(told).toBe(1);
    expect(await scopeOf(context)).toMatchObject({ outcome: { missing: 201 } });
    const again = await approveHold(as, anActor, hold.id, {});
    expect(again).toEqual(approved);
    expect(told).toBe(1);
    const few = await aHold(200, 3);
    await approveHold(few.context, anActor, few.hold.id, {});
    expect(await scopeOf(few.context)).toMatchObject({ outcome: { missing: 0 } });
  });

  it("is approved again, too, when its run is gone, and is told once", async () => {
    const { context, hold } = await aHold(201, 3);
    const first = await approveHold(context, anActor, hold.id, {});
    await context.table.commit([remove(JobRunItem, { id: first.job ?? "" })]);
    const second = await approveHold(context, anActor, hold.id, {});
    expect(second.job).not.toBe(first.job);
    expect(await told(context)).toEqual(["opened", "approved"]);
    const reasons = (await auditRecords(context)).flatMap(({ action, detail }) =>
      action === "hold.approve" ? [detail.reason] : [],
    );
    expect(reasons).toEqual(["", ""]);
  });

  it("goes on in the background after 15 seconds", async () => {
    const { context, hold } = await aHold(6, 3);
    const slow: TestContext = {
      ...context,
      table: {
        ...context.table,
        commit: async (writes) => {
          await context.table.commit(writes);
          context.advance(16);
        },
      },
    };
    await approveHold(slow, anActor, hold.id, {});
    expect(await scopeOf(context)).toHaveProperty("hold");
  });

  it("is approved again, by another run, once the first one has ended and left something", async () => {
    const { context, hold } = await aHold(201, 3);
    const first = await approveHold(context, anActor, hold.id, {});
    const run = await readRun(context, first.job ?? "");
    if (!run) throw new Error("no run");
    const { version: _, ...item } = run;
    await context.table.commit([put(JobRunItem, { ...item, endedAt: context.now().toISOString() } as never)]);
    const second = await approveHold(context, anActor, hold.id, {});
    expect(second.state).toBe("approved");
    expect(second.job).not.toBe(first.job);
    expect(await told(context)).toEqual(["opened", "approved"]);
    const { version: __, ...stored } = (await context.table.get(HoldItem, { id: hold.id })) ?? ({} as never);
    const { job: ___, ...without } = stored as HoldItem;
    await context.table.commit([put(HoldItem, without)]);
    expect((await approveHold(context, anActor, hold.id, {})).job).not.toBe(second.job);
  });
});
