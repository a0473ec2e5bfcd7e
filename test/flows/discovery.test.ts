import { newId } from "@cadastre/contract/ids";
import { anActorOf } from "@cadastre/core/audit/testing";
import { approveHold, listHolds } from "@cadastre/core/discovery/holds";
import { getResource } from "@cadastre/core/register/resources";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { found, historyTypes, scopesByName } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";

const OPERATOR = anActorOf("user", "usr_1", "req_2");
const EAST = instanceScope();
const WEST = instanceScope({ region: "us-west-2" });
const many = (count: number, more: Parameters<typeof anInstance>[1] = {}): Raw[] =>
  Array.from({ length: count }, (_, n) => anInstance(n, more));
const scope = (resources: readonly Raw[], more: Partial<SeenScope> = {}): SeenScope => ({
  key: EAST,
  resources,
  ...more,
});

describe("what a complete scope no longer has", () => {
  it("is retired with its history, and comes back with it", async () => {
    const { context, clock } = await createTestContext();
    const all = many(20);
    await aRun([scope(all)]).deliver(context);
    clock.forward(60);
    const { completed } = await aRun([scope(all.slice(1))]).deliver(context);
    expect(completed?.totals).toMatchObject({ resources: 19, created: 0, updated: 0, unchanged: 19, retired: 1 });
    const gone = all[0] as Raw;
    expect(await getResource(context, gone.id)).toMatchObject({
      status: "retired",
      retiredAt: "2026-03-01T00:01:00.000Z",
    });
    expect(await found(context, "ip:10.0.0.0")).toEqual([]);
    expect(await found(context, "ip:10.0.0.0 status:retired")).toEqual([gone.id]);
    await aRun([scope(all)]).deliver(context);
    expect(await getResource(context, gone.id)).toMatchObject({ status: "active" });
    expect(await historyTypes(context, gone.id)).toEqual(["created", "retired", "returned"]);
    expect(await found(context, "ip:10.0.0.0")).toEqual([gone.id]);
  });

  it.each(["partial", "failed", "skipped"] as const)("stays when the scope is %s", async (status) => {
    const { context } = await createTestContext();
    const all = many(20);
    await aRun([scope(all)]).deliver(context);
    const resources = status === "partial" ? all.slice(0, 3) : [];
    const { completed } = await aRun([
      scope(resources, { status, errors: [{ code: "denied", message: "no" }] }),
    ]).deliver(context);
    expect(completed?.totals.retired).toBe(0);
    expect(await found(context, "kind:instance")).toHaveLength(20);
    const state = (await scopesByName(context)).get("aws/111122223333/us-east-1/instance");
    expect(state).toMatchObject({ status, errors: [{ code: "denied", message: "no" }] });
  });

  it("is retired by the next complete run, also when its shards were sent before by a partial one", async () => {
    const { context } = await createTestContext();
    const all = many(20);
    await aRun([scope(all)]).deliver(context);
    await aRun([scope(all.slice(1), { status: "partial" })]).deliver(context);
    expect(await found(context, "kind:instance")).toHaveLength(20);
    const { completed, uploads } = await aRun([scope(all.slice(1))]).deliver(context);
    expect({ uploads, retired: completed?.totals.retired }).toEqual({ uploads: 0, retired: 1 });
    expect(await found(context, "kind:instance")).toHaveLength(19);
  });

  it("stays when only another region was seen", async () => {
    const { context } = await createTestContext();
    const west = many(5, { region: "us-west-2" });
    await aRun([scope(many(5)), { key: WEST, resources: west }]).deliver(context);
    await aRun([{ key: WEST, resources: west.slice(1) }]).deliver(context);
    expect(await found(context, "region:us-east-1")).toHaveLength(5);
    expect(await found(context, "region:us-west-2")).toHaveLength(4);
  });
});

