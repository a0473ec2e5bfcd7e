import { listAudit } from "@cadastre/core/audit/list";
import { anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { approveHold, listHolds } from "@cadastre/core/discovery/holds";
import { ManifestItem, ScopeItem } from "@cadastre/core/discovery/items";
import { listChanges } from "@cadastre/core/feed/list-changes";
import { getJob } from "@cadastre/core/jobs/list";
import { LedgerPageItem } from "@cadastre/core/ledger/items";
import { ResourceItem } from "@cadastre/core/register/items";
import { getResource } from "@cadastre/core/register/resources";
import type { Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, type Raw, type SeenScope } from "../support/estate.ts";
import { found, historyTypes, snapshot } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";
import { tableWith } from "../support/table-with.ts";

/** Not a person: of one, the first record makes a key in a commit of its own, and here commits are counted. */
const OPERATOR = anActorOf("service-account", "sva_1", "req_2");
const SCOPE = instanceScope();
const many = (from: number, to: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: to - from }, (_, n) => anInstance(from + n, more));
const scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope => ({
  key: SCOPE,
  resources,
  ...more,
});

/** A context in which something else happens just before the first write of this kind. */
function meanwhile(context: Context, isMeant: (writes: readonly Write[]) => boolean, happen: () => Promise<unknown>) {
  let count = 0;
  const table = tableWith(context.table, {
    async commit(writes) {
      if (isMeant(writes) && count++ === 0) await happen();
      return context.table.commit(writes);
    },
    async load(writes) {
      if (isMeant(writes) && count++ === 0) await happen();
      return context.table.load(writes);
    },
  });
  return { context: { ...context, table }, happened: () => count > 0 };
}

const writesResource = (writes: readonly Write[]) =>
  writes.some((write) => write.op === "replace" && write.entity === ResourceItem);
/** A commit that has resources and nothing else that could refuse it: there is more in the ones after it. */
const retires = (writes: readonly Write[]) =>
  writes.some(
    (write) =>
      write.op === "replace" && write.entity === ResourceItem && (write.item as ResourceItem).status === "retired",
  );

describe("a run that a newer one overtakes in the middle of", () => {
  it("an upload writes nothing more: what the newer one has said stands, and history has each change once", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(0, 60))]).deliver(context);
    const older = aRun([scope(many(0, 60, { state: "stopped" }))]);
    const opened = await older.open(context);
    const newer = aRun([scope(many(0, 60, { state: "stopping" }))]);
    const late = meanwhile(context, writesResource, () => newer.deliver(context));
    expect(await older.upload(late.context, 0, opened.scopes[0]?.want?.[0] as number)).toMatchObject({
      state: "ignored",
    });
    expect(late.happened()).toBe(true);
    for (const { id } of many(0, 60)) {
      expect((await getResource(context, id)).attributes).toMatchObject({ state: "stopping" });
      expect(await historyTypes(context, id)).toEqual(["created", "updated"]);
    }
  });

  it("its completion retires nothing more", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(0, 60))]).deliver(context);
    const older = aRun([scope(many(14, 60))]);
    await older.uploadAll(context, await older.open(context));
    const newer = aRun([scope(many(0, 60, { state: "stopped" }))]);
    const late = meanwhile(context, retires, () => newer.deliver(context));
    expect((await older.complete(late.context)).scopes).toEqual([]);
    expect(late.happened()).toBe(true);
    expect(await found(context, "kind:instance")).toHaveLength(60);
    for (const { id } of many(0, 14)) expect(await historyTypes(context, id)).toEqual(["created", "updated"]);
  });

  it("the note in the ledger is not taken for the newer one's", async () => {
    const { context } = await createTestContext();
    const older = aRun([scope(many(0, 3, { state: "running" }))]);
    await older.uploadAll(context, await older.open(context));
    const settles = (writes: readonly Write[]) =>
      writes.some((write) => write.op === "replace" && write.entity === LedgerPageItem);
    const newer = aRun([scope(many(0, 3, { state: "stopped" }))]);
    const late = meanwhile(context, settles, async () => newer.uploadAll(context, await newer.open(context)));
    await older.complete(late.context);
    expect(late.happened()).toBe(true);
    const again = await aRun([scope(many(0, 3, { state: "running" }))]).deliver(context);
    expect(again.opened.state).toBe("open");
    expect((await getResource(context, anInstance(1).id)).attributes).toMatchObject({ state: "running" });
  });
});

