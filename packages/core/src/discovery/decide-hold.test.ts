import { describe, expect, it } from "vitest";
import { decideHold } from "./decide-hold.ts";

const policy = { share: 0.25, floor: 3 };
const losses = (missing: number, left: number, more: { had?: number; weekAgo?: number } = {}) => ({
  missing,
  left,
  had: more.had ?? left + missing,
  weekAgo: more.weekAgo,
  fingerprint: "these",
});

describe("losses of a complete scope", () => {
  it.each([
    ["that are exactly the share", 25, 75, "retire"],
    ["that are one more than the share", 26, 74, "hold"],
    ["that are much of little, but fewer than the floor", 2, 1, "retire"],
    ["that are the floor", 3, 1, "hold"],
    ["that leave nothing, however few", 1, 0, "hold"],
    ["that are all that there was, among as many new ones", 10, 10, "hold"],
    ["that are none, of nothing", 0, 0, "retire"],
  ])("%s", (_, missing, left, decision) => {
    expect(decideHold(policy, losses(missing, left), undefined)).toBe(decision);
  });

  it.each([
    ["are all that it had, among however many new ones", 3, 97, { had: 3 }, "hold"],
    ["are nearly all that it had, among many new ones", 3, 97, { had: 4 }, "retire"],
    ["are all that it had, but fewer than the floor", 2, 97, { had: 2 }, "retire"],
    ["were left by a run that was never completed, before any other", 3, 97, { had: 0 }, "retire"],
    ["leave exactly the share less than a week ago", 5, 75, { weekAgo: 100 }, "retire"],
    ["leave more than the share less than a week ago", 5, 74, { weekAgo: 100 }, "hold"],
    ["leave less than a week ago, but are fewer than the floor", 2, 50, { weekAgo: 100 }, "retire"],
    ["leave more than a week ago", 5, 74, { weekAgo: 10 }, "retire"],
  ] as const)("that %s", (_, missing, left, more, decision) => {
    expect(decideHold(policy, losses(missing, left, more), undefined)).toBe(decision);
  });

  it("that an operator has decided on are not asked about again, and others are", () => {
    const decided = (state: string, fingerprint = "these") => decideHold(policy, losses(9, 0), { state, fingerprint });
    expect(decided("approved")).toBe("retire");
    expect(decided("rejected")).toBe("keep");
    expect(decided("pending")).toBe("hold");
    expect(decided("lifted")).toBe("hold");
    expect(decided("approved", "others")).toBe("hold");
    expect(decided("rejected", "others")).toBe("hold");
  });
});
