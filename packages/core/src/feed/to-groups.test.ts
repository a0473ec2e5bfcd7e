import fc from "fast-check";
import { expect, it } from "vitest";
import { toGroups } from "./to-groups.ts";

const changes = fc.array(
  fc.constantFrom("a", "b", "c", "d").map((key) => ({ subject: { type: "account", key } as const })),
);

it("groups of changes are all of them in their order, of any size up to the most, with no subject twice in one", () => {
  fc.assert(
    fc.property(changes, fc.integer({ min: 1, max: 5 }), (all, most) => {
      const groups = toGroups(all, most);
      expect(groups.flat()).toEqual(all);
      for (const group of groups) {
        expect(group.length).toBeGreaterThan(0);
        expect(group.length).toBeLessThanOrEqual(most);
        expect(new Set(group.map(({ subject }) => subject.key)).size).toBe(group.length);
      }
    }),
  );
});

it("different subjects are told together as far as that goes", () => {
  const of = (...keys: string[]) => keys.map((key) => ({ subject: { type: "account", key } as const }));
  expect(toGroups(of("a", "b", "c", "d"), 3).map((group) => group.length)).toEqual([3, 1]);
  expect(toGroups(of("a", "b", "a", "b"), 3).map((group) => group.length)).toEqual([2, 2]);
});
