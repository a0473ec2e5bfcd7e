import { expect, test } from "vitest";
import { decideFailure } from "./decide.ts";
import type { ForwardingItem } from "./items.ts";

const START = Date.parse("2026-12-01T00:00:00.000Z");

/** What becomes of attempts that all fail alike, each when the pause of the one before it is over. */
function attempts(fault: "refused" | "timeout", { records, most }: { records: number; most: number }) {
  let failing: ForwardingItem["failing"];
  let now = new Date(START);
  const told: { act: string; pause: number; at: number }[] = [];
  for (let n = 0; n < most; n++) {
    const decided = decideFailure(failing, { fault, status: undefined }, { now, records });
    const pause = Date.parse(decided.retryAt) - now.getTime();
    told.push({ act: decided.act, pause: pause / 1000, at: now.getTime() - START });
    failing = decided.failing;
    now = new Date(decided.retryAt);
  }
  return told;
}

test("pauses double from 5 seconds to a quarter of an hour", () => {
  const pauses = attempts("timeout", { records: 1, most: 10 }).map(({ pause }) => pause);
  expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
});

test("a record that is refused is set aside after six attempts, and of several each is sent by itself at once", () => {
  expect(attempts("refused", { records: 1, most: 6 }).map(({ act }) => act)).toEqual([
    ...Array.from({ length: 5 }, () => "retry"),
    "aside",
  ]);
  expect(attempts("refused", { records: 2, most: 1 })[0]?.act).toBe("single");
});

test("a receiver that does not answer is tried for three days before anything is set aside", () => {
  const told = attempts("timeout", { records: 1, most: 400 });
  const aside = told.find(({ act }) => act === "aside");
  expect(aside?.at).toBeGreaterThanOrEqual(3 * 86_400_000);
  expect(aside?.at).toBeLessThan(3 * 86_400_000 + 900_000);
  const several = attempts("timeout", { records: 2, most: 400 }).filter(({ act }) => act !== "retry");
  expect(several[0]).toMatchObject({ act: "single", at: aside?.at });
});

test("days of silence do not count for what is refused at last", () => {
  const before = { count: 300, since: new Date(START).toISOString(), fault: "timeout" as const };
  const now = new Date(START + 2 * 86_400_000);
  const { act, failing } = decideFailure(before, { fault: "refused", status: 400 }, { now, records: 1 });
  expect(act).toBe("retry");
  expect(failing).toMatchObject({ count: 1, fault: "refused", since: now.toISOString() });
});
