import { newId } from "@cadastre/contract/ids";
import { put, type Stored } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { GuardError } from "../register/apply.ts";
import { HoldItem, type Lease, ManifestItem, type Outcome, ScopeItem } from "./items.ts";
import { settleLosses } from "./losses.ts";
import { readMissingOf } from "./retire.ts";
import { ACTOR, aLease, aManifest, aScope, entryOf, hashOf, KEY, NAME, REPORTER } from "./testing.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const ID = { source: REPORTER.name, name: NAME };
const HOLD = newId("hold", new Date(0));
const STEP = 6 * 3_600_000;

/** What was made of the scope before: so many resources, and one that was missing. */
const outcomeOf = (resources: number): Outcome => ({
  run: "run_1",
  generation: 3,
  digest: hashOf(8),
  errors: [],
  resources,
  missing: 1,
  result: { ...KEY, status: "complete", resources, created: 0, updated: 0, unchanged: 0, retired: 0, held: 0 },
  runAt: "2026-11-21T00:00:00.000Z",
});

interface Story {
  /** How many are missing, and how many are left. */
  readonly missing: number;
  readonly left: number;
  readonly scope?: Partial<ScopeItem>;
  readonly lease?: Partial<Lease>;
  readonly hold?: Partial<HoldItem>;
}

/** A scope of one shard that a run has sent, with what it misses, and the hold that stands on it. */
async function having({ missing, left, scope: of, lease, hold }: Story) {
  const context = aContext();
  const lost = range(1, missing + 1).map(hashOf);
  const manifest = aManifest(
    range(1, missing + left + 1).map((n) => entryOf(n)),
    { missing: lost },
  );
  await context.table.commit([
    put(ManifestItem, manifest),
    put(
      ScopeItem,
      aScope({
        lease: aLease({ resources: left, wanted: [0], digests: Buffer.from(hashOf(1), "hex"), ...lease }),
        ...(hold ? { hold: HOLD } : {}),
        ...of,
      }),
    ),
  ]);
  const { fingerprint } = await readMissingOf(context, { ...ID, shardCount: 1 }, [0]);
  if (hold) {
    const item: HoldItem = {
      ...KEY,
      id: HOLD,
      source: ID.source,
      scope: NAME,
      state: "pending",
      generation: 3,
      known: 1,
      missing: 1,
      sample: [],
      createdAt: "2026-11-20T00:00:00.000Z",
      fingerprint,
      ...hold,
    };
    await context.table.commit([put(HoldItem, item)]);
  }
  return { context, fingerprint };
}

async function settle(context: Context) {
  const scope = (await context.table.get(ScopeItem, ID, { consistent: true })) as Stored<ScopeItem>;
  const { lease } = scope;
  if (!lease) throw new Error("no lease");
  const states = new Map([[0, { digest: hashOf(1), missing: 1 }]]);
  const losses = await settleLosses(withEmptyReplica(context), ACTOR, { ...scope, lease }, states);
  if (losses) await context.table.commit([...losses.writes, put(ScopeItem, aScope())]);
  return losses;
}
const holdsOf = async (context: Context) => (await context.table.query(HoldItem, { partition: "holds" })).items;

