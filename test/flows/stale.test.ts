import type { ChangeEntry } from "@cadastre/contract/changes";
import { anActor } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { listScopes } from "@cadastre/core/discovery/list-scopes";
import { staleScopes } from "@cadastre/core/discovery/stale-scopes";
import { listChanges } from "@cadastre/core/feed/list-changes";
import { listJobs } from "@cadastre/core/jobs/list";
import { runJob } from "@cadastre/core/jobs/start";
import { SetItem, STALE, StaleItem } from "@cadastre/core/ledger/items";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, REPORTER, type SeenScope } from "../support/estate.ts";
import { runJobs } from "../support/run-jobs.ts";
import { tableWith } from "../support/table-with.ts";

const HOUR = 3600;
const regions = (count: number, from = 1): SeenScope[] =>
  Array.from({ length: count }, (_, n) => ({
    key: instanceScope({ region: `us-east-${from + n}` }),
    resources: [anInstance(from + n, { region: `us-east-${from + n}` })],
  }));
const failed = (scope: SeenScope): SeenScope => ({
  ...scope,
  status: "failed",
  errors: [{ code: "denied", message: "no" }],
  resources: [],
});

/** A source that reported its scopes every hour, three times. */
async function hourly(count = 3) {
  const { context, clock, table } = await createTestContext();
  for (let n = 0; n < 3; n++) {
    if (n > 0) clock.forward(HOUR);
    await aRun(regions(count)).deliver(context);
  }
  return { context, clock, table };
}

const look = (context: Context) => runJobs(context, [staleScopes]);
/** Runs the job as its schedule does: the next time that it comes round. */
async function lookNext({ context, clock }: { context: Context; clock: { forward(seconds: number): void } }) {
  clock.forward(300);
  await look(context);
}

async function toldOf(context: Context): Promise<ChangeEntry[]> {
  const all: ChangeEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await listChanges(context, { limit: 200, order: "oldest", cursor });
    all.push(...page.items.filter(({ subject }) => subject.type === "scope"));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}
const shortOf = ({ subject, type }: ChangeEntry) => `${subject.id.split("/")[3]} ${type}`;
const told = async (context: Context) => (await toldOf(context)).map(shortOf);
const staleOnes = async (context: Context, stale = true) =>
  (await listScopes(context, { limit: 100, stale })).items.map(({ region }) => region);
const marks = async (context: Context) =>
  (await context.table.query(StaleItem, { partition: `ledger#${REPORTER.name}`, sort: { beginsWith: STALE } })).items;

