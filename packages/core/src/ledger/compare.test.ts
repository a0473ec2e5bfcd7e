import { describe, expect, it } from "vitest";
import { decideOpening } from "./compare.ts";
import { BLANK, pageOf, type ScopeEntry } from "./entry.ts";

const entry = (name: string, more: Partial<ScopeEntry> = {}): ScopeEntry => ({
  name,
  digest: "same",
  generation: 1,
  set: "own",
  status: "complete",
  completeAt: 0,
  ...more,
});
const scope = (name: string, digest = "same") => ({ name, digest });

function opening(scopes: readonly { name: string; digest: string }[], entries: readonly ScopeEntry[]) {
  const pages = new Map(scopes.map(({ name }) => [pageOf(name), undefined]));
  return decideOpening(scopes, { set: "own", pages, entries: new Map(entries.map((one) => [one.name, one])) });
}

describe("which scopes a run opens", () => {
  it("are those that are new, differ, or are blank, even when it says what was known before", () => {
    const known = [entry("b", { digest: "other" }), entry("c", { digest: BLANK }), entry("d")];
    const { changed, moved } = opening([scope("a"), scope("b"), scope("c"), scope("d")], known);
    expect(changed.map(({ name }) => name).sort()).toEqual(["a", "b", "c"]);
    expect(moved).toEqual([]);
  });

  it("are not those that were only reported with others before", () => {
    const { changed, moved } = opening([scope("a"), scope("b")], [entry("a", { set: "another" }), entry("b")]);
    expect(changed).toEqual([]);
    expect(moved).toEqual([scope("a")]);
  });

  it("are none of a page that does not differ", () => {
    const none = decideOpening([scope("a")], { set: "own", pages: new Map(), entries: new Map() });
    expect(none).toEqual({ changed: [], moved: [] });
  });
});
