import { approveCollector, revokeCollector } from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { aCollector, aKey } from "@cadastre/core/access/testing";
import { listAudit } from "@cadastre/core/audit/list";
import { anActor } from "@cadastre/core/audit/testing";
import { type Context, systemActor } from "@cadastre/core/context";
import { listHolds } from "@cadastre/core/discovery/holds";
import { ManifestItem, PageItem, ScopeItem } from "@cadastre/core/discovery/items";
import { listScopes } from "@cadastre/core/discovery/list-scopes";
import { staleScopes } from "@cadastre/core/discovery/stale-scopes";
import { listChanges } from "@cadastre/core/feed/list-changes";
import { forget } from "@cadastre/core/forgetting/forget";
import { previewForget } from "@cadastre/core/forgetting/preview";
import { getJob, listJobs } from "@cadastre/core/jobs/list";
import { readCoverage } from "@cadastre/core/ledger/gaps";
import { LedgerPageItem, SetItem, StaleItem } from "@cadastre/core/ledger/items";
import { getResource } from "@cadastre/core/register/resources";
import { put, type Table } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type Raw, REPORTER, type SeenScope } from "../support/estate.ts";
import { countDump, indexDump } from "../support/index-dump.ts";
import { historyTypes, present, snapshot } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";
import { tableWith } from "../support/table-with.ts";

const HOUR = 3600;
const SYSTEM = systemActor("test");
const ACTOR = anActor;
const OTHER = { ...REPORTER, id: REPORTER.id, name: "other" };

const region = (n: number, ...resources: number[]): SeenScope => ({
  key: instanceScope({ region: `r-${n}` }),
  resources: (resources.length > 0 ? resources : [n]).map((one) => anInstance(one, { region: `r-${n}` })),
});
const nameOf = (n: number) => `aws/${ACCOUNT}/r-${n}/instance`;
const idOf = (n: number, at = n) => anInstance(n, { region: `r-${at}` }).id;

/** Scopes that a source reported once, more than a day ago: all of them are stale, and told to be. */
async function stale(scopes: readonly SeenScope[], options: { table?: Table } = {}) {
  const world = await createTestContext(options);
  await aRun(scopes).deliver(world.context);
  world.clock.forward(25 * HOUR);
  await runJobs(world.context, [staleScopes]);
  return world;
}

/** Scopes that a source reported every hour, until now. */
async function hourly(scopes: readonly SeenScope[]) {
  const world = await createTestContext();
  for (let n = 0; n < 3; n++) {
    if (n > 0) world.clock.forward(HOUR);
    await aRun(scopes).deliver(world.context);
  }
  return world;
}

const names = async (context: Context) =>
  (await listScopes(context, { limit: 200 })).items.map(({ source, region: of }) => `${source}/${of}`);

async function itemsOf(table: Table, name: string): Promise<number> {
  const partition = `scope#${REPORTER.name}/${name}`;
  const found = await Promise.all(
    [ManifestItem, PageItem, ScopeItem].map((entity) => table.query(entity, { partition, consistent: true })),
  );
  return found.reduce((sum, { items }) => sum + items.length, 0);
}

/** The register, its index and its counts say the same. */
async function expectWhole(context: Context): Promise<void> {
  expect((await indexDump(context)).missing).toEqual([]);
  const counts = await countDump(context);
  expect(counts.stored).toEqual(counts.expected);
  for (const [id, { indexed }] of Object.entries(await snapshot(context))) expect(indexed, id).toBe(true);
}

