import type { HoldPolicy } from "../context.ts";

export interface Losses {
  /** Resources that the scope would have left. */
  readonly left: number;
  readonly missing: number;
  /** Over the ids of all that is missing. */
  readonly fingerprint: string;
}

/**
 * Whether a complete scope's losses may be retired at once, or wait for an operator: they wait when nothing would be left, or
 * when they are more than the policy's share of what is known and not just a few. An operator who approved or rejected
 * exactly these losses is not asked again.
 */
export function decideHold(
  policy: HoldPolicy,
  losses: Losses,
  decided: { readonly state: string; readonly fingerprint: string } | undefined,
): "retire" | "hold" | "keep" {
  if (losses.missing === 0) return "retire";
  if (decided?.fingerprint === losses.fingerprint) {
    if (decided.state === "approved") return "retire";
    if (decided.state === "rejected") return "keep";
  }
  const known = losses.left + losses.missing;
  const massive = losses.left === 0 || (losses.missing >= policy.floor && losses.missing > policy.share * known);
  return massive ? "hold" : "retire";
}
