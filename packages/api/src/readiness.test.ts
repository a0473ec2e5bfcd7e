import { describe, expect, test } from "vitest";
import { createReadiness } from "./readiness.ts";

function aCheck() {
  let at = 1_000_000;
  const state = { looks: 0, isBroken: false };
  const ready = createReadiness({
    checks: {
      table: async () => {},
      key: async () => {
        state.looks += 1;
        if (state.isBroken) throw new Error("disabled");
      },
    },
    now: () => new Date(at),
  });
  const forward = (milliseconds: number) => {
    at += milliseconds;
  };
  return { ready, state, forward };
}

describe("readiness", () => {
  test("is looked at once in 30 seconds, whoever asks how often", async () => {
    const { ready, state, forward } = aCheck();
    await Promise.all(Array.from({ length: 50 }, ready));
    forward(29_999);
    expect(await ready()).toEqual(["table", "key"]);
    expect(state.looks).toBe(1);
    forward(1);
    await ready();
    expect(state.looks).toBe(2);
  });

  test("that failed is told for 30 seconds too, then looked at again", async () => {
    const { ready, state, forward } = aCheck();
    state.isBroken = true;
    for (const _ of [1, 2]) {
      await expect(ready()).rejects.toMatchObject({ code: "service.unavailable", extra: { failed: ["key"] } });
    }
    expect(state.looks).toBe(1);
    state.isBroken = false;
    forward(30_000);
    expect(await ready()).toEqual(["table", "key"]);
  });

  test("is looked at again when the clock was set back", async () => {
    const { ready, state, forward } = aCheck();
    await ready();
    forward(-60_000);
    await ready();
    expect(state.looks).toBe(2);
  });
});
