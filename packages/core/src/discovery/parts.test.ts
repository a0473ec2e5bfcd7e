import { COMMIT_LIMIT, check, put, type Write } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { ManifestItem, ScopeItem } from "./items.ts";
import { inParts } from "./parts.ts";
import { aManifest, aScope, NAME } from "./testing.ts";

const small = (n: number): Write => put(ScopeItem, aScope({ name: `${NAME}-${n}` }));
/** A write of about so many thousand bytes. */
const large = (thousands: number): Write => put(ManifestItem, aManifest([], { digest: "x".repeat(thousands * 1000) }));
const sizes = (groups: readonly (readonly Write[])[], room?: number) =>
  inParts(groups, room).map(({ length }) => length);
const of = (count: number, write: (n: number) => Write) => Array.from({ length: count }, (_, n) => [write(n)]);

describe("groups of writes in commits that fit", () => {
  it("are one commit when they fit in it, in their order, and none of none", () => {
    const groups = [[small(1), small(2)], [small(3)]];
    expect(inParts(groups)).toEqual([groups.flat()]);
    expect(inParts([])).toEqual([]);
  });

  it("stay together, and begin another commit where there is no room for all of them", () => {
    expect(sizes(of(COMMIT_LIMIT, small))).toEqual([COMMIT_LIMIT]);
    expect(sizes(of(COMMIT_LIMIT + 1, small))).toEqual([COMMIT_LIMIT, 1]);
    expect(sizes([...of(3, small), [small(4), small(5)], [small(6)]], 4)).toEqual([3, 3]);
  });

  it("begin another commit where their bytes are too many for one, counted from its first write on", () => {
    expect(sizes(of(5, () => large(1400)))).toEqual([2, 2, 1]);
    expect(sizes([[large(700), large(700)], [large(700), large(700)], [small(1)], [large(700)]])).toEqual([5, 1]);
    expect(sizes([[large(2900)], [small(1)], [large(200)], [small(2)]])).toEqual([2, 2]);
  });

  it("count what is written alone: what is checked or removed has no bytes", () => {
    const guard = check(ScopeItem, { source: "s", name: "x".repeat(2_000_000) }, 1);
    expect(sizes([[guard], [guard], [guard]])).toEqual([3]);
  });
});
