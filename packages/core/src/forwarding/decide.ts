import type { ForwardingItem } from "./items.ts";
import type { DeliveryError } from "./ports.ts";

/** Attempts after which what a receiver answers that it will not take is set aside. */
const MOST_REFUSALS = 6;
/** For so long is tried what it does not take for any other reason: then it is a record that breaks it, or it is gone. */
const MOST_MILLISECONDS = 3 * 86_400_000;
const FIRST_PAUSE_MILLISECONDS = 5000;
const LONGEST_PAUSE_MILLISECONDS = 15 * 60_000;

export interface FailureDecision {
  /** `single`: whether it is one of several that is not taken shows when each is sent by itself. */
  readonly act: "retry" | "single" | "aside";
  readonly failing: NonNullable<ForwardingItem["failing"]>;
  readonly retryAt: string;
}

const pauseAfter = (count: number): number =>
  Math.min(LONGEST_PAUSE_MILLISECONDS, FIRST_PAUSE_MILLISECONDS * 2 ** Math.min(count - 1, 20));

/** What follows from an attempt that failed, of so many records. What is tried again has a pause that doubles, up to a quarter of an hour. */
export function decideFailure(
  before: ForwardingItem["failing"],
  { fault, status }: Pick<DeliveryError, "fault" | "status">,
  { now, records }: { readonly now: Date; readonly records: number },
): FailureDecision {
  const at = now.toISOString();
  const isSame = before !== undefined && (before.fault === "refused") === (fault === "refused");
  const failing = {
    count: (isSame ? before.count : 0) + 1,
    since: isSame ? before.since : at,
    fault,
    ...(status === undefined ? {} : { status }),
  };
  const retryAt = new Date(now.getTime() + pauseAfter(failing.count)).toISOString();
  const isGivenUp =
    fault === "refused"
      ? failing.count >= MOST_REFUSALS
      : now.getTime() - Date.parse(failing.since) >= MOST_MILLISECONDS;
  const isOneOfSeveral = records > 1 && (fault === "refused" || isGivenUp);
  return { act: isOneOfSeveral ? "single" : isGivenUp ? "aside" : "retry", failing, retryAt };
}
