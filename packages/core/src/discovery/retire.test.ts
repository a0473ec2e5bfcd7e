import { type Entry, HASH_BYTES, packEntries, unpackEntries } from "@cadastre/contract/digest";
import { put, type Stored } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, anActor, type TestContext } from "../audit/testing.ts";
import { ResourceItem } from "../register/items.ts";
import { ManifestItem } from "./items.ts";
import { readMissing, readMissingOf, retireMissing } from "./retire.ts";
import { packHashes, unpackHashes } from "./shards.ts";

const SCOPE = { source: "s", name: "aws/111122223333/us-east-1/instance", shardCount: 4 };
const hashOf = (n: number) => n.toString(16).padStart(2 * HASH_BYTES, "0");
const entry = (n: number): Entry => ({ idHash: hashOf(n), contentHash: hashOf(n) });

/** A context with the manifest of a shard that has these resources and misses some of them. */
async function having(...shards: readonly { has: readonly number[]; missing: readonly number[] }[]) {
  const context = aContext();
  for (const [shard, { has, missing }] of shards.entries()) {
    const counts = { run: "run_1", digest: hashOf(0), created: 0, updated: 0, unchanged: 0 };
    const item = { entries: packEntries(has.map(entry)), missing: packHashes(missing.map(hashOf)) };
    await context.table.commit([put(ManifestItem, { ...SCOPE, shard, ...counts, ...item })]);
  }
  return context;
}
const manifestOf = (context: TestContext, shard: number) =>
  context.table.get(ManifestItem, { ...SCOPE, shard }, { consistent: true });

describe("what a scope misses", () => {
  it("is the same, whatever the order in which its shards became known: an approval holds for exactly that", async () => {
    const context = await having(
      { has: [1, 2], missing: [1] },
      { has: [3], missing: [] },
      { has: [5, 6], missing: [5, 6] },
    );
    const states = [0, 1, 2].map((shard) => [shard, { digest: "", missing: [1, 0, 2][shard] as number }] as const);
    const missing = await readMissing(context, SCOPE, new Map(states));
    expect(missing.idHashes).toEqual([1, 5, 6].map(hashOf));
    expect(missing.of.map(({ shard }) => shard)).toEqual([0, 2]);
    expect(await readMissing(context, SCOPE, new Map(states.toReversed()))).toEqual(missing);
    const [first] = missing.of;
    expect((await readMissingOf(context, SCOPE, [0])).fingerprint).toBe(first?.fingerprint);
    expect(first?.fingerprint).not.toBe(missing.fingerprint);
  });

  it("is nothing of a shard that was never written", async () => {
    expect(await readMissingOf(aContext(), SCOPE, [3])).toMatchObject({
      idHashes: [],
      of: [{ shard: 3, idHashes: [] }],
    });
  });

  it("is told by its manifest once it is retired, to the run that has the scope under this generation", async () => {
    const scope = { provider: "aws", account: "111122223333", region: "us-east-1", kind: "instance" } as const;
    const absence = { scope, run: "run_2", actor: anActor, at: "2026-01-01T00:00:00Z" };
    const retire = async (retired?: ManifestItem["retired"], generation?: number) => {
      const context = await having({ has: [1], missing: [1] });
      const { version: _, ...manifest } = (await manifestOf(context, 0)) as Stored<ManifestItem>;
      await context.table.commit([put(ManifestItem, { ...manifest, ...(retired ? { retired } : {}) })]);
      const missing = await readMissingOf(context, SCOPE, [0]);
      await retireMissing(context, SCOPE, missing, generation ? { ...absence, generation } : absence, []);
      return (await manifestOf(context, 0))?.retired;
    };
    // Nobody has the resource any more, so nothing is added.
    expect(await retire(undefined, 3)).toEqual({ generation: 3, count: 0 });
    expect(await retire({ generation: 3, count: 4 }, 3)).toEqual({ generation: 3, count: 4 });
    expect(await retire({ generation: 2, count: 4 }, 3)).toEqual({ generation: 3, count: 0 });
    expect(await retire({ generation: 2, count: 4 })).toEqual({ generation: 2, count: 4 });
  });

  it("counts again what the scope retired before it was interrupted, and nothing that another scope of the run did", async () => {
    const scope = { provider: "aws", account: "111122223333", region: "us-east-1", kind: "instance" } as const;
    const retired = (n: number, run: string, name: string): ResourceItem => ({
      ...scope,
      idHash: hashOf(n),
      id: `arn:aws:ec2:us-east-1:111122223333:instance/i-${n}`,
      name: "",
      tags: {},
      attributes: {},
      volatile: {},
      contentHash: "",
      claims: [],
      status: "retired",
      firstSeenAt: "2026-01-01T00:00:00Z",
      firstSeenBy: { actor: "collector:c", run: "run_1" },
      changedAt: "2026-01-01T00:00:00Z",
      sequence: 2,
      lastChange: { run, type: "retired", scope: name },
    });
    const context = await having({ has: [1, 2, 3, 4], missing: [1, 2, 3, 4] });
    const items = [
      retired(1, "run_2", SCOPE.name),
      retired(2, "run_2", SCOPE.name.replace("east", "west")),
      retired(3, "run_1", SCOPE.name),
      { ...retired(4, "run_2", SCOPE.name), lastChange: { run: "run_2", type: "updated" as const, scope: SCOPE.name } },
    ];
    await context.table.commit(items.map((item) => put(ResourceItem, item)));
    const absence = { scope, run: "run_2", generation: 3, actor: anActor, at: "2026-01-01T00:00:00Z" };
    expect(await retireMissing(context, SCOPE, await readMissingOf(context, SCOPE, [0]), absence, [])).toBe(1);
    expect((await manifestOf(context, 0))?.retired).toEqual({ generation: 3, count: 1 });
  });

  it("stays noted where it is not what is retired", async () => {
    const context = await having({ has: [1, 2, 3], missing: [1, 2] });
    const meant = { ...(await readMissingOf(context, SCOPE, [0])), idHashes: [hashOf(1)] };
    const scope = { provider: "aws", account: "111122223333", region: "us-east-1", kind: "instance" } as const;
    await retireMissing(context, SCOPE, meant, { scope, run: "run_2", actor: anActor, at: "2026-01-01T00:00:00Z" }, []);
    const manifest = await manifestOf(context, 0);
    expect(unpackHashes(manifest?.missing ?? new Uint8Array())).toEqual([hashOf(2)]);
    expect(unpackEntries(manifest?.entries ?? new Uint8Array())).toEqual([entry(2), entry(3)]);
  });
});