describe("an approval", () => {
  /** A scope that has lost 30 of its 60 instances, and the hold on them. */
  async function aHold() {
    const { context, clock } = await createTestContext();
    await aRun([scope(many(0, 60))]).deliver(context);
    await aRun([scope(many(30, 60))]).deliver(context);
    const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
    if (!hold) throw new Error("no hold");
    return { context, clock, hold };
  }

  it("that a run overtakes retires nothing more of what the run has seen again", async () => {
    const { context, hold } = await aHold();
    const newer = aRun([scope(many(0, 60, { state: "stopped" }))]);
    const late = meanwhile(context, retires, () => newer.deliver(context));
    expect(await approveHold(late.context, OPERATOR, hold.id, {})).toMatchObject({ state: "approved" });
    expect(late.happened()).toBe(true);
    expect(await found(context, "kind:instance")).toHaveLength(60);
    for (const { id } of many(0, 30)) expect(await historyTypes(context, id)).not.toContain("retired");
  });

  it("retires nothing of what a run that has the scope open sees again, whichever writes first", async () => {
    const { context, clock, hold } = await aHold();
    const run = aRun([scope(many(0, 60, { state: "stopped" }))]);
    const opened = await run.open(context);
    const late = meanwhile(context, retires, () => run.uploadAll(context, opened));
    const { job = "" } = await approveHold(late.context, OPERATOR, hold.id, {});
    expect(await getJob(context, job)).toMatchObject({ state: "waiting", error: { code: "request.conflict" } });
    await run.uploadAll(context, opened);
    await run.complete(context);
    clock.forward(30);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done: 0 } });
    for (const { id } of many(0, 60)) expect(await historyTypes(context, id)).not.toContain("retired");
  });

  it("goes on beside a run that was opened so long ago that it is forgotten", async () => {
    const { context, clock, hold } = await aHold();
    await aRun([scope(many(20, 60))]).open(context);
    clock.forward(30 * 86_400);
    await approveHold(context, OPERATOR, hold.id, {});
    expect(await found(context, "kind:instance")).toHaveLength(30);
  });

  it("waits while a run that has the scope open has found more missing, and then asks about them", async () => {
    const { context, clock, hold } = await aHold();
    const run = aRun([scope(many(40, 60))]);
    const opened = await run.open(context);
    const decides = (writes: readonly Write[]) => writes.some((write) => write.entity.type === "hold");
    const late = meanwhile(context, decides, () => run.uploadAll(context, opened));
    const { job = "" } = await approveHold(late.context, OPERATOR, hold.id, {});
    expect(late.happened()).toBe(true);
    expect(await getJob(context, job)).toMatchObject({ state: "waiting", error: { code: "request.conflict" } });
    await run.complete(context);
    clock.forward(30);
    await runJobs(context);
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done: 0 } });
    expect((await listHolds(context, { limit: 1 })).items).toMatchObject([{ state: "pending", missing: 40 }]);
    expect(await found(context, "kind:instance")).toHaveLength(60);
  });

  it("of what a run that opens a moment before it decides may change is not given, and leaves no record", async () => {
    const { context, hold } = await aHold();
    const decides = (writes: readonly Write[]) => writes.some((write) => write.entity.type === "hold");
    const run = aRun([scope(many(40, 60))]);
    const late = meanwhile(context, decides, async () => {
      await run.uploadAll(context, await run.open(context));
    });
    await expect(approveHold(late.context, OPERATOR, hold.id, {})).rejects.toMatchObject({ code: "hold.changed" });
    const { items } = await listAudit(context, { limit: 100 });
    expect(items.filter(({ action }) => action === "hold.approve")).toEqual([]);
    expect((await listHolds(context, { limit: 1, state: "pending" })).items).toHaveLength(1);
    expect(await found(context, "kind:instance")).toHaveLength(60);
  });

  it("beside runs that never leave the scope alone is refused as a conflict while nothing is decided, and leaves no record", async () => {
    const { context, hold } = await aHold();
    const runs: ReturnType<typeof aRun>[] = [];
    const table = tableWith(context.table, {
      async commit(writes) {
        if (writes.some((write) => write.entity.type === "hold")) {
          const run = aRun([scope(many(30, 60, { state: `s${runs.length}` }))]);
          runs.push(run);
          await run.open(context);
        }
        return context.table.commit(writes);
      },
    });
    await expect(approveHold({ ...context, table }, OPERATOR, hold.id, {})).rejects.toMatchObject({
      code: "request.conflict",
      status: 409,
    });
    const { items } = await listAudit(context, { limit: 100 });
    expect(items.filter(({ action }) => action === "hold.approve")).toEqual([]);
    await runs.at(-1)?.deliver(context);
    expect(await approveHold(context, OPERATOR, hold.id, {})).toMatchObject({ state: "approved" });
    expect(await found(context, "kind:instance")).toHaveLength(30);
  });

  it("that is decided is answered, whatever takes the scope then, and goes on by itself", async () => {
    const { context, clock, hold } = await aHold();
    const run = aRun([scope(many(30, 60, { state: "stopped" }))]);
    const late = meanwhile(context, retires, () => run.open(context));
    expect(await approveHold(late.context, OPERATOR, hold.id, {})).toMatchObject({ state: "approved" });
    expect(late.happened()).toBe(true);
    expect(await found(context, "kind:instance")).toHaveLength(60);
    await run.deliver(context);
    clock.forward(30);
    await runJobs(context);
    expect(await found(context, "kind:instance")).toHaveLength(30);
  });

  it("that was interrupted does not go on beside a run that may have added to what is missing", async () => {
    const { context, clock, table } = await createTestContext();
    const all = many(0, 400);
    await aRun([scope(all)]).deliver(context);
    await aRun([scope(many(200, 400))]).deliver(context);
    const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
    // The decision, the run's lease, and the first of several commits that retire.
    await approveHold({ ...context, table: crashAt(table, 4) }, OPERATOR, hold?.id ?? "", {});
    const gone = await found(context, "kind:instance status:retired");
    expect(gone.length).toBeGreaterThan(0);
    expect(gone.length).toBeLessThan(200);
    const run = aRun([scope(many(240, 400))]);
    await run.uploadAll(context, await run.open(context));
    clock.forward(61);
    const events = await runJobs(context);
    expect(events).toMatchObject([{ type: "failed", error: { code: "request.conflict" } }]);
    expect(await found(context, "kind:instance status:retired")).toEqual(gone);
  });
});