describe("a run", () => {
  it("uploaded twice has one effect and answers the same", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(200))]);
    const opened = await run.open(context);
    await run.uploadAll(context, opened);
    await run.uploadAll(context, opened);
    const first = await run.complete(context);
    expect(await run.complete(context)).toEqual(first);
    expect(first.totals).toMatchObject({ created: 200, updated: 0, unchanged: 0 });
    expect(await historyTypes(context, anInstance(1).id)).toEqual(["created"]);
  });

  it("opened again wants only what has not arrived", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(200))]);
    const opened = await run.open(context);
    const [first, ...rest] = opened.scopes[0]?.want ?? [];
    await run.upload(context, 0, first as number);
    expect((await run.open(context)).scopes[0]?.want).toEqual(rest);
  });

  it("with missing shards is not completed: it says which, and retires nothing", async () => {
    const { context } = await createTestContext();
    const all = many(200);
    await aRun([scope(all)]).deliver(context);
    const run = aRun([scope(all.slice(60).map((one) => ({ ...one, name: `${one.name}-x` })))]);
    const opened = await run.open(context);
    const wanted = opened.scopes[0]?.want ?? [];
    await run.upload(context, 0, wanted[0] as number);
    await expect(run.complete(context)).rejects.toMatchObject({
      code: "discovery.shards_missing",
      extra: { missing: [{ scope: "aws/111122223333/us-east-1/instance", shards: wanted.slice(1) }] },
    });
    expect(await found(context, "kind:instance")).toHaveLength(200);
  });

  it("that a newer run has overtaken changes nothing any more", async () => {
    const { context } = await createTestContext();
    await aRun([scope(many(10))]).deliver(context);
    const old = aRun([scope(many(10, { state: "stopped" }))]);
    const opened = await old.open(context);
    const newer = aRun([scope(many(10, { state: "stopping" }))]);
    await newer.deliver(context);
    const [shard] = opened.scopes[0]?.want ?? [];
    expect(await old.upload(context, 0, shard as number)).toMatchObject({ state: "ignored" });
    expect((await old.complete(context)).scopes).toEqual([]);
    expect((await getResource(context, anInstance(3).id)).attributes).toMatchObject({ state: "stopping" });
    expect((await newer.open(context)).state).toBe("unchanged");
  });

  it("that died half way is not taken for the state of its scopes", async () => {
    const { context } = await createTestContext();
    const before = many(10);
    await aRun([scope(before)]).deliver(context);
    const dead = aRun([scope(many(10, { state: "stopped" }))]);
    await dead.uploadAll(context, await dead.open(context));
    expect((await getResource(context, anInstance(3).id)).attributes).toMatchObject({ state: "stopped" });
    await aRun([scope(before)]).deliver(context);
    expect((await getResource(context, anInstance(3).id)).attributes).toMatchObject({ state: "running" });
    expect((await aRun([scope(before)]).open(context)).state).toBe("unchanged");
  });

  it("of other scopes of the same collector does not hide a change from the first set of scopes", async () => {
    const { context } = await createTestContext();
    const both: SeenScope[] = [scope(many(3)), { key: WEST, resources: many(3, { region: "us-west-2" }) }];
    await aRun(both).deliver(context);
    await aRun([scope(many(3, { state: "stopped" }))]).deliver(context);
    await aRun(both).deliver(context);
    expect((await getResource(context, anInstance(1).id)).attributes).toMatchObject({ state: "running" });
    expect((await aRun(both).open(context)).state).toBe("unchanged");
  });

  it("cannot be completed or uploaded to by another collector", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope(many(3))]);
    await run.open(context);
    const stranger = aRun([scope(many(3))], {
      run: run.run,
      reporter: { ...REPORTER, id: newId("collector", new Date(1)), name: "other" },
    });
    await expect(stranger.complete(context)).rejects.toMatchObject({ code: "discovery.run_not_found" });
    await expect(stranger.upload(context, 0, 0)).rejects.toMatchObject({ code: "discovery.run_not_found" });
    await expect(stranger.open(context)).rejects.toMatchObject({ code: "discovery.run_not_found" });
  });

  it("names every scope that is not the collector's, and writes nothing", async () => {
    const { context, table } = await createTestContext();
    const bound = { ...REPORTER, accounts: [ACCOUNT] };
    const before = table.meter.units.write;
    const run = aRun([scope(many(1)), { key: instanceScope({ account: "999999999999" }), resources: [] }], {
      reporter: bound,
    });
    await expect(run.open(context)).rejects.toMatchObject({
      code: "collector.foreign_account",
      errors: [{ path: "scopes[1].account" }],
    });
    expect(table.meter.units.write).toBe(before);
  });

  it("cannot write another account's resources through its own scope", async () => {
    const { context } = await createTestContext();
    const run = aRun([scope([anInstance(1, { account: "999999999999" })])]);
    const opened = await run.open(context);
    await expect(run.uploadAll(context, opened)).rejects.toMatchObject({ code: "collector.foreign_account" });
  });
});

describe("a scope that grows and shrinks", () => {
  it("is cut anew without a change to any resource", async () => {
    const { context } = await createTestContext();
    const sizes = [10, 300, 1200, 280, 300, 1000, 60];
    for (const size of sizes) {
      const run = aRun([scope(many(size))]);
      const opened = await run.open(context);
      await run.uploadAll(context, opened);
      await run.complete(context);
      const [hold] = (await listHolds(context, { limit: 1, state: "pending" })).items;
      if (hold) await approveHold(context, OPERATOR, hold.id, {});
      await runJobs(context);
      expect(await found(context, "kind:instance")).toHaveLength(size);
      expect((await aRun([scope(many(size))]).deliver(context)).uploads).toBe(0);
    }
    expect(await historyTypes(context, anInstance(3).id)).toEqual(["created"]);
    expect(await historyTypes(context, anInstance(290).id)).toEqual(["created", "retired", "returned", "retired"]);
  });
});
