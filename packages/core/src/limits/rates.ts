import { hash } from "node:crypto";
import { ProblemError } from "@cadastre/contract/errors";
import { create, replace } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { createKeyedQueue } from "../keyed-queue.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { decideRate, type FullAt, type RateDecision, type RatePolicy } from "./decide-rate.ts";
import { RateItem } from "./items.ts";

/** Other instances that may be faster on one bucket, one after the other. */
const MOST_ATTEMPTS = 32;

/** How fast what is done. What goes to the table is counted over all instances, the rest in each process. */
export interface RatePolicies {
  readonly login: RatePolicy;
  readonly exchange: RatePolicy;
  readonly userCode: RatePolicy;
  readonly tokenCreation: RatePolicy;
  readonly reveal: RatePolicy;
  readonly write: RatePolicy;
  readonly search: RatePolicy;
}

/** Writes and searches are bounded so that a loop that ran wild is noticed; many writers of one operator never come near it. */
export const DEFAULT_RATES: RatePolicies = {
  login: { name: "login", quota: 100, windowSeconds: 300 },
  // Pipelines behind one address are many, and none of them locks people out.
  exchange: { name: "exchange", quota: 1200, windowSeconds: 300 },
  // A person types one or two: whoever guesses others' finds none of eight letters.
  userCode: { name: "user-code", quota: 30, windowSeconds: 300 },
  tokenCreation: { name: "token-creation", quota: 600, windowSeconds: 3600 },
  reveal: { name: "reveal", quota: 600, windowSeconds: 3600 },
  write: { name: "write", quota: 120_000, windowSeconds: 60 },
  search: { name: "search", quota: 120_000, windowSeconds: 60 },
};

/** What an answer says of a limit. */
export interface RateState extends RateDecision {
  readonly policy: RatePolicy;
}

/** Refused by a limit: it says when to come again. */
export class RateLimitedError extends ProblemError {
  readonly state: RateState;
  constructor(state: RateState) {
    const { policy, retryAfterSeconds } = state;
    super(
      "request.rate",
      `at most ${policy.quota} in ${policy.windowSeconds} seconds (${policy.name}); again in ${retryAfterSeconds} seconds`,
      { extra: { retryAfterSeconds } },
    );
    this.state = state;
  }
}

function required(policy: RatePolicy, decision: RateDecision): RateState {
  const state = { policy, ...decision };
  if (!decision.allowed) throw new RateLimitedError(state);
  return state;
}

/** Takes one of what somebody may do. Throws 429 `request.rate`. */
export type TakeOne = (policy: RatePolicy, whose: string) => Promise<RateState>;

/**
 * Limits that all instances count together: one strongly consistent read and one write of a bucket for each attempt, on the condition
 * that nobody took from it meanwhile; in one process attempts on a bucket come one after the other. What is refused writes nothing.
 */
export function createSharedRates({ table, now }: Pick<Context, "table" | "now">): TakeOne {
  const afterOthers = createKeyedQueue();
  return async function takeOne(policy, whose) {
    const slot = hash("sha256", `${policy.name}\n${whose}`);
    const take = async (): Promise<RateDecision> => {
      const stored = await table.get(RateItem, { slot }, { consistent: true });
      const decision = decideRate(policy, stored?.fullAt, now());
      if (!decision.allowed) return decision;
      const item = {
        slot,
        fullAt: decision.fullAt,
        expiresAt: Math.ceil(decision.fullAt / 1000) + policy.windowSeconds,
      };
      await table.commit([stored ? replace(RateItem, item, stored.version) : create(RateItem, item)]);
      return decision;
    };
    const options = { attempts: MOST_ATTEMPTS };
    return required(policy, await afterOthers(slot, () => retryOnConflict(take, options)));
  };
}

const MOST_BUCKETS = 10_000;

/** The same in this process alone, for what is done often: it costs nothing. The bucket that was used longest ago goes first. */
export function createOwnRates({ now }: Pick<Context, "now">): (policy: RatePolicy, whose: string) => RateState {
  const buckets = new Map<string, FullAt>();
  return function takeOne(policy, whose) {
    const slot = `${policy.name}\n${whose}`;
    const decision = decideRate(policy, buckets.get(slot), now());
    buckets.delete(slot);
    buckets.set(slot, decision.fullAt);
    const [oldest] = buckets.keys();
    if (buckets.size > MOST_BUCKETS && oldest !== undefined) buckets.delete(oldest);
    return required(policy, decision);
  };
}

/**
 * The headers that say it (draft-ietf-httpapi-ratelimit-headers-10): the policy with quota and window, what remains and in how many
 * seconds all of it is there again.
 */
export function rateHeaders({ policy, remaining, resetSeconds, retryAfterSeconds }: RateState): Record<string, string> {
  return {
    "ratelimit-policy": `"${policy.name}";q=${policy.quota};w=${policy.windowSeconds}`,
    ratelimit: `"${policy.name}";r=${remaining};t=${resetSeconds}`,
    ...(retryAfterSeconds > 0 ? { "retry-after": String(retryAfterSeconds) } : {}),
  };
}
