import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import { type Attempts, beginAttempt, decideAttempt, LOCKOUT, lockoutSlot } from "./lockout.ts";

const START = Date.parse("2026-11-22T05:00:00.000Z");
const at = (seconds: number) => new Date(START + seconds * 1000);

/** The decisions over attempts at these seconds. */
function decide(seconds: readonly number[]) {
  let state: Attempts | undefined;
  return seconds.map((second) => {
    const decision = decideAttempt(LOCKOUT, state, at(second));
    if (!decision.isLocked) state = decision.next;
    return decision;
  });
}
const tried = (seconds: readonly number[]) => decide(seconds).filter(({ isLocked }) => !isLocked).length;
const from = (second: number, count: number) => Array.from({ length: count }, () => second);

describe("attempts on one name", () => {
  it("are ten within 15 minutes, and then none", () => {
    expect(tried(from(0, 64))).toBe(10);
    expect(tried([...from(0, 9), ...from(899, 9)])).toBe(10);
    expect(tried([...from(0, 9), ...from(901, 9)])).toBe(18);
  });

  it("lock for five minutes at first, then twice as long each time, and never for more than 30", () => {
    let second = 0;
    const lengths: number[] = [];
    let state: Attempts | undefined;
    for (let lock = 0; lock < 6; lock++) {
      for (let n = 0; n < 10; n++) {
        const decision = decideAttempt(LOCKOUT, state, at(second));
        if (decision.isLocked) throw new Error("it is locked too long");
        state = decision.next;
      }
      const until = (Date.parse(state?.lockedUntil ?? "") - START) / 1000;
      expect(decideAttempt(LOCKOUT, state, at(until - 1)).isLocked).toBe(true);
      lengths.push(until - second);
      second = until;
    }
    expect(lengths).toEqual([300, 600, 1200, 1800, 1800, 1800]);
  });

  it("that come while it is locked do not make the lock longer", () => {
    const decisions = decide([...from(0, 10), ...from(299, 100), 300]);
    expect(decisions.at(-1)?.isLocked).toBe(false);
  });

  it("lock nobody for longer when the clock is set back", () => {
    const locked = decide(from(0, 10)).at(-1);
    const state = locked?.isLocked === false ? locked.next : undefined;
    expect(decideAttempt(LOCKOUT, state, at(-86_400)).isLocked).toBe(false);
  });

  it("are counted right when 64 come at once, over the table", async () => {
    const context = aContext();
    const all = await Promise.all(Array.from({ length: 64 }, () => beginAttempt(context, "slot")));
    expect(all.filter(({ isLocked }) => !isLocked)).toHaveLength(10);
    expect(all.filter(({ locks }) => locks)).toHaveLength(1);
    expect((await beginAttempt(context, "other")).isLocked).toBe(false);
    await context.table.commit([all[0]?.success as never]);
    expect((await beginAttempt(context, "slot")).isLocked).toBe(false);
  });

  it("are found by a keyed hash that nobody can make without the key", () => {
    const [key, other] = [Buffer.alloc(32, 1).toString("base64"), Buffer.alloc(32, 2).toString("base64")];
    const slot = lockoutSlot(key, { kind: "password", of: "org_1/anna" });
    expect(slot).toMatch(/^[0-9a-f]{64}$/);
    expect(lockoutSlot(key, { kind: "password", of: "org_1/anna" })).toBe(slot);
    expect(lockoutSlot(other, { kind: "password", of: "org_1/anna" })).not.toBe(slot);
    expect(lockoutSlot(key, { kind: "factor", of: "org_1/anna" })).not.toBe(slot);
  });
});
