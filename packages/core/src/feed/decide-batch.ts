import type { CheckpointItem } from "./consumer.ts";

/**
 * Commits take a while, so a change may appear in the feed after a later one was read. What is younger than this is looked at
 * again and told apart by its key; nothing is believed to be the whole of the past before it is so old.
 */
const SETTLED_SECONDS = 60;
const FIRST_RETRY_SECONDS = 1;
export const MOST_ATTEMPTS = 6;

type Progress = Pick<CheckpointItem, "at" | "handled" | "failure">;

/** The time before which the feed takes no more changes. */
export const settledAt = (now: Date): string => new Date(now.getTime() - SETTLED_SECONDS * 1000).toISOString();

/** Where a consumer begins that was never seen before: with what changes from now on. */
export function firstProgress(now: Date): Progress {
  return { at: now.toISOString(), handled: [] };
}

/** Of the changes from the checkpoint's time on, those that are not handled yet. */
export function decidePending<Change extends { readonly sk: string }>(
  progress: Progress,
  changes: readonly Change[],
): Change[] {
  const handled = new Set(progress.handled);
  return changes.filter(({ sk }) => !handled.has(sk));
}

/**
 * The progress once more changes were handled, in their order. `isWhole` says that all there were have been; then time itself
 * moves on, else only to the last that was handled.
 */
export function decideProgress(progress: Progress, handled: readonly string[], isWhole: boolean, now: Date): Progress {
  const reached = isWhole
    ? settledAt(now)
    : ([settledAt(now), timeOf(handled.at(-1)) ?? progress.at].sort()[0] as string);
  const at = reached > progress.at ? reached : progress.at;
  return { at, handled: [...progress.handled, ...handled].filter((sk) => sk >= at) };
}

const timeOf = (sk: string | undefined): string | undefined => sk?.slice(0, sk.indexOf("#"));

/** What becomes of a change that a consumer did not take: told again after a while that grows, or set aside. */
export function decideFailure(
  before: CheckpointItem["failure"],
  failed: { readonly sk: string; readonly code: string },
  now: Date,
):
  | { readonly act: "retry"; readonly failure: NonNullable<CheckpointItem["failure"]> }
  | { readonly act: "set-aside"; readonly attempts: number } {
  const attempts = before?.sk === failed.sk ? before.attempts + 1 : 1;
  if (attempts >= MOST_ATTEMPTS) return { act: "set-aside", attempts };
  const waitSeconds = FIRST_RETRY_SECONDS * 4 ** (attempts - 1);
  const retryAt = new Date(now.getTime() + waitSeconds * 1000).toISOString();
  return { act: "retry", failure: { ...failed, attempts, retryAt } };
}