describe("a scope that is cut anew", () => {
  /** Instances known as one shard, and a run that has many more and cuts them into several. */
  const before = many(0, 60);
  const after = [...many(5, 60), ...many(100, 400)];

  it("knows what it is missing, killed at any write: the old manifests count until the switch", {
    timeout: 60_000,
  }, async () => {
    let at = 0;
    for (let died = true; died; ) {
      at++;
      const { context, table } = await createTestContext();
      await aRun([scope(before)]).deliver(context);
      died = await aRun([scope(after)])
        .open({ ...context, table: crashAt(table, at) })
        .then(
          () => false,
          (error: unknown) => error instanceof Crash,
        );
      // Whoever comes next, cut as it likes, finds what is gone.
      const { completed } = await aRun([scope(many(7, 60))]).deliver(context);
      expect(completed?.totals, `killed at write ${at}`).toMatchObject({ created: 0, updated: 0, retired: 7 });
      const retired = Object.values(await snapshot(context)).filter(({ status }) => status === "retired");
      expect(retired, `killed at write ${at}`).toHaveLength(7);
    }
    expect(at).toBeGreaterThan(5);
  });

  it("is left as others have cut it by an opening that was paused in the middle", async () => {
    const { context } = await createTestContext();
    await aRun([scope(before)]).deliver(context);
    const twice = aRun([scope(after)]);
    const grown = [...after, ...many(500, 503)];
    const writesManifest = (writes: readonly Write[]) =>
      writes.some((one) => one.op === "put" && one.entity === ManifestItem);
    const late = meanwhile(context, writesManifest, async () => {
      await twice.deliver(context);
      await aRun([scope(grown)]).deliver(context);
    });
    expect((await twice.open(late.context)).state).toBe("unchanged");
    const { completed } = await aRun([scope(grown.slice(0, -8))]).deliver(context);
    expect(completed?.totals).toMatchObject({ created: 0, updated: 0, retired: 8 });
  });
});

describe("a scope that two openings of one run cut anew at once", () => {
  it("is cut by one of them, and knows what it is missing", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(0, 60))]).deliver(context);
    const run = aRun([scope([...many(5, 60), ...many(100, 400)])]);
    let others = 0;
    const table = tableWith(context.table, {
      async commit(writes) {
        await context.table.commit(writes);
        const isTaken = writes.some((one) => one.op === "replace" && one.entity === ScopeItem);
        if (isTaken && others++ === 0) await run.open(context);
      },
    });
    await run.open({ ...context, table });
    const { completed } = await run.deliver(context);
    expect(completed?.totals).toMatchObject({ created: 300, updated: 0, retired: 5 });
  });
});

describe("a scope that an opening takes, and is paused before it is cut anew", () => {
  it("is left to the runs that had it since, also when the same run has taken it again", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(0, 60))]).deliver(context);
    const run = aRun([scope([...many(0, 60), ...many(100, 400)])]);
    let takes = 0;
    const table = tableWith(context.table, {
      async commit(writes) {
        await context.table.commit(writes);
        if (!writes.some((one) => one.op === "replace" && one.entity === ScopeItem) || takes++ > 0) return;
        const denied = { code: "denied", message: "no" };
        await aRun([scope([], { status: "failed", errors: [denied] })]).deliver(context);
        // Another opening of the run takes the scope and dies before it is cut.
        await run.open({ ...context, table: crashAt(context.table, 2) }).catch(() => undefined);
      },
    });
    await run.open({ ...context, table }).catch(() => undefined);
    expect(takes).toBeGreaterThan(0);
    await run.deliver(context);
    const turns = (await listChanges(context, { limit: 1000, order: "oldest" })).items
      .filter(({ subject }) => subject.type === "scope")
      .map(({ type }) => type);
    expect(turns).toEqual(["failed", "complete"]);
  });
});

describe("the id of a closed run", () => {
  it("sent again with the same content is answered as unchanged, with other content it is refused: nothing is lost unseen", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(0, 3))]);
    await run.deliver(context);
    expect((await run.open(context)).state).toBe("unchanged");
    const other = aRun([scope(many(0, 4))], { run: run.run });
    await expect(other.open(context)).rejects.toMatchObject({ code: "discovery.run_closed", status: 409 });
    await aRun([scope(many(0, 5))]).deliver(context);
    expect((await run.open(context)).state).toBe("unchanged");
    expect(await found(context, "kind:instance")).toHaveLength(5);
  });
});
