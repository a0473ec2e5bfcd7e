import { scopeName } from "@cadastre/contract/scope";
import { anActor } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { approveHold, listHolds } from "@cadastre/core/discovery/holds";
import { staleScopes } from "@cadastre/core/discovery/stale-scopes";
import { forget } from "@cadastre/core/forgetting/forget";
import { listJobs } from "@cadastre/core/jobs/list";
import { blankEntry, setOf } from "@cadastre/core/ledger/entry";
import { readCoverage } from "@cadastre/core/ledger/gaps";
import { readScopesOf } from "@cadastre/core/ledger/read";
import { editLedger } from "@cadastre/core/ledger/write";
import type { Table } from "@cadastre/store/table";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { createTestContext } from "../support/context.ts";
import { crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, REPORTER, type SeenScope } from "../support/estate.ts";
import { inTurns } from "../support/in-turns.ts";
import { countDump, indexDump } from "../support/index-dump.ts";
import { present, snapshot } from "../support/register.ts";
import { runJobs } from "../support/run-jobs.ts";
import { tableWith } from "../support/table-with.ts";

const HOUR = 3600;
const OTHER = { ...REPORTER, name: "other" };
const REGIONS = ["r-1", "r-2"];

/** Some instances of each region, in a state. */
const seen = (numbers: readonly number[], state = "running"): SeenScope[] =>
  REGIONS.map((region) => ({
    key: instanceScope({ region }),
    resources: numbers.map((n) => anInstance(n, { region, state })),
  }));

async function expectWhole(context: Context): Promise<void> {
  expect((await indexDump(context)).missing).toEqual([]);
  const counts = await countDump(context);
  expect(counts.stored).toEqual(counts.expected);
  for (const [id, { indexed }] of Object.entries(await snapshot(context))) expect(indexed, id).toBe(true);
}

const someNumbers = fc.subarray([1, 2, 3, 4], { minLength: 1 });
const aLook = fc.record({
  numbers: someNumbers,
  isOther: fc.boolean(),
  how: fc.constantFrom("deliver", "deliver", "abandon"),
});

describe("forgetting beside runs, in any interleaving", () => {
  it("loses nothing that the next whole look of each source has, and what is then forgotten leaves nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(aLook, { minLength: 1, maxLength: 3 }),
        someNumbers,
        async (scheduler, looks, last) => {
          const { context, clock, table } = await createTestContext();
          await aRun(seen([1, 2, 3])).deliver(context);
          clock.forward(25 * HOUR);
          await runJobs(context, [staleScopes]);
          const slow: Context = { ...context, table: inTurns(table, scheduler) };
          const work = [
            forget(slow, anActor, { source: REPORTER.name }),
            forget(slow, anActor, { source: REPORTER.name, region: "r-1" }),
            ...looks.map(async ({ numbers, isOther, how }, n) => {
              const run = aRun(seen(numbers, `s-${n}`), isOther ? { reporter: OTHER } : {});
              if (how === "deliver") await run.deliver(slow);
              else await run.uploadAll(slow, await run.open(slow));
            }),
          ];
          await scheduler.waitFor(Promise.allSettled(work));
          clock.forward(HOUR);
          await runJobs(context);
          await aRun(seen(last)).deliver(context);
          await aRun(seen(last), { reporter: OTHER }).deliver(context);
          for (const { id } of (await listHolds(context, { limit: 100, state: "pending" })).items)
            await approveHold(context, anActor, id, {});
          const undisturbed = (await createTestContext()).context;
          await aRun(seen(last)).deliver(undisturbed);
          await aRun(seen(last), { reporter: OTHER }).deliver(undisturbed);
          expect(claimsOf(await present(context))).toEqual(claimsOf(await present(undisturbed)));
          expect(await readCoverage(context, {})).toMatchObject({ scopes: 4 });
          expect((await aRun(seen(last)).open(context)).state).toBe("unchanged");
          clock.forward(400 * HOUR);
          await forget(context, anActor, { source: REPORTER.name });
          await runJobs(context);
          const left = (await createTestContext()).context;
          await aRun(seen(last), { reporter: OTHER }).deliver(left);
          expect(claimsOf(await present(context))).toEqual(claimsOf(await present(left)));
          expect(await readCoverage(context, {})).toMatchObject({ scopes: 2 });
          await expectWhole(context);
        },
      ),
      { numRuns: 12 },
    );
  });
});

/** A scope of two shards, of which each takes several commits, and a small one; stale. */
async function staleLarge() {
  const { context, clock, table } = await createTestContext();
  const many = Array.from({ length: 48 }, (_, n) => n + 1);
  const scopes: SeenScope[] = [
    { key: instanceScope({ region: "r-1" }), resources: many.map((n) => anInstance(n, { region: "r-1" })) },
    { key: instanceScope({ region: "r-2" }), resources: [anInstance(1, { region: "r-2" })] },
  ];
  const name = scopeName(instanceScope({ region: "r-1" }));
  const look = () => aRun(scopes, { counts: new Map([[name, 2]]) });
  await look().deliver(context);
  clock.forward(25 * HOUR);
  return { context, clock, table, look, name };
}

