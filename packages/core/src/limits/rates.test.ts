import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { aContext, withEmptyReplica } from "../audit/testing.ts";
import { decideRate } from "./decide-rate.ts";
import { RateItem } from "./items.ts";
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

describe("what a limit keeps", () => {
  it("is one bucket for each limit and whose it is, and forgotten a window after it is full again", async () => {
    const context = aContext();
    const takeOne = createSharedRates(context);
    const { fullAt } = await takeOne(LOGIN, "one");
    const slot = hash("sha256", "login\none");
    const item = await context.table.get(RateItem, { slot }, { consistent: true });
    expect(item).toMatchObject({ fullAt, expiresAt: Math.ceil(fullAt / 1000) + 300 });
    await takeOne({ ...LOGIN, name: "other" }, "one");
    expect((await context.table.get(RateItem, { slot }, { consistent: true }))?.fullAt).toBe(fullAt);
  });

  it("is written at its version however many others are faster, and not as a replica has it", async () => {
    const context = withEmptyReplica(aContext());
    let faster = 20;
    const commit: typeof context.table.commit = async (writes) => {
      if (faster-- > 0) await createSharedRates(context)({ ...LOGIN, name: "login" }, "one");
      return context.table.commit(writes);
    };
    const takeOne = createSharedRates({ ...context, table: { ...context.table, commit } });
    expect((await takeOne(LOGIN, "one")).remaining).toBe(100 - 21);
  });

  it("says how much of what may be done, and when again", () => {
    const now = new Date("2026-11-22T05:00:00.000Z");
    const decision = decideRate(LOGIN, now.getTime() + 300_000, now);
    expect(new RateLimitedError({ policy: LOGIN, ...decision }).message).toBe(
      "at most 100 in 300 seconds (login); again in 3 seconds",
    );
  });

  it.each([
    // One part of the window is 3 seconds; a millisecond of rounding is no reason to wait, two are.
    [297_000, true, 0],
    [297_001, true, 0],
    [297_002, false, 1],
    // A clock that is ahead counts as a full window; what is further off than two was written before a clock was set back.
    [600_000, false, 3],
    [600_001, true, 0],
  ])("%d milliseconds ahead lets one more be done: %s, else in %d seconds", (ahead, allowed, retryAfterSeconds) => {
    const now = new Date("2026-11-22T05:00:00.000Z");
    expect(decideRate(LOGIN, now.getTime() + ahead, now)).toMatchObject({ allowed, retryAfterSeconds });
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

  it("forgets nobody before there are ten thousand others, and whoever was there again is not the one", () => {
    const takeOne = createOwnRates(aContext());
    const policy = { name: "write", quota: 10, windowSeconds: 60 };
    const left = (whose: string) => takeOne(policy, whose).remaining;
    expect([left("first"), left("second")]).toEqual([9, 9]);
    for (let n = 2; n < 10_000; n += 1) takeOne(policy, `other ${n}`);
    expect(left("first")).toBe(8);
    takeOne(policy, "one more");
    expect([left("second"), left("first")]).toEqual([9, 7]);
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