describe("forgetting a scope", () => {
  it("retires what only it saw, and leaves nothing of it: no entry, no count, no gap, no mark, no manifest", async () => {
    const { context, table } = await stale([region(1, 1, 2), region(2)]);
    const started = await forget(context, ACTOR, { source: REPORTER.name, region: "r-1" });
    expect(started.scopes).toBe(1);
    expect(await getJob(context, started.job)).toMatchObject({ state: "done", progress: { done: 1, total: 1 } });
    for (const n of [1, 2]) {
      expect(await getResource(context, idOf(n, 1))).toMatchObject({ status: "retired", observedBy: [] });
      expect(await historyTypes(context, idOf(n, 1))).toEqual(["created", "retired"]);
    }
    expect(await getResource(context, idOf(2))).toMatchObject({ status: "active" });
    expect(await names(context)).toEqual([`${REPORTER.name}/r-2`]);
    expect(await readCoverage(context, {})).toMatchObject({ gaps: 1, scopes: 1, some: [{ region: "r-2" }] });
    expect(await itemsOf(table, nameOf(1))).toBe(0);
    const marks = await table.query(StaleItem, {
      partition: `ledger#${REPORTER.name}`,
      sort: { beginsWith: "stale#" },
    });
    expect(marks.items.map(({ name }) => name)).toEqual([nameOf(2)]);
    await forget(context, ACTOR, { source: REPORTER.name });
    const partition = `ledger#${REPORTER.name}`;
    expect((await table.query(SetItem, { partition, sort: { beginsWith: "set#" } })).items).toEqual([]);
    expect((await table.query(LedgerPageItem, { partition, sort: { beginsWith: "page#" } })).items).toEqual([]);
    expect(await readCoverage(context, {})).toEqual({ complete: true, gaps: 0, scopes: 0, some: [] });
    await expectWhole(context);
  });

  it("leaves one record, who and why and of what, and one change of each scope", async () => {
    const { context } = await stale([region(1), region(2)]);
    const { job } = await forget(context, ACTOR, { account: ACCOUNT, reason: "closed" });
    const { items } = await listAudit(context, { limit: 100 });
    expect(items.filter(({ action }) => action === "scope.forget")).toMatchObject([
      {
        actor: `user:${ACTOR.principal.id}`,
        target: ACCOUNT,
        outcome: "done",
        detail: {
          job,
          account: ACCOUNT,
          count: 2,
          scopes: [`${REPORTER.name}/${nameOf(1)}`, `${REPORTER.name}/${nameOf(2)}`],
          reason: "closed",
        },
      },
    ]);
    const changes = await listChanges(context, { limit: 100, order: "oldest" });
    const told = changes.items.filter(({ subject }) => subject.type === "scope");
    expect(told.map(({ type, region: of }) => `${of} ${type}`).sort()).toEqual([
      "r-1 forgotten",
      "r-1 stale",
      "r-2 forgotten",
      "r-2 stale",
    ]);
    expect(told.at(-1)).toMatchObject({ actor: `user:${ACTOR.principal.id}`, run: job });
  });

  it("keeps what another scope still claims, of whatever account", async () => {
    const { context } = await stale([region(1, 1, 2, 3)]);
    await aRun([region(1, 2)], { reporter: OTHER }).deliver(context);
    await forget(context, ACTOR, { source: REPORTER.name });
    const active = Object.entries(await present(context)).map(([id, { claims }]) => [id, claims]);
    expect(active).toEqual([[idOf(2, 1), [`other:${nameOf(1)}`]]]);
    await expectWhole(context);
  });

  it("leaves a subnet that only a guest still reports unconfirmed, and whoever sees what was retired brings it back", async () => {
    const { context } = await createTestContext();
    const [owner, guest] = ["111122223333", "444455556666"];
    const subnet = (n: number): Raw => ({
      id: `arn:aws:ec2:us-east-1:${owner}:subnet/subnet-${n}`,
      name: `s-${n}`,
      tags: {},
      attributes: {
        subnetId: `subnet-${n}`,
        network: `arn:aws:ec2:us-east-1:${owner}:vpc/vpc-1`,
        ownerAccount: owner,
        cloudReservedCount: 5,
        blocks: [{ prefix: `10.${n}.0.0/16`, role: "primary" }],
      },
    });
    const seen = (account: string, ...resources: Raw[]): SeenScope[] => [
      { key: instanceScope({ account, kind: "subnet" }), resources },
    ];
    const collector = await registerCollector(context, SYSTEM, aCollector(aKey(), { name: "own", accounts: ["*"] }));
    await approveCollector(context, SYSTEM, collector.id);
    await aRun(seen(owner, subnet(1), subnet(2)), { reporter: collector }).deliver(context);
    await aRun(seen(guest, subnet(1)), { reporter: OTHER }).deliver(context);
    await revokeCollector(context, SYSTEM, collector.id);
    await forget(context, ACTOR, { source: "own" });
    expect(await getResource(context, subnet(1).id)).toMatchObject({
      status: "active",
      confirmed: false,
      reportedBy: [`aws/${guest}`],
    });
    expect(await getResource(context, subnet(2).id)).toMatchObject({ status: "retired", confirmed: false });
    await expectWhole(context);
    await aRun(seen(guest, subnet(1), subnet(2)), { reporter: OTHER }).deliver(context);
    expect(await getResource(context, subnet(2).id)).toMatchObject({ status: "active", confirmed: false });
    expect(await historyTypes(context, subnet(2).id)).toEqual(["created", "retired", "returned"]);
    await expectWhole(context);
  });

  it("is refused for what is reported on time, for what a run has open, and for what is not there", async () => {
    const { context, clock } = await hourly([region(1)]);
    const run = aRun([region(1, 1, 5)]);
    await run.open(context);
    clock.forward(4 * HOUR);
    await aRun([region(2), region(3)]).deliver(context);
    await expect(forget(context, ACTOR, { source: REPORTER.name })).rejects.toMatchObject({
      code: "scope.in_use",
      extra: {
        scopes: [
          { scope: `${REPORTER.name}/${nameOf(1)}`, why: expect.stringContaining(run.run) },
          { scope: `${REPORTER.name}/${nameOf(2)}`, why: expect.stringContaining("on time") },
          { scope: `${REPORTER.name}/${nameOf(3)}`, why: expect.stringContaining("on time") },
        ],
      },
    });
    await expect(previewForget(context, { source: REPORTER.name, region: "r-9" })).rejects.toMatchObject({
      code: "scope.not_found",
    });
    await expect(forget(context, ACTOR, { source: REPORTER.name, stale: true })).rejects.toMatchObject({
      code: "scope.in_use",
      message: expect.stringContaining(`the run ${run.run} has it open`),
    });
    expect(await names(context)).toHaveLength(3);
    await run.uploadAll(context, await run.open(context));
    await run.complete(context);
    clock.forward(13 * HOUR);
    expect((await previewForget(context, { source: REPORTER.name, stale: true })).scopes).toBe(1);
    await forget(context, ACTOR, { source: REPORTER.name, stale: true });
    expect(await names(context)).toEqual([`${REPORTER.name}/r-2`, `${REPORTER.name}/r-3`]);
  });

  it("of what a run that died has open for more than a day goes, with what that run had made", async () => {
    const { context, clock, table } = await hourly([region(1)]);
    const many = Array.from({ length: 60 }, (_, n) => n + 1);
    const run = aRun([region(1, ...many)]);
    const opened = await run.open(context);
    // Dies between the commits of one shard: no manifest knows of what the first of them made.
    const dying: Context = { ...context, table: crashAt(table, 3) };
    await run.uploadAll(dying, opened).catch(() => undefined);
    const made = Object.keys(await present(context)).length;
    expect(made).toBeGreaterThan(1);
    expect(made).toBeLessThan(60);
    clock.forward(23 * HOUR);
    await expect(forget(context, ACTOR, { source: REPORTER.name })).rejects.toMatchObject({ code: "scope.in_use" });
    clock.forward(2 * HOUR);
    await forget(context, ACTOR, { source: REPORTER.name });
    expect(await present(context)).toEqual({});
    expect((await run.complete(context)).scopes).toEqual([]);
    expect(await names(context)).toEqual([]);
    await expectWhole(context);
  });

  it("is for exactly the scopes that were shown", async () => {
    const { context, clock } = await stale([region(1)]);
    const { fingerprint } = await previewForget(context, { account: ACCOUNT });
    await aRun([region(2)], { reporter: OTHER }).deliver(context);
    clock.forward(25 * HOUR);
    await expect(forget(context, ACTOR, { account: ACCOUNT, fingerprint })).rejects.toMatchObject({
      code: "scope.changed",
    });
    const now = await previewForget(context, { account: ACCOUNT });
    expect(now).toMatchObject({ scopes: 2, retires: 2, stays: 0 });
    await forget(context, ACTOR, { account: ACCOUNT, fingerprint: now.fingerprint });
    expect(await names(context)).toEqual([]);
  });

  it("shows before what it would retire, and what would stay", async () => {
    const { context } = await stale([region(1, 1, 2, 3), region(2)]);
    await aRun([region(1, 3)], { reporter: OTHER }).deliver(context);
    expect(await previewForget(context, { source: REPORTER.name })).toEqual({
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      scopes: 2,
      some: [1, 2].map((n) => ({
        source: REPORTER.name,
        ...instanceScope({ region: `r-${n}` }),
        cause: "stale",
        status: "complete",
        lastRunAt: "2026-03-01T00:00:00.000Z",
      })),
      retires: 3,
      stays: 1,
      sample: expect.arrayContaining([{ id: idOf(1), name: "web-1" }]),
    });
    expect((await listAudit(context, { limit: 100 })).items.filter(({ action }) => action === "scope.forget")).toEqual(
      [],
    );
  });

  it("of several shards leaves none of them, and nothing of a cut that was begun and never used", async () => {
    const many = Array.from({ length: 130 }, (_, n) => n + 1);
    const { context, table } = await stale([region(1, ...many)]);
    const left = { source: REPORTER.name, name: nameOf(1), shardCount: 2, shard: 1 };
    const none = new Uint8Array();
    const counts = { created: 0, updated: 0, unchanged: 0 };
    await table.commit([put(ManifestItem, { ...left, digest: "", entries: none, missing: none, run: "", ...counts })]);
    await forget(context, ACTOR, { source: REPORTER.name });
    expect(await itemsOf(table, nameOf(1))).toBe(0);
    expect(await present(context)).toEqual({});
    await expectWhole(context);
  });

  it("lifts its hold, about which nobody need decide any more", async () => {
    const { context, clock } = await createTestContext();
    await aRun([region(1, 1, 2, 3, 4)]).deliver(context);
    await aRun([{ ...region(1), resources: [] }]).deliver(context);
    clock.forward(25 * HOUR);
    expect((await listHolds(context, { limit: 10, state: "pending" })).items).toHaveLength(1);
    await forget(context, ACTOR, { source: REPORTER.name });
    expect((await listHolds(context, { limit: 10 })).items).toMatchObject([{ state: "lifted" }]);
    expect(await present(context)).toEqual({});
    await expectWhole(context);
  });

  it("reaches of a limited token its own accounts, and says of others what it says of those that are not there", async () => {
    const { context } = await stale([region(1), { key: instanceScope({ account: "999900001111" }), resources: [] }]);
    const limited: Context = { ...context, restriction: { accounts: ["aws/999900001111"] } };
    const refused = async (account: string) => {
      const error = await forget(limited, ACTOR, { account }).catch((thrown: unknown) => thrown);
      return (error as Error).message;
    };
    expect(await refused(ACCOUNT)).toBe(await refused("000011112222"));
    await forget(limited, ACTOR, { source: REPORTER.name });
    expect(await names(context)).toEqual([`${REPORTER.name}/r-1`]);
  });
});