/** The table, which does something after its n-th write, once. */
function meeting(table: Table, at: number, meet: () => Promise<unknown>): Table & { writes(): number } {
  let writes = 0;
  const after = async () => {
    if (++writes === at) await meet();
  };
  const commit: Table["commit"] = async (all) => {
    await table.commit(all);
    await after();
  };
  return { ...tableWith(table, { commit }), writes: () => writes };
}

describe("a run that comes between any two writes of a forgetting", () => {
  it("has all that it sees, at once and after the forgetting has gone on", async () => {
    for (let at = 1; ; at++) {
      const { context, clock, table, look } = await staleLarge();
      const before = await present(context);
      const met = meeting(table, at, () => look().deliver(context));
      await forget({ ...context, table: met }, anActor, { source: REPORTER.name });
      if (met.writes() < at) break;
      clock.forward(HOUR);
      await runJobs(context);
      expect(await present(context), `met at write ${at}`).toEqual(before);
      expect(await readCoverage(context, {})).toMatchObject({ gaps: 0, scopes: 2 });
      expect((await look().open(context)).state).toBe("unchanged");
      await expectWhole(context);
    }
  });

  it("or after it was killed at any of them, has all that it sees", async () => {
    for (let at = 1; ; at++) {
      const { context, clock, table, look } = await staleLarge();
      const before = await present(context);
      const crashing = crashAt(table, at);
      await forget({ ...context, table: crashing }, anActor, { source: REPORTER.name }).catch(() => undefined);
      if (crashing.writes() < at) break;
      clock.forward(60);
      await look().deliver(context);
      expect(await present(context), `killed at write ${at}`).toEqual(before);
      clock.forward(HOUR);
      await runJobs(context);
      expect(await present(context), `killed at write ${at}, and gone on`).toEqual(before);
      await expectWhole(context);
    }
  });

  it("and dies before it has a lease, leaves the scope to the next", async () => {
    for (let at = 1; ; at++) {
      const { context, clock, table, look, name } = await staleLarge();
      const before = await present(context);
      const scopes = look().body().scopes;
      const set = setOf(scopes.map(scopeName));
      const begin = async () => {
        const blank = new Map([[name, blankEntry({ name, set, generation: 99 })]]);
        const own = { set, at: context.now().getTime(), isReported: true };
        await context.table.commit(await editLedger(context, REPORTER.name, blank, own));
      };
      const met = meeting(table, at, begin);
      await forget({ ...context, table: met }, anActor, { source: REPORTER.name });
      if (met.writes() < at) break;
      clock.forward(HOUR);
      await runJobs(context);
      expect((await readScopesOf(context, REPORTER.name)).map((one) => one.name)).toContain(name);
      await look().deliver(context);
      expect(await present(context), `met at write ${at}`).toEqual(before);
      expect(await readCoverage(context, {})).toMatchObject({ gaps: 0, scopes: 2 });
      expect((await look().open(context)).state).toBe("unchanged");
    }
  });
});

const claimsOf = (all: Awaited<ReturnType<typeof present>>) =>
  Object.fromEntries(Object.entries(all).map(([id, { claims, hash }]) => [id, { claims, hash }]));

describe("forgetting over DynamoDB", () => {
  it("killed at any of its writes goes on, and a run in between loses nothing", async () => {
    const scopes = seen([1, 2]);
    for (let at = 1; ; at++) {
      const { table, clock, close } = await openDynamo();
      const context: Context = { ...(await createTestContext()).context, table, now: clock.now };
      await aRun(scopes).deliver(context);
      const before = await present(context);
      clock.advance(25 * HOUR);
      const crashing = crashAt(table, at);
      const dying: Context = { ...context, table: crashing };
      await forget(dying, anActor, { source: REPORTER.name }).catch(() => undefined);
      const isWhole = crashing.writes() < at;
      if (at % 2 === 0) {
        clock.advance(60);
        await aRun(scopes).deliver(context);
        expect(await present(context), `killed at write ${at}`).toEqual(before);
      }
      clock.advance(HOUR);
      await runJobs(context);
      const jobs = (await listJobs(context, { limit: 10, name: "forget-scopes" })).items;
      if (at % 2 === 0) expect(await present(context), `killed at write ${at}, and gone on`).toEqual(before);
      else if (jobs.length > 0) expect(await present(context), `killed at write ${at}`).toEqual({});
      expect(await readCoverage(context, {})).toMatchObject({ scopes: at % 2 === 0 || jobs.length === 0 ? 2 : 0 });
      await close();
      if (isWhole) break;
    }
  });
});