describe("a scope that is not reported any more", () => {
  it("is stale after three of its source's usual intervals, in the list at once and in the feed once", async () => {
    const world = await hourly();
    const { context, clock } = world;
    clock.forward(3 * HOUR);
    await look(context);
    expect(await staleOnes(context)).toEqual([]);
    expect(await told(context)).toEqual([]);
    clock.forward(1);
    expect(await staleOnes(context)).toEqual(["us-east-1", "us-east-2", "us-east-3"]);
    expect((await listScopes(context, { limit: 1 })).items[0]).toMatchObject({ stale: true, status: "complete" });
    await lookNext(world);
    const changes = await toldOf(context);
    expect(changes.map(shortOf).sort()).toEqual(["us-east-1 stale", "us-east-2 stale", "us-east-3 stale"]);
    expect(changes[0]).toMatchObject({
      actor: "system",
      kind: "instance",
      provider: "aws",
      account: "111122223333",
      region: expect.stringContaining("us-east-"),
      subject: { type: "scope", key: expect.stringMatching(/^aws-main\/aws\/111122223333\/us-east-\d\/instance$/) },
      changes: [{ path: "stale", before: false, after: true }],
    });
    for (let n = 0; n < 3; n++) await lookNext(world);
    expect(await toldOf(context)).toHaveLength(3);
  });

  it("whose collector announces how often it looks is stale after three of these, from its first run on", async () => {
    const { context, clock } = await createTestContext();
    const every = (intervalSeconds?: number) =>
      aRun(regions(1), intervalSeconds === undefined ? {} : { intervalSeconds }).deliver(context);
    const intervals = async () => (await listScopes(context, { limit: 1 })).items.map((one) => one.intervalSeconds);
    await every(900);
    expect(await intervals()).toEqual([900]);
    clock.forward(2700);
    expect(await staleOnes(context)).toEqual([]);
    clock.forward(1);
    expect(await staleOnes(context)).toEqual(["us-east-1"]);
    await lookNext({ context, clock });
    expect(await told(context)).toEqual(["us-east-1 stale"]);
    // Another schedule counts from the next run on, and a run that announces none by what was learnt.
    await every(24 * HOUR);
    clock.forward(3 * 24 * HOUR);
    expect(await staleOnes(context)).toEqual([]);
    await every();
    const [learnt = 0] = await intervals();
    expect(learnt).toBeGreaterThan(24 * HOUR);
    clock.forward(3 * learnt - 3);
    expect(await staleOnes(context)).toEqual([]);
    clock.forward(6);
    expect(await staleOnes(context)).toEqual(["us-east-1"]);
  });

  it("of a source that reported once only is stale after a day", async () => {
    const { context, clock } = await createTestContext();
    await aRun(regions(1)).deliver(context);
    clock.forward(24 * HOUR);
    expect(await staleOnes(context)).toEqual([]);
    clock.forward(1);
    expect(await staleOnes(context)).toEqual(["us-east-1"]);
  });

  it("is told to be what it is once it is reported again, by a run that writes no more than any other", async () => {
    const world = await hourly();
    const { context, clock } = world;
    clock.forward(HOUR);
    const usual = await context.table.meter.measure(() => aRun(regions(3)).deliver(context));
    clock.forward(6 * HOUR);
    await look(context);
    clock.forward(HOUR);
    const { units } = await context.table.meter.measure(() => aRun(regions(3)).deliver(context));
    expect(units).toEqual(usual.units);
    expect(await staleOnes(context)).toEqual([]);
    await lookNext(world);
    const changes = (await toldOf(context)).slice(3);
    expect(changes.map(shortOf).sort()).toEqual(["us-east-1 complete", "us-east-2 complete", "us-east-3 complete"]);
    expect(changes[0]).toMatchObject({ changes: [{ path: "stale", before: true, after: false }] });
    expect(await marks(context)).toEqual([]);
    await lookNext(world);
    expect(await toldOf(context)).toHaveLength(6);
  });

  it("is stale alone when others of its source are reported, and back when it is in another set of them", async () => {
    const world = await hourly();
    const { context, clock } = world;
    for (let n = 0; n < 5; n++) {
      clock.forward(HOUR);
      await aRun(regions(2)).deliver(context);
    }
    await look(context);
    expect(await told(context)).toEqual(["us-east-3 stale"]);
    expect(await staleOnes(context)).toEqual(["us-east-3"]);
    expect(await staleOnes(context, false)).toEqual(["us-east-1", "us-east-2"]);
    clock.forward(HOUR);
    await aRun(regions(4)).deliver(context);
    await lookNext(world);
    expect(await told(context)).toEqual(["us-east-3 stale", "us-east-3 complete"]);
    expect(await marks(context)).toEqual([]);
  });

  it("stays stale, told once, when it came into another set which nobody reports either, before anybody looked", async () => {
    const world = await hourly();
    const { context, clock } = world;
    clock.forward(4 * HOUR);
    await look(context);
    await aRun(regions(2)).deliver(context);
    clock.forward(30 * HOUR);
    await look(context);
    expect(await told(context)).toHaveLength(3);
    const [moved, , left] = await marks(context);
    expect(moved?.set).not.toBe(left?.set);
    clock.forward(HOUR);
    await aRun(regions(2)).deliver(context);
    await lookNext(world);
    expect((await told(context)).slice(3).sort()).toEqual(["us-east-1 complete", "us-east-2 complete"]);
  });

  it("has its turns in their order, also when the clock of who looks next is behind", async () => {
    const { context, clock } = await hourly(1);
    clock.forward(4 * HOUR);
    await look(context);
    clock.forward(-60);
    await aRun(regions(1)).deliver(context);
    await runJob(context, anActor, [staleScopes], "stale-scopes");
    await look(context);
    expect(await told(context)).toEqual(["us-east-1 stale", "us-east-1 complete"]);
  });

  it("is looked for at the price of sets alone, once all of a source are marked", async () => {
    const world = await hourly(40);
    world.clock.forward(4 * HOUR);
    await look(world.context);
    expect(await marks(world.context)).toHaveLength(40);
    const [set] = (
      await world.context.table.query(SetItem, { partition: `ledger#${REPORTER.name}`, sort: { beginsWith: "set#" } })
    ).items;
    expect(set).toMatchObject({ marked: true, interval: HOUR * 1000 });
    world.clock.forward(300);
    const queries: string[] = [];
    const table = tableWith(world.context.table, {
      query: (entity, query) => {
        queries.push(entity.type);
        return world.context.table.query(entity, query);
      },
    });
    await look({ ...world.context, table });
    expect(queries.filter((type) => type === "scope-set")).toHaveLength(1);
    expect(queries.filter((type) => type === "stale-scope" || type === "ledger-page")).toEqual([]);
  });

  it("killed at any write, is told once, and once when it is back", async () => {
    let at = 0;
    for (let died = true; died; ) {
      at++;
      const world = await hourly(36);
      const { context, clock } = world;
      clock.forward(4 * HOUR);
      const table = crashAt(context.table, at);
      await look({ ...context, table }).catch(() => undefined);
      died = table.writes() >= at;
      await lookNext(world);
      const place = `killed at write ${at}`;
      expect((await told(context)).sort(), place).toEqual(
        regions(36)
          .map(({ key }) => `${key.region} stale`)
          .sort(),
      );
      expect((await listJobs(context, { limit: 9, state: "failed" })).items, place).toEqual([]);
      await aRun(regions(36)).deliver(context);
      const dying = crashAt(context.table, at);
      clock.forward(300);
      await look({ ...context, table: dying }).catch(() => undefined);
      await lookNext(world);
      const back = (await told(context)).slice(36);
      expect(back.sort(), place).toEqual(
        regions(36)
          .map(({ key }) => `${key.region} complete`)
          .sort(),
      );
      expect(await marks(context), place).toEqual([]);
    }
    expect(at).toBeGreaterThan(5);
  });

  it("that is reported while it is about to be marked is not marked", async () => {
    const world = await hourly();
    world.clock.forward(4 * HOUR);
    let reported = false;
    const table = tableWith(world.context.table, {
      async commit(writes) {
        if (!reported && writes.some(({ entity }) => entity === StaleItem)) {
          reported = true;
          await aRun(regions(3)).deliver(world.context);
        }
        return world.context.table.commit(writes);
      },
    });
    await look({ ...world.context, table });
    expect(reported).toBe(true);
    expect(await told(world.context)).toEqual([]);
    await lookNext(world);
    expect(await told(world.context)).toEqual([]);
  });

  it("that is reported just after it was marked is told to be back", async () => {
    const world = await hourly(1);
    world.clock.forward(4 * HOUR);
    let reported = false;
    const table = tableWith(world.context.table, {
      async commit(writes) {
        await world.context.table.commit(writes);
        if (reported || !writes.some(({ entity }) => entity === StaleItem)) return;
        reported = true;
        await aRun(regions(1)).deliver(world.context);
      },
    });
    await look({ ...world.context, table });
    await lookNext(world);
    expect(await told(world.context)).toEqual(["us-east-1 stale", "us-east-1 complete"]);
    expect(await marks(world.context)).toEqual([]);
  });

  it("on which a run took long is stale later than those that are reported with it", async () => {
    const world = await hourly(2);
    const { context, clock } = world;
    clock.forward(HOUR);
    const [first, second] = regions(2) as [SeenScope, SeenScope];
    const changed = { ...first, resources: [anInstance(1, { region: "us-east-1", state: "stopped" })] };
    const run = aRun([changed, second]);
    await run.uploadAll(context, await run.open(context));
    clock.forward(2 * HOUR);
    await run.complete(context);
    clock.forward(2 * HOUR);
    await look(context);
    expect(await told(context)).toEqual(["us-east-2 stale"]);
    clock.forward(2 * HOUR);
    await look(context);
    expect(await told(context)).toEqual(["us-east-2 stale", "us-east-1 stale"]);
  });
});

