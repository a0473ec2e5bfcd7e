import { createHmac } from "node:crypto";
import { create, remove, replace, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { LockoutItem } from "./items.ts";

export interface LockoutPolicy {
  /** So many failures within the window lock. */
  readonly failures: number;
  readonly windowSeconds: number;
  /** How long the first lock lasts; each further one twice as long, */
  readonly firstSeconds: number;
  /** and none longer than this. */
  readonly mostSeconds: number;
  /** After so long without an attempt, the next lock is a first one again. */
  readonly forgottenSeconds: number;
}

export const LOCKOUT: LockoutPolicy = {
  failures: 10,
  windowSeconds: 15 * 60,
  firstSeconds: 5 * 60,
  mostSeconds: 30 * 60,
  forgottenSeconds: 86_400,
};

/** Other instances that may be faster on one name. */
const MOST_ATTEMPTS = 32;

/** What is kept of attempts on one name: an attempt counts as failed until it has succeeded. */
export interface Attempts {
  /** ISO times of those that count. */
  readonly failedAt: readonly string[];
  /** Locks so far. */
  readonly locks: number;
  readonly lockedUntil?: string | undefined;
}

export type AttemptDecision =
  | { readonly isLocked: true; readonly lockedUntil: string }
  | { readonly isLocked: false; readonly next: Attempts };

const after = (now: Date, seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();

/**
 * Whether one more attempt may be made. It is counted before it is known how it ends, so that of many at the same time no more than
 * the policy allows are tried; the one that is the last allowed is tried, and locks what comes after it.
 */
export function decideAttempt(policy: LockoutPolicy, before: Attempts | undefined, now: Date): AttemptDecision {
  const at = now.toISOString();
  const lockedUntil = before?.lockedUntil;
  // A clock that was set back locks nobody for longer than the longest lock.
  if (lockedUntil !== undefined && lockedUntil > at && lockedUntil <= after(now, policy.mostSeconds))
    return { isLocked: true, lockedUntil };
  const recent = (before?.failedAt ?? []).filter((time) => time > after(now, -policy.windowSeconds));
  const failedAt = [...recent, at];
  const locks = before?.locks ?? 0;
  if (failedAt.length < policy.failures) return { isLocked: false, next: { failedAt, locks } };
  const seconds = Math.min(policy.firstSeconds * 2 ** locks, policy.mostSeconds);
  return { isLocked: false, next: { failedAt: [], locks: locks + 1, lockedUntil: after(now, seconds) } };
}

/**
 * The place of a name's attempts: an HMAC, because people type passwords where a name belongs. A name of another organization is
 * another one: who may unlock there unlocks nobody here.
 */
export function lockoutSlot(key: string, { kind, of }: { kind: "password" | "factor"; of: string }): string {
  return createHmac("sha256", Buffer.from(key, "base64")).update(`${kind}\n${of}`).digest("hex");
}

export interface Attempt {
  /** Nothing is tried; what it is answered must not tell. */
  readonly isLocked: boolean;
  /** This one locks what comes after it, unless it succeeds. */
  readonly locks: boolean;
  /** For the commit of what succeeded: as if nothing had failed. */
  readonly success: Write;
}

/**
 * Counts an attempt before it is made: one read and, unless it is locked, one commit at the version that was read, again when another
 * instance was faster. What is not followed by `success` stays counted as failed. Throws 409 `request.conflict`.
 */
export async function beginAttempt(
  { table, now }: Pick<Context, "table" | "now">,
  slot: string,
  policy: LockoutPolicy = LOCKOUT,
): Promise<Attempt> {
  const success = remove(LockoutItem, { slot });
  const begin = async (): Promise<Attempt> => {
    const stored = await table.get(LockoutItem, { slot }, { consistent: true });
    const decision = decideAttempt(policy, stored, now());
    if (decision.isLocked) return { isLocked: true, locks: false, success };
    const expiresAt = Math.ceil(now().getTime() / 1000) + policy.forgottenSeconds;
    const item = { slot, ...decision.next, failedAt: [...decision.next.failedAt], expiresAt };
    await table.commit([stored ? replace(LockoutItem, item, stored.version) : create(LockoutItem, item)]);
    return { isLocked: false, locks: decision.next.lockedUntil !== undefined, success };
  };
  return retryOnConflict(begin, { attempts: MOST_ATTEMPTS });
}
