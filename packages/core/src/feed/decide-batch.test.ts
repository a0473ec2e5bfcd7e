import { describe, expect, it } from "vitest";
import { decideFailure, decidePending, decideProgress, firstProgress, MOST_ATTEMPTS } from "./decide-batch.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 2, 1, 0, 0, seconds));
const sk = (seconds: number, subject = "resource#a") => `${at(seconds).toISOString()}#o000000001#${subject}`;
const changes = (...seconds: number[]) => seconds.map((one) => ({ sk: sk(one) }));

describe("a consumer's progress", () => {
  it("begins with what changes from now on", () => {
    expect(firstProgress(at(5))).toEqual({ at: at(5).toISOString(), handled: [] });
  });

  it("does not move past what may still appear: a change that is committed late is told", () => {
    const before = { at: at(0).toISOString(), handled: [] };
    const after = decideProgress(before, [sk(10), sk(30)], true, at(40));
    expect(after.at).toBe(at(0).toISOString());
    expect(decidePending(after, changes(10, 20, 30))).toEqual(changes(20));
  });

  it("moves on by itself once a minute has passed, and forgets what was handled before", () => {
    const before = { at: at(0).toISOString(), handled: [sk(10), sk(30)] };
    const after = decideProgress(before, [sk(80)], true, at(90));
    expect(after).toEqual({ at: at(30).toISOString(), handled: [sk(30), sk(80)] });
  });

  it("that did not reach the end moves on to the last change that was handled, never further", () => {
    const before = { at: at(0).toISOString(), handled: [] };
    expect(decideProgress(before, [sk(10)], false, at(500)).at).toBe(at(10).toISOString());
    expect(decideProgress(before, [], false, at(500)).at).toBe(at(0).toISOString());
  });

  it("never goes back, also when the clock does", () => {
    const before = { at: at(400).toISOString(), handled: [sk(450)] };
    expect(decideProgress(before, [], true, at(30))).toEqual(before);
  });
});

describe("a change that is refused", () => {
  it("is told again after waits that grow fourfold, and set aside at the last attempt", () => {
    let failure: Parameters<typeof decideFailure>[0];
    const waits: number[] = [];
    for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt++) {
      const next = decideFailure(failure, { sk: sk(1), code: "service.unavailable" }, at(0));
      if (next.act !== "retry") throw new Error(`set aside at attempt ${attempt}`);
      failure = next.failure;
      waits.push((Date.parse(failure.retryAt) - at(0).getTime()) / 1000);
    }
    expect(waits).toEqual([1, 4, 16, 64, 256]);
    expect(decideFailure(failure, { sk: sk(1), code: "x" }, at(0))).toEqual({
      act: "set-aside",
      attempts: MOST_ATTEMPTS,
    });
  });

  it("does not inherit the attempts of another", () => {
    const failure = { sk: sk(1), attempts: MOST_ATTEMPTS - 1, retryAt: at(0).toISOString(), code: "x" };
    expect(decideFailure(failure, { sk: sk(2), code: "x" }, at(0))).toMatchObject({
      act: "retry",
      failure: { attempts: 1 },
    });
  });
});
