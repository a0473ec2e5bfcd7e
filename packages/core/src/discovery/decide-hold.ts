import type { HoldPolicy } from "../context.ts";

export interface Losses {
  /** Resources that the scope would have left, new ones among them. */
  readonly left: number;
  readonly missing: number;
  /** Resources that it had before, those that were missing already among them; 0 when no run was completed yet. */
  readonly had: number;
  /** What it had a week ago; undefined when it is not known so long. */
  readonly weekAgo: number | undefined;
  /** Over the ids of all that is missing. */
  readonly fingerprint: string;
}

/**
 * Whether a complete scope's losses may be retired at once, or wait for an operator. They wait when nothing is left in the
 * scope. From the policy's floor on they also wait when nothing is left of what it had, when they are more than the policy's
 * share of all that is known (what is left, new or not, and what is missing), and when with them the scope has come to have
 * that much less than a week ago: losses that add up. An operator who approved or rejected exactly these is not asked again.
 */
export function decideHold(
  { share, floor }: HoldPolicy,
  { left, missing, had, weekAgo, fingerprint }: Losses,
  decided: { readonly state: string; readonly fingerprint: string } | undefined,
): "retire" | "hold" | "keep" {
  if (missing === 0) return "retire";
  if (decided?.fingerprint === fingerprint) {
    if (decided.state === "approved") return "retire";
    if (decided.state === "rejected") return "keep";
  }
  if (left === 0) return "hold";
  if (missing < floor) return "retire";
  const isAll = had > 0 && missing >= had;
  const isMassive = missing > share * (left + missing);
  return isAll || isMassive || isShrinking(share, left, weekAgo) ? "hold" : "retire";
}

/** Whether a scope with so many left has lost more than a share of what it had a week ago. */
export const isShrinking = (share: number, left: number, weekAgo: number | undefined): boolean =>
  weekAgo !== undefined && weekAgo - left > share * weekAgo;
