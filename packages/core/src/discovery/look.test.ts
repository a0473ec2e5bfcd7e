import { expect, it } from "vitest";
import { decideLookedAt } from "./look.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const ago = (from: Date, seconds: number) => new Date(from.getTime() - seconds * 1000);

it.each([
  ["right", NOW],
  ["a year behind", ago(NOW, 365 * 86_400)],
  ["an hour ahead", ago(NOW, -3600)],
])("a look is as old as its collector says, whatever its clock: one that is %s", (_, signedAt) => {
  expect(decideLookedAt(NOW, { signedAt, startedAt: ago(signedAt, 90) })).toBe(ago(NOW, 90).getTime());
});

it("a look is never in the future, also where the clock was set back since, or the signature has whole seconds", () => {
  expect(decideLookedAt(NOW, { signedAt: NOW, startedAt: ago(NOW, -0.7) })).toBe(NOW.getTime());
});
