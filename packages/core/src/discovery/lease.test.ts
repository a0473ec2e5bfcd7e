import type { Stored } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import type { Lease, ScopeItem } from "./items.ts";
import { decideLease, decideWanted, type Incoming, NOT_KNOWN, withShards } from "./lease.ts";
import { announcedDigest } from "./manifests.ts";
import { EMPTY_DIGEST } from "./shards.ts";

const name = "aws/111122223333/us-east-1/instance";
const opener = { source: "s", run: "run_2", lookedAt: 1000, confirmedAt: () => 0, knownGeneration: () => 0 };
const digest = (n: number) => String(n).repeat(32);
const incoming = (...shards: string[]): Incoming => ({
  provider: "aws",
  account: "111122223333",
  region: "us-east-1",
  kind: "instance",
  name,
  status: "complete",
  errors: [],
  resources: 2,
  digest: digest(9),
  shards,
});
const stored = (more: Partial<ScopeItem> = {}): Stored<ScopeItem> => ({
  source: "s",
  name,
  generation: 4,
  shardCount: 2,
  version: 1,
  ...more,
});
const states = new Map([
  [0, { digest: digest(1), missing: 0 }],
  [1, { digest: digest(2), missing: 0 }],
]);
const leaseOf = (run: string, wanted: number[]): Lease => ({
  run,
  generation: 4,
  status: "complete",
  errors: [],
  resources: 2,
  digest: digest(8),
  wanted,
  digests: new Uint8Array(16 * wanted.length),
});
const itemOf = ({ write }: { write: unknown }) => (write as { item: ScopeItem }).item;

describe("a run that opens a scope", () => {
  it("for the first time wants every shard that is not empty, and makes the scope", () => {
    const opened = decideLease(opener, incoming(digest(1), EMPTY_DIGEST), NOT_KNOWN, 2);
    expect(opened).toMatchObject({ verdict: { verdict: "upload", want: [0] }, generation: 1, write: { op: "create" } });
    expect(itemOf(opened)).toMatchObject({ shardCount: 2, generation: 1, lease: { run: "run_2", wanted: [0] } });
  });

  it("wants the shards that differ, in a new generation, at the version that was read", () => {
    const opened = decideLease(opener, incoming(digest(1), digest(3)), { scope: stored(), states }, 2);
    expect(opened).toMatchObject({ verdict: { want: [1] }, generation: 5, write: { op: "replace", version: 1 } });
    const { lease } = itemOf(opened);
    expect(lease && announcedDigest(lease, 0)).toBe(digest(3));
  });

  it("is only recorded when nothing but its status is new", () => {
    expect(decideLease(opener, incoming(digest(1), digest(2)), { scope: stored(), states }, 2).verdict).toEqual({
      verdict: "recorded",
    });
  });

  it("that has it open keeps its generation; another one takes the scope over with the shards that were on the way", () => {
    const own = stored({ lease: leaseOf("run_2", [1]) });
    expect(decideLease(opener, incoming(digest(1), digest(3)), { scope: own, states }, 2).generation).toBe(4);
    const others = stored({ lease: leaseOf("run_1", [0]) });
    const opened = decideLease(opener, incoming(digest(1), digest(3)), { scope: others, states }, 2);
    expect(opened).toMatchObject({ verdict: { want: [1] }, generation: 5 });
    const { lease } = itemOf(opened);
    expect(lease?.wanted).toEqual([0, 1]);
    expect(lease && [announcedDigest(lease, 0), announcedDigest(lease, 1)]).toEqual([digest(1), digest(3)]);
  });

  it("and says nothing of its resources leaves the shards that were on the way as they are known to be", () => {
    const others = stored({ lease: leaseOf("run_1", [1, 7]) });
    const { lease } = itemOf(decideLease(opener, incoming(), { scope: others, states }, 8));
    expect(lease?.wanted).toEqual([1, 7]);
    expect(lease && [announcedDigest(lease, 0), announcedDigest(lease, 1)]).toEqual([digest(2), EMPTY_DIGEST]);
  });
});

describe("the shards that a run is asked for", () => {
  it("are those whose digest is not the known one; one that was never uploaded is known to be empty", () => {
    expect(decideWanted([digest(1), digest(3), digest(4), EMPTY_DIGEST], states)).toEqual([1, 2]);
    expect(decideWanted([], states)).toEqual([]);
    expect(decideWanted([EMPTY_DIGEST], states)).toEqual([0]);
  });
});

describe("a lease that is to name further shards", () => {
  it("has them in their order, with their digests as they are known, and keeps what was announced of the others", () => {
    const lease = { ...leaseOf("run_2", [1]), digests: Buffer.from(digest(5), "hex") };
    const named = withShards(lease, [3, 1, 0], states);
    expect(named.wanted).toEqual([0, 1, 3]);
    expect([0, 1, 2].map((place) => announcedDigest(named, place))).toEqual([digest(1), digest(5), EMPTY_DIGEST]);
    expect(named).toMatchObject({ run: "run_2", generation: 4, digest: lease.digest });
  });
});
