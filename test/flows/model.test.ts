import { anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { approveHold, listHolds } from "@cadastre/core/discovery/holds";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { ACCOUNT, anInstance, aRun, instanceScope, type SeenScope } from "../support/estate.ts";
import { inTurns } from "../support/in-turns.ts";
import { countDump, indexDump } from "../support/index-dump.ts";
import { found, present, snapshot } from "../support/register.ts";

const OPERATOR = anActorOf("user", "usr_1", "req_2");
const REGIONS = ["us-east-1", "us-west-2", "eu-west-1"];

/** An instance in a state, by number: what the model knows of the cloud. */
type Cloud = Map<number, number>;

const regionOf = (n: number) => REGIONS[n % REGIONS.length] as string;
const shown = (n: number, state: number) =>
  anInstance(n, { region: regionOf(n), state: `s${state}`, address: `10.0.${state}.${n}` });

function seen(cloud: Cloud, regions: readonly string[]): SeenScope[] {
  return regions.map((region) => ({
    key: instanceScope({ region }),
    resources: [...cloud].filter(([n]) => regionOf(n) === region).map(([n, state]) => shown(n, state)),
  }));
}

async function settleHolds(context: Context): Promise<void> {
  const { items } = await listHolds(context, { limit: 100, state: "pending" });
  for (const hold of items) await approveHold(context, OPERATOR, hold.id, {});
}

const anEdit = fc.record({
  n: fc.integer({ min: 0, max: 40 }),
  state: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
});
const someRegions = fc.subarray(REGIONS, { minLength: 1 });

/** One step of a story: the cloud changes, and a collector looks at some regions, wholly, brokenly, or dying half way. */
const aStep = fc.record({
  edits: fc.array(anEdit, { maxLength: 8 }),
  regions: someRegions,
  how: fc.constantFrom("deliver", "deliver", "deliver", "failed", "partial", "abandon", "overtaken"),
});

async function play(
  context: Context,
  cloud: Cloud,
  step: { edits: { n: number; state: number | undefined }[]; regions: string[]; how: string },
): Promise<void> {
  for (const { n, state } of step.edits) {
    if (state === undefined) cloud.delete(n);
    else cloud.set(n, state);
  }
  const scopes = seen(cloud, step.regions);
  if (step.how === "failed" || step.how === "partial") {
    const some = scopes.map((scope) => ({
      ...scope,
      status: step.how as "failed" | "partial",
      errors: [{ code: "throttled", message: "" }],
      resources: step.how === "failed" ? [] : scope.resources.slice(0, 2),
    }));
    await aRun(some).deliver(context);
    return;
  }
  const run = aRun(scopes);
  if (step.how === "deliver") {
    await run.deliver(context);
    return;
  }
  const opened = await run.open(context);
  const [first] = opened.scopes.flatMap(({ want }, at) => (want ?? []).map((shard) => [at, shard] as const));
  if (first) await run.upload(context, ...first);
  if (step.how === "abandon") return;
  await aRun(scopes).deliver(context);
  if (opened.state === "open") {
    await run.uploadAll(context, opened);
    await run.complete(context);
  }
}

/** The index has what the resources say, and (where nothing lost a race) nothing else; the counts are those of a recount. */
async function expectDerived(context: Context, { raced = false } = {}): Promise<void> {
  const { missing, stray } = await indexDump(context);
  expect(missing).toEqual([]);
  if (!raced) expect(stray).toEqual([]);
  const counts = await countDump(context);
  expect(counts.stored).toEqual(counts.expected);
}

describe("whatever happens between collectors and the register", () => {
  it("after a whole run and an operator's approval the register is what the cloud is, and its index finds exactly that", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { context } = await createTestContext();
        const cloud: Cloud = new Map();
        for (const step of steps) {
          await play(context, cloud, step);
          await expectDerived(context);
        }
        await aRun(seen(cloud, REGIONS)).deliver(context);
        await settleHolds(context);
        await expectDerived(context);
        const ids = [...cloud].map(([n, state]) => shown(n, state).id).sort();
        expect(await found(context, `account:${ACCOUNT}`)).toEqual(ids);
        const undisturbed = (await createTestContext()).context;
        await aRun(seen(cloud, REGIONS)).deliver(undisturbed);
        expect(await present(context)).toEqual(await present(undisturbed));
        const all = await snapshot(context);
        for (const [id, resource] of Object.entries(all)) {
          expect(resource.indexed, id).toBe(true);
          expect(resource.events[0], id).toBe("created");
        }
        for (const [n, state] of cloud)
          expect(await found(context, `ip:10.0.${state}.${n}`)).toEqual([shown(n, state).id]);
        expect((await aRun(seen(cloud, REGIONS)).open(context)).state).toBe("unchanged");
      }),
      { numRuns: 60 },
    );
  });

  it("two collectors of two accounts that share a subnet never undo each other, in any interleaving", async () => {
    const guest = "444455556666";
    const subnet = { id: `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-1`, tags: {} };
    const attributes = {
      subnetId: "subnet-1",
      network: `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`,
      ownerAccount: ACCOUNT,
      cloudReservedCount: 5,
    };
    const scope = (account: string, name: string): SeenScope => ({
      key: instanceScope({ account, kind: "subnet" }),
      resources: [{ ...subnet, name, attributes }],
    });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.boolean(), { minLength: 2, maxLength: 6 }),
        async (scheduler, turns) => {
          const { context, table } = await createTestContext();
          const slow: Context = { ...context, table: inTurns(table, scheduler) };
          const work = turns.map((own, turn) =>
            aRun([own ? scope(ACCOUNT, `owner-${turn}`) : scope(guest, "")]).deliver(slow),
          );
          await scheduler.waitFor(Promise.allSettled(work));
          await aRun([scope(ACCOUNT, "the owner's word")]).deliver(context);
          await aRun([scope(guest, "")]).deliver(context);
          const all = await snapshot(context);
          expect(all[subnet.id]).toMatchObject({ name: "the owner's word", indexed: true, status: "active" });
          expect(all[subnet.id]?.claims).toHaveLength(2);
          await expectDerived(context, { raced: true });
        },
      ),
      { numRuns: 40 },
    );
  });

  it("runs over sets of scopes that overlap, in any interleaving, leave nothing that the next whole run does not mend", async () => {
    const aRunOf = fc.record({
      regions: someRegions,
      state: fc.integer({ min: 0, max: 2 }),
      how: fc.constantFrom("deliver", "deliver", "abandon"),
    });
    const cloudIn = (state: number): Cloud => new Map(Array.from({ length: 6 }, (_, n) => [n, state]));
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(aRunOf, { minLength: 2, maxLength: 5 }), async (scheduler, runs) => {
        const { context, table } = await createTestContext();
        const slow: Context = { ...context, table: inTurns(table, scheduler) };
        const work = runs.map(async ({ regions, state, how }) => {
          const run = aRun(seen(cloudIn(state), regions));
          if (how === "deliver") await run.deliver(slow);
          else await run.uploadAll(slow, await run.open(slow));
        });
        await scheduler.waitFor(Promise.allSettled(work));
        const last = runs[0]?.state as number;
        await aRun(seen(cloudIn(last), REGIONS)).deliver(context);
        const undisturbed = (await createTestContext()).context;
        await aRun(seen(cloudIn(last), REGIONS)).deliver(undisturbed);
        expect(await present(context)).toEqual(await present(undisturbed));
        expect((await aRun(seen(cloudIn(last), REGIONS)).open(context)).state).toBe("unchanged");
      }),
      { numRuns: 60 },
    );
  });
});