describe("a scope's turns", () => {
  it("from complete to failed, partial and back are in the feed, once each; a first complete run is none", async () => {
    const { context, clock } = await createTestContext();
    const [scope] = regions(1) as [SeenScope];
    const states: SeenScope[] = [
      scope,
      failed(scope),
      { ...failed(scope), errors: [{ code: "throttled", message: "slow" }] },
      { ...scope, status: "partial", errors: [{ code: "throttled", message: "slow" }] },
      scope,
      { ...scope, resources: [anInstance(1, { region: "us-east-1", state: "stopped" })] },
    ];
    for (const state of states) {
      await aRun([state]).deliver(context);
      await aRun([state]).deliver(context);
      clock.forward(60);
    }
    const changes = await toldOf(context);
    expect(changes.map(shortOf)).toEqual(["us-east-1 failed", "us-east-1 partial", "us-east-1 complete"]);
    expect(changes.map((one) => one.changes)).toEqual([
      [
        { path: "status", before: "complete", after: "failed" },
        { path: "errors", before: [], after: ["denied"] },
      ],
      [{ path: "status", before: "failed", after: "partial" }],
      [
        { path: "status", before: "partial", after: "complete" },
        { path: "errors", before: ["throttled"], after: [] },
      ],
    ]);
    expect(changes[0]).toMatchObject({ actor: `collector:${REPORTER.id}`, run: expect.stringMatching(/^run_/) });
  });

  it("include a first run that failed", async () => {
    const { context } = await createTestContext();
    await aRun(regions(2).map(failed)).deliver(context);
    const changes = await toldOf(context);
    expect(changes.map(shortOf).sort()).toEqual(["us-east-1 failed", "us-east-2 failed"]);
    expect(changes[0]?.changes[0]).toEqual({ path: "status", after: "failed" });
  });

  it("killed at any write of the run and retried, or followed by another, are told once", async () => {
    for (const isSame of [true, false]) {
      let at = 0;
      for (let died = true; died; ) {
        at++;
        const { context } = await createTestContext();
        await aRun(regions(2)).deliver(context);
        const next = [failed(regions(1)[0] as SeenScope), ...regions(1, 2)];
        const run = aRun(next);
        died = await run.deliver({ ...context, table: crashAt(context.table, at) }).then(
          () => false,
          () => true,
        );
        await (isSame ? run : aRun(next)).deliver(context);
        expect(await told(context), `killed at write ${at}`).toEqual(["us-east-1 failed"]);
      }
      expect(at).toBeGreaterThan(2);
    }
  });
});
