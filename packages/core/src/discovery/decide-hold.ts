import type { HoldPolicy } from "../context.ts";

export interface Losses {
  /** Resources that the scope would have left. */
  readonly left: number;
  readonly missing: number;
  /** Over the ids of all that is missing. */
  readonly fingerprint: string;
}

/**
 * Whether a complete scope's losses may be retired at once, or wait for an operator. They wait when nothing is left in the
 * scope, and when they are at least the policy's floor and more than its share of all that is known: what is left, new or not,
 * and what is missing. An operator who approved or rejected exactly these losses is not asked again.
 */
export function decideHold(
  policy: HoldPolicy,
  losses: Losses,
  decided: { readonly state: string; readonly fingerprint: string } | undefined,
): "retire" | "hold" | "keep" {
  const { left, missing, fingerprint } = losses;
  if (missing === 0) return "retire";
  if (decided?.fingerprint === fingerprint) {
    if (decided.state === "approved") return "retire";
    if (decided.state === "rejected") return "keep";
  }
  const isMassive = missing >= policy.floor && missing > policy.share * (left + missing);
  return left === 0 || isMassive ? "hold" : "retire";
}
