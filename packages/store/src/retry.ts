import { setTimeout as wait } from "node:timers/promises";
import { BusyError } from "./errors.ts";

export interface RetryOptions {
  /** Attempts before the store counts as busy. */
  readonly maxAttempts: number;
  readonly delay: (milliseconds: number) => Promise<void>;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
}

export const RETRY_DEFAULTS: RetryOptions = {
  maxAttempts: 8,
  delay: (milliseconds) => wait(milliseconds),
  random: Math.random,
};

const FIRST_DELAY_MS = 25;
const LONGEST_DELAY_MS = 5000;

/** Waits before attempt number `attempt` + 1: a random part of a doubling span (AWS: "Exponential backoff and full jitter"). */
export async function backOff(retry: RetryOptions, attempt: number): Promise<void> {
  await retry.delay(retry.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt));
}

const THROTTLES = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
  "TransactionConflictException",
  "TransactionInProgressException",
]);

/** Whether an error of DynamoDB says to try again later, and that nothing was done. */
export function isThrottle(error: unknown): boolean {
  return THROTTLES.has((error as { name?: string }).name ?? "");
}

/** Runs `send` again while DynamoDB asks to. @throws BusyError after the last attempt */
export async function withRetries<T>(retry: RetryOptions, what: string, send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (cause) {
      if (!isThrottle(cause)) throw cause;
      if (attempt >= retry.maxAttempts) throw new BusyError(`${what} throttled ${attempt} times`, { cause });
      await backOff(retry, attempt);
    }
  }
}

/**
 * Sends a batch, and what came back unprocessed again, until nothing is left. Only rounds that did nothing count as attempts.
 * @throws BusyError when nothing moved for all attempts
 */
export async function drain<T>(
  retry: RetryOptions,
  what: string,
  batch: readonly T[],
  send: (batch: readonly T[]) => Promise<readonly T[]>,
): Promise<void> {
  let left = batch;
  for (let attempt = 1; left.length > 0; attempt++) {
    const before = left.length;
    left = await withRetries(retry, what, () => send(left));
    if (left.length === 0) return;
    if (left.length < before) attempt = 1;
    if (attempt >= retry.maxAttempts) throw new BusyError(`${what} left ${left.length} unprocessed ${attempt} times`);
    await backOff(retry, attempt);
  }
}

/** Runs `work` on batches of `size`, a few at a time. */
export async function inBatches<T>(
  items: readonly T[],
  size: number,
  width: number,
  work: (batch: readonly T[]) => Promise<void>,
): Promise<void> {
  let start = 0;
  const worker = async () => {
    while (start < items.length) {
      const batch = items.slice(start, start + size);
      start += size;
      await work(batch);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, Math.ceil(items.length / size)) }, worker));
}
