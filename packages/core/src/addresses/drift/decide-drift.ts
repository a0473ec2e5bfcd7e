import type { DriftState } from "@cadastre/contract/addresses/drift";
import { unorderedJson } from "@cadastre/contract/digest";
import { laterOf } from "../../feed/record-change.ts";
import type { DriftItem, Fingerprint } from "./items.ts";

/** Drift as it is found now. */
export interface Found extends Fingerprint {
  readonly evidence: DriftItem["evidence"];
}

/** The state at a time: what was ignored until then is open again. */
export function stateAt({ state, until }: Pick<DriftItem, "state" | "until">, now: string): DriftState {
  return state === "ignored" && until !== undefined && until <= now ? "open" : state;
}

const isSame = (one: object, other: object): boolean => unorderedJson(one as never) === unorderedJson(other as never);

interface Deciding {
  readonly id: string;
  readonly space: string;
  readonly prefix: string;
  readonly now: string;
  /** Of what is resolved: when it is forgotten. */
  readonly expiresAtSeconds: number;
}

/**
 * What drift is from now on, as it is stored and as it is found or not; undefined when nothing changes. Found it is open, but what is
 * acknowledged stays so, and what is ignored while the evidence is the same. Not found any more it is resolved. Pure.
 */
export function decideDrift(
  stored: DriftItem | undefined,
  found: Found | undefined,
  of: Deciding,
): DriftItem | undefined {
  const { id, space, prefix, now, expiresAtSeconds } = of;
  if (!found) {
    if (!stored || stored.state === "resolved") return undefined;
    const { until: _, reason: __, by: ___, ...rest } = stored;
    const changedAt = laterOf(now, stored.changedAt);
    return { ...rest, state: "resolved", changedAt, revision: stored.revision + 1, expiresAtSeconds };
  }
  const { kind, subject, attribute, evidence } = found;
  const opened = { id, space, prefix, kind, subject, attribute, evidence, state: "open" as const };
  if (!stored) return { ...opened, since: now, changedAt: now, revision: 1 };
  const changedAt = laterOf(now, stored.changedAt);
  const again = { ...opened, changedAt, revision: stored.revision + 1 };
  if (stored.state === "resolved") return { ...again, since: changedAt };
  if (isSame(stored.evidence, evidence)) return undefined;
  return stored.state === "ignored"
    ? { ...again, since: stored.since }
    : { ...stored, evidence, changedAt, revision: stored.revision + 1 };
}
