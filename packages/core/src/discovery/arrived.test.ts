import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, withEmptyReplica } from "../audit/testing.ts";
import { readArrived, requireArrived } from "./arrived.ts";
import { ManifestItem, ScopeItem } from "./items.ts";
import { aLease, aManifest, aScope, entryOf, hashOf, KEY } from "./testing.ts";

const RUN = "run_2";
const digests = (...of: number[]) => Buffer.from(of.map(hashOf).join(""), "hex");
const nameOf = (n: number) => `aws/111122223333/region-${n}/network`;
const outcomeOf = (run: string) => ({
  run,
  generation: 3,
  digest: hashOf(8),
  errors: [],
  resources: 1,
  missing: 0,
  result: {
    ...KEY,
    status: "complete" as const,
    resources: 1,
    created: 0,
    updated: 0,
    unchanged: 1,
    retired: 0,
    held: 0,
  },
  runAt: "2026-11-21T00:00:00.000Z",
});

describe("what has arrived of a run", () => {
  it("is what its manifests say: their numbers where they are its own, and the shards that are not as announced", async () => {
    const context = aContext();
    const wanted = [0, 2, 3, 10];
    const lease = aLease({ wanted, digests: digests(1, 2, 3, 4), generation: 4 });
    const of = (shard: number, digest: number) => ({ name: nameOf(1), shardCount: 16, shard, digest: hashOf(digest) });
    const counts = { created: 5, updated: 7, unchanged: 0 };
    await context.table.load([
      put(ScopeItem, aScope({ name: nameOf(1), shardCount: 16, lease })),
      put(
        ManifestItem,
        aManifest([entryOf(1), entryOf(2)], { ...of(0, 1), ...counts, run: RUN, missing: [hashOf(2)] }),
      ),
      put(ManifestItem, aManifest([], { ...of(2, 2), ...counts, run: RUN, retired: { generation: 4, count: 3 } })),
      put(ManifestItem, aManifest([], { ...of(3, 9), ...counts, run: "run_1", retired: { generation: 4, count: 4 } })),
    ]);
    const { open, completed } = await readArrived(withEmptyReplica(context), { source: "s", run: RUN }, [
      nameOf(1),
      nameOf(9),
    ]);
    expect(completed).toEqual([]);
    expect(open).toMatchObject([{ created: 10, updated: 14, retired: 7 }]);
    expect(open[0]?.missingShards.toSorted((a, b) => a - b)).toEqual([3, 10]);
    expect(open[0]?.states.get(0)).toEqual({ digest: hashOf(1), missing: 1 });
    expect(() => requireArrived(open)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("2 shards of 1 scopes"),
        extra: { missing: [{ scope: nameOf(1), shards: [3, 10] }] },
      }),
    );
  });

  it("names missing shards in the order of their numbers, of the scopes that miss any", () => {
    const scope = { ...aScope({ name: nameOf(1) }), version: 1, lease: aLease() };
    const one = { scope, states: new Map(), created: 0, updated: 0, retired: 0 };
    const two = { ...one, scope: { ...scope, name: nameOf(2) } };
    expect(() =>
      requireArrived([
        { ...one, missingShards: [10, 9, 2] },
        { ...two, missingShards: [] },
        { ...two, missingShards: [1] },
      ]),
    ).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("4 shards of 2 scopes"),
        extra: {
          missing: [
            { scope: nameOf(1), shards: [2, 9, 10] },
            { scope: nameOf(2), shards: [1] },
          ],
        },
      }),
    );
    expect(() => requireArrived([{ ...one, missingShards: [] }])).not.toThrow();
  });

  it("has scopes that it completed before it was interrupted, and none that a newer run has opened or completed", async () => {
    const context = aContext();
    const other = aLease({ run: "run_3" });
    await context.table.load([
      put(ScopeItem, aScope({ name: nameOf(1), lease: aLease({ run: RUN }), outcome: outcomeOf(RUN) })),
      put(ScopeItem, aScope({ name: nameOf(2), outcome: outcomeOf(RUN) })),
      put(ScopeItem, aScope({ name: nameOf(3), lease: other, outcome: outcomeOf(RUN) })),
      put(ScopeItem, aScope({ name: nameOf(4), lease: other, outcome: outcomeOf("run_1") })),
      put(ScopeItem, aScope({ name: nameOf(5), outcome: outcomeOf("run_3") })),
      put(ScopeItem, aScope({ name: nameOf(6) })),
    ]);
    const names = [1, 2, 3, 4, 5, 6, 7].map(nameOf);
    const { open, completed } = await readArrived(context, { source: "s", run: RUN }, names);
    expect(open.map(({ scope }) => scope.name)).toEqual([nameOf(1)]);
    expect(completed.map(({ name }) => name)).toEqual([nameOf(2), nameOf(3)]);
  });
});
