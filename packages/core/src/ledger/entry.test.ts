import { describe, expect, it } from "vitest";
import { BLANK, completeAtOf, pageDigest, type ScopeEntry, setOf, settleEntry } from "./entry.ts";
import { toReported } from "./read.ts";

const entry = (more: Partial<ScopeEntry> = {}): ScopeEntry => ({
  name: "a",
  digest: "0a",
  generation: 1,
  set: "aa",
  status: "complete",
  completeAt: 100,
  ...more,
});

describe("the name of a set of scopes", () => {
  it("is that of its scopes, in whatever order a run has them, in 16 digits", () => {
    expect(setOf(["b", "a"])).toBe(setOf(["a", "b"]));
    expect(setOf(["a", "b"])).toMatch(/^[0-9a-f]{16}$/);
    expect(setOf(["a", "bc"])).not.toBe(setOf(["ab", "c"]));
  });
});

describe("the digest of a page", () => {
  it("is that of its scopes and theirs, in whatever order they stand", () => {
    const [a, b] = [
      { name: "a", digest: "1" },
      { name: "b", digest: "2" },
    ];
    expect(pageDigest([b, a])).toBe(pageDigest([a, b]));
    expect(pageDigest([a, b])).not.toBe(pageDigest([{ name: "a", digest: "1b 2" }]));
  });
});

describe("when a scope was seen whole", () => {
  it("is when its set was last reported, where nothing of it is open or failed; else what was noted", () => {
    expect(completeAtOf(entry(), 200)).toBe(200);
    expect(completeAtOf(entry(), 50)).toBe(100);
    expect(completeAtOf(entry(), undefined)).toBe(100);
    expect(completeAtOf(entry({ digest: BLANK }), 200)).toBe(100);
    for (const status of ["partial", "failed", "skipped", undefined] as const)
      expect(completeAtOf(entry({ status }), 200)).toBe(100);
  });

  it("is noted by a run that saw it whole, and by no other", () => {
    const settled = (status: "complete" | "failed") =>
      settleEntry({ digest: "0b", generation: 1, set: "aa", status, at: 300 })(entry(), undefined);
    expect(settled("complete")).toMatchObject({ status: "complete", completeAt: 300 });
    expect(settled("failed")).toMatchObject({ status: "failed", completeAt: 100 });
  });
});

describe("when a scope was last reported", () => {
  const set = { source: "s", set: "aa", at: 200, interval: 7, digests: new Uint8Array() };

  it("is when its set was, or when it was seen whole when that is later, and as often as its set", () => {
    expect(toReported(entry({ status: "failed" }), set)).toEqual({ at: 200, interval: 7 });
    expect(toReported(entry({ status: "failed", completeAt: 300 }), set)).toEqual({ at: 300, interval: 7 });
  });

  it("is when it was seen whole, where its set is not known yet", () => {
    expect(toReported(entry(), undefined)).toEqual({ at: 100, interval: undefined });
  });
});