describe("the losses of a scope that was seen whole", () => {
  it("are retired when they are few, and its manifest is told how many", async () => {
    const { context } = await having({ missing: 2, left: 20 });
    expect(await settle(context)).toEqual({
      retired: 0,
      held: 0,
      retiredShards: [0],
      hold: undefined,
      approved: false,
      writes: [],
    });
    const manifest = await context.table.get(ManifestItem, { ...ID, shardCount: 1, shard: 0 });
    expect(manifest).toMatchObject({ missing: new Uint8Array(), retired: { generation: 4, count: 0 } });
  });

  it("are held when they are many: one hold is made that says what it is about", async () => {
    const { context, fingerprint } = await having({ missing: 12, left: 8 });
    const losses = await settle(context);
    expect(losses).toMatchObject({ retired: 0, held: 12, retiredShards: [], approved: false });
    const holds = await holdsOf(context);
    expect(holds).toMatchObject([
      {
        ...KEY,
        id: losses?.hold,
        source: "s",
        scope: NAME,
        state: "pending",
        generation: 4,
        known: 20,
        missing: 12,
        fingerprint,
        createdAt: context.now().toISOString(),
      },
    ]);
    expect(holds[0]).not.toHaveProperty("weekAgo");
  });

  it("are still held when the hold waits: it is the same hold, about what is missing now", async () => {
    const { context, fingerprint } = await having({ missing: 12, left: 8, hold: { fingerprint: "other" } });
    expect(await settle(context)).toMatchObject({ held: 12, hold: HOLD });
    expect(await holdsOf(context)).toMatchObject([
      { id: HOLD, generation: 4, known: 20, missing: 12, fingerprint, createdAt: "2026-11-20T00:00:00.000Z" },
    ]);
  });

  it("stay without a word when an operator rejected exactly these, and are held anew when they are others", async () => {
    const same = await having({ missing: 12, left: 8, hold: { state: "rejected" } });
    expect(await settle(same.context)).toMatchObject({ held: 12, hold: HOLD, writes: [], retiredShards: [] });
    const other = await having({ missing: 12, left: 8, hold: { state: "rejected", fingerprint: "other" } });
    const losses = await settle(other.context);
    expect(losses?.hold).not.toBe(HOLD);
    expect((await holdsOf(other.context)).map(({ state }) => state).sort()).toEqual(["pending", "rejected"]);
  });

  it("are retired when an operator approved exactly these, which ends the hold", async () => {
    const { context } = await having({ missing: 12, left: 8, hold: { state: "approved" } });
    const losses = await settle(context);
    expect(losses).toMatchObject({ held: 0, hold: undefined, approved: true, retiredShards: [0] });
    expect(losses?.writes).toHaveLength(2);
    expect(await holdsOf(context)).toMatchObject([{ state: "approved" }]);
  });

  it("lift a hold that waits when they are few by now", async () => {
    const { context } = await having({ missing: 2, left: 20, hold: {} });
    expect(await settle(context)).toMatchObject({ approved: false, hold: undefined });
    expect(await holdsOf(context)).toMatchObject([{ state: "lifted", decidedAt: context.now().toISOString() }]);
  });

  it("leave a rejected hold as it is when they are few by now", async () => {
    const { context } = await having({ missing: 2, left: 20, hold: { state: "rejected", fingerprint: "other" } });
    expect(await settle(context)).toMatchObject({ hold: undefined, writes: [], approved: false });
    expect(await holdsOf(context)).toMatchObject([{ state: "rejected" }]);
  });

  it("are held when nothing is left of what the scope had, though it has others now", async () => {
    const outcome = outcomeOf(3);
    const { context } = await having({ missing: 4, left: 100, scope: { outcome } });
    expect(await settle(context)).toMatchObject({ held: 4 });
    const more = outcomeOf(4);
    const rest = await having({ missing: 4, left: 100, scope: { outcome: more } });
    expect(await settle(rest.context)).toMatchObject({ held: 0 });
  });

  it("are not retired once another run has the scope", async () => {
    const { context } = await having({ missing: 2, left: 20 });
    const scope = (await context.table.get(ScopeItem, ID)) as Stored<ScopeItem>;
    await context.table.commit([put(ScopeItem, aScope({ generation: 9 }))]);
    const lease = scope.lease as Lease;
    const states = new Map([[0, { digest: hashOf(1), missing: 1 }]]);
    await expect(settleLosses(context, ACTOR, { ...scope, lease }, states)).rejects.toThrow(GuardError);
  });

  it("that are done already, as the manifest says, need no naming", async () => {
    const lease = { wanted: [], digests: new Uint8Array() };
    const { context } = await having({ missing: 0, left: 20, lease });
    expect(await settle(context)).toMatchObject({ retired: 0, held: 0, retiredShards: [0] });
  });

  it("stay with no hold where there is none", async () => {
    const { context } = await having({ missing: 2, left: 20, scope: { hold: HOLD } });
    expect(await settle(context)).toMatchObject({ retiredShards: [0], hold: undefined, writes: [] });
  });

  it("are named by the lease before they are retired: then the scope is to be read anew", async () => {
    const { context } = await having({ missing: 2, left: 20, lease: { wanted: [], digests: new Uint8Array() } });
    expect(await settle(context)).toBeUndefined();
    const scope = await context.table.get(ScopeItem, ID, { consistent: true });
    expect(scope?.lease).toMatchObject({ wanted: [0], run: "run_2" });
    expect(Buffer.from(scope?.lease?.digests ?? []).toString("hex")).toBe(hashOf(1));
    expect(await settle(context)).toMatchObject({ retiredShards: [0] });
  });
});

describe("losses that add up within a week", () => {
  const now = Date.parse("2026-11-22T05:00:00.000Z");
  const sizes = (known: number): [number, number][] => [[Math.floor(now / STEP) - 28, known]];

  it("are held by what the scope had a week ago, which the hold says", async () => {
    const { context } = await having({ missing: 3, left: 20, scope: { sizes: sizes(40) } });
    expect(await settle(context)).toMatchObject({ held: 3 });
    expect(await holdsOf(context)).toMatchObject([{ weekAgo: 40 }]);
  });

  it.each(["pending", "rejected"] as const)(
    "keep the measure that a %s hold was opened for, however long it stands",
    async (state) => {
      const hold = { state, weekAgo: 40, fingerprint: "other" };
      const { context } = await having({ missing: 3, left: 20, scope: { sizes: sizes(21) }, hold });
      expect(await settle(context)).toMatchObject({ held: 3 });
      expect((await holdsOf(context)).find((one) => one.state === "pending")).toMatchObject({ weekAgo: 40 });
    },
  );

  it("take the larger measure when what was a week ago is more than the hold's", async () => {
    const hold = { weekAgo: 30, fingerprint: "other" };
    const { context } = await having({ missing: 3, left: 20, scope: { sizes: sizes(40) }, hold });
    await settle(context);
    expect(await holdsOf(context)).toMatchObject([{ weekAgo: 40 }]);
  });

  it("are not measured by what an approved or lifted hold was opened for", async () => {
    for (const state of ["approved", "lifted"] as const) {
      const { context } = await having({ missing: 3, left: 20, hold: { state, weekAgo: 40, fingerprint: "other" } });
      expect(await settle(context)).toMatchObject({ held: 0, hold: undefined });
    }
  });
});
