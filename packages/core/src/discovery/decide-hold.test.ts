import { describe, expect, it } from "vitest";
import { decideHold } from "./decide-hold.ts";

const policy = { share: 0.25, floor: 3 };
const losses = (missing: number, left: number) => ({ missing, left, fingerprint: "these" });

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
