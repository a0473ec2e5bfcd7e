import { describe, expect, it } from "vitest";
import { decideGroups } from "./group-changes.ts";

const decide = (of: Partial<Parameters<typeof decideGroups>[0]>) =>
  decideGroups({ has: [], gave: [], wanted: [], untouchable: [], ...of });

describe("a user's groups at a login", () => {
  it("are those that its claims are mapped to, and what it had by hand", () => {
    expect(decide({ has: ["hand"], wanted: ["a", "b"] })).toEqual({
      added: ["a", "b"],
      removed: [],
      groups: ["hand", "a", "b"],
      gives: ["a", "b"],
    });
  });

  it("lose what the identity gave and its claims do not say any more, and nothing else", () => {
    expect(decide({ has: ["hand", "a", "b"], gave: ["a", "b"], wanted: ["b"] })).toEqual({
      added: [],
      removed: ["a"],
      groups: ["hand", "b"],
      gives: ["b"],
    });
  });

  it("keep what was given by hand although the claims said it, too, and say it no more", () => {
    const first = decide({ has: ["hand"], wanted: ["hand"] });
    expect(first).toMatchObject({ added: [], gives: [] });
    expect(decide({ has: first.groups, gave: first.gives, wanted: [] }).groups).toEqual(["hand"]);
  });

  it("do not forget what was taken away by hand meanwhile: it is given again, and taken again", () => {
    const again = decide({ has: [], gave: ["a"], wanted: ["a"] });
    expect(again).toMatchObject({ added: ["a"], gives: ["a"] });
    expect(decide({ has: again.groups, gave: again.gives, wanted: [] }).removed).toEqual(["a"]);
  });

  it("are not those of SCIM, neither to give nor to take", () => {
    expect(decide({ wanted: ["scim"], untouchable: ["scim"] }).added).toEqual([]);
    expect(decide({ has: ["scim"], gave: ["scim"], untouchable: ["scim"] }).removed).toEqual([]);
  });

  it("are 200 at the most", () => {
    const has = Array.from({ length: 199 }, (_, n) => `g${n}`);
    expect(decide({ has, wanted: ["a", "b"] }).added).toEqual(["a"]);
    expect(decide({ has: [...has, "old"], gave: ["old"], wanted: ["a", "b"] })).toMatchObject({
      added: ["a"],
      removed: ["old"],
    });
  });
});
