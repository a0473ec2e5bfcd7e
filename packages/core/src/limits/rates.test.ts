import { describe, expect, it } from "vitest";
import { aContext } from "../audit/testing.ts";
import { decideRate } from "./decide-rate.ts";
import { createOwnRates, createSharedRates, RateLimitedError, rateHeaders } from "./rates.ts";

const LOGIN = { name: "login", quota: 100, windowSeconds: 300 };

/** Of so many attempts, those that were let through, and what the last refusal said. */
async function take(count: number, one: () => unknown) {
  const settled = await Promise.allSettled(Array.from({ length: count }, async () => one()));
  const refused = settled.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  for (const error of refused) expect(error).toBeInstanceOf(RateLimitedError);
  return { passed: count - refused.length, last: refused.at(-1) as RateLimitedError | undefined };
}

describe("a limit that all instances count together", () => {
  it("lets its quota through at once, and then one for each part of the window", async () => {
    const context = aContext();
    const takeOne = createSharedRates(context);
    const one = () => takeOne(LOGIN, "192.0.2.1");
    const { passed, last } = await take(130, one);
    expect(passed).toBe(100);
    expect(last).toMatchObject({ code: "request.rate", status: 429, extra: { retryAfterSeconds: 3 } });
    context.advance(3);
    expect((await take(5, one)).passed).toBe(1);
    context.advance(300);
    expect((await take(130, one)).passed).toBe(100);
    expect((await take(1, () => takeOne(LOGIN, "192.0.2.2"))).passed).toBe(1);
  });

  it("is exact over several instances at the same time", async () => {
    const context = aContext();
    const instances = Array.from({ length: 4 }, () => createSharedRates(context));
    const all = await Promise.all(instances.map((takeOne) => take(40, () => takeOne(LOGIN, "one"))));
    expect(all.reduce((sum, { passed }) => sum + passed, 0)).toBe(100);
  });

  it("is not lost between clocks that differ, and locks nobody out for long when a clock is set back", async () => {
    const context = aContext();
    const takeOne = createSharedRates(context);
    await take(100, () => takeOne(LOGIN, "one"));
    context.advance(-10);
    const { passed, last } = await take(1, () => takeOne(LOGIN, "one"));
    expect([passed, last?.state.retryAfterSeconds]).toEqual([0, 3]);
    context.advance(-86_400);
    expect((await take(130, () => takeOne(LOGIN, "one"))).passed).toBe(100);
  });

  it("costs one read and one write, and a refusal no write", async () => {
    const context = aContext();
    const takeOne = createSharedRates(context);
    await take(100, () => takeOne(LOGIN, "one"));
    const { units } = await context.table.meter.measure(() => take(1, () => takeOne(LOGIN, "one")));
    expect(units).toEqual({ read: 1, write: 0 });
  });
});

describe("a limit of one process", () => {
  it("costs nothing and forgets who was there longest ago", async () => {
    const context = aContext();
    const takeOne = createOwnRates(context);
    const policy = { name: "write", quota: 2, windowSeconds: 60 };
    expect((await take(5, () => takeOne(policy, "first"))).passed).toBe(2);
    for (let n = 0; n < 10_000; n++) takeOne(policy, `other ${n}`);
    expect((await take(5, () => takeOne(policy, "first"))).passed).toBe(2);
  });
});

describe("the headers of a limit", () => {
  it("say the policy, what remains, and when", () => {
    const now = new Date("2026-11-22T05:00:00.000Z");
    const first = decideRate(LOGIN, undefined, now);
    expect(rateHeaders({ policy: LOGIN, ...first })).toEqual({
      "ratelimit-policy": '"login";q=100;w=300',
      ratelimit: '"login";r=99;t=3',
    });
    const used = decideRate(LOGIN, now.getTime() + 300_000, now);
    expect(rateHeaders({ policy: LOGIN, ...used })).toEqual({
      "ratelimit-policy": '"login";q=100;w=300',
      ratelimit: '"login";r=0;t=300',
      "retry-after": "3",
    });
  });
});