describe("what takes longer than a request", () => {
  const many = Array.from({ length: 25 }, (_, n) => region(n + 1));

  it("is for what was meant when it was decided, whatever turns stale until it is done", async () => {
    const { context, clock } = await stale(many);
    await aRun([region(1)], { reporter: OTHER }).deliver(context);
    await expect(forget(context, ACTOR, { account: ACCOUNT })).rejects.toMatchObject({ code: "scope.in_use" });
    await forget(context, ACTOR, { account: ACCOUNT, stale: true });
    clock.forward(25 * HOUR);
    await runJobs(context);
    expect(await names(context)).toEqual(["other/r-1"]);
  });

  it("leaves what was reported after it was decided", async () => {
    const { context, clock } = await stale(many);
    const { job } = await forget(context, ACTOR, { account: ACCOUNT });
    clock.forward(60);
    await aRun([region(3), region(4)]).deliver(context);
    await runJobs(context);
    expect(await names(context)).toEqual([`${REPORTER.name}/r-3`, `${REPORTER.name}/r-4`]);
    expect(await getJob(context, job)).toMatchObject({ state: "done", progress: { done: 23, total: 25 } });
    await expectWhole(context);
  });

  it("ends where another collector is approved under the name of the one that was revoked", async () => {
    const { context, table } = await createTestContext();
    const approved = async () => {
      const collector = await registerCollector(context, SYSTEM, aCollector(aKey(), { name: "own", accounts: ["*"] }));
      await approveCollector(context, SYSTEM, collector.id);
      return collector;
    };
    const collector = await approved();
    await aRun([region(1), region(2), region(3)], { reporter: collector }).deliver(context);
    await revokeCollector(context, SYSTEM, collector.id);
    let writes = 0;
    const commit: Table["commit"] = async (all) => {
      await table.commit(all);
      if (++writes === 4) await approved();
    };
    await forget({ ...context, table: tableWith(table, { commit }) }, ACTOR, { source: "own" });
    await runJobs(context);
    expect(await names(context)).toEqual(["own/r-2", "own/r-3"]);
    await expectWhole(context);
  });
});

describe("a scope that was forgotten and is reported again", () => {
  it("is asked for all of it, and has everything back", async () => {
    const { context, clock } = await stale([region(1, 1, 2), region(2)]);
    const before = await present(context);
    await forget(context, ACTOR, { source: REPORTER.name });
    clock.forward(60);
    const { opened, completed } = await aRun([region(1, 1, 2), region(2)]).deliver(context);
    expect(opened.scopes.map(({ verdict }) => verdict)).toEqual(["upload", "upload"]);
    expect(completed?.totals).toMatchObject({ created: 3 });
    expect(await present(context)).toEqual(before);
    expect(await readCoverage(context, {})).toEqual({ complete: true, gaps: 0, scopes: 2, some: [] });
    expect((await aRun([region(1, 1, 2), region(2)]).deliver(context)).opened.state).toBe("unchanged");
    expect((await listScopes(context, { limit: 1 })).items[0]?.generation).toBe(3);
    await expectWhole(context);
  });
});

/** How many writes a forgetting makes. */
async function writesOf(scopes: readonly SeenScope[]): Promise<number> {
  const { context, table } = await stale(scopes);
  const counting = crashAt(table, Number.POSITIVE_INFINITY);
  await forget({ ...context, table: counting }, ACTOR, { source: REPORTER.name });
  return counting.writes();
}

describe("a forgetting that is killed", () => {
  it("at any of its writes goes on, and is done once", async () => {
    const scopes = [region(1, 1, 2, 3), region(2)];
    const total = await writesOf(scopes);
    for (let at = 1; at <= total; at++) {
      const { context, table, clock } = await stale(scopes);
      const done = await forget({ ...context, table: crashAt(table, at) }, ACTOR, { source: REPORTER.name }).then(
        () => true,
        () => false,
      );
      clock.forward(HOUR);
      await runJobs(context);
      const started = (await listJobs(context, { limit: 10, name: "forget-scopes" })).items;
      if (started.length === 0) {
        expect(done).toBe(false);
        expect(await names(context)).toHaveLength(2);
        continue;
      }
      expect(started, `killed at write ${at}`).toMatchObject([{ state: "done" }]);
      expect(await present(context)).toEqual({});
      expect(await names(context)).toEqual([]);
      for (const n of [1, 2]) expect(await itemsOf(table, nameOf(n))).toBe(0);
      expect(await readCoverage(context, {})).toEqual({ complete: true, gaps: 0, scopes: 0, some: [] });
      await expectWhole(context);
    }
  });
});
