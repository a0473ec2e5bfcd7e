import type { CheckpointBody } from "@cadastre/contract/audit/checkpoint";
import { rootOf } from "@cadastre/contract/audit/merkle";
import type { PublicKey } from "@cadastre/contract/keys";
import type { SealHeadItem } from "./items.ts";
import type { Leaf } from "./leaves.ts";

const MINUTE = 60_000;
/** A sealer looks every minute: one that did not for so long was off. */
const MOST_PAUSE = 2.5 * MINUTE;
/** When nothing happens, a checkpoint says so every so often: else the end of a log could be cut off, and nobody would miss it. */
const LONGEST_SILENCE = 60 * MINUTE;

/** The end of the last minute that is over. */
export function closedBefore(now: Date): Date {
  return new Date(Math.floor(now.getTime() / MINUTE) * MINUTE);
}

/** A record that no checkpoint has, by its leaf. */
export interface OpenLeaf extends Leaf {
  readonly at: string;
}

export interface CheckpointOptions<Open extends OpenLeaf> {
  readonly id: string;
  readonly organization: string;
  readonly head: SealHeadItem | undefined;
  /** The oldest records before the end of the last closed minute that no checkpoint has, in their order: as many as one takes at the most. */
  readonly open: readonly Open[];
  /** There are others behind them. */
  readonly isMore: boolean;
  readonly now: Date;
  readonly key: PublicKey;
}

export interface CheckpointDecision<Open extends OpenLeaf> {
  readonly body: CheckpointBody;
  readonly leaves: readonly Open[];
  /** Those of them whose time was sealed before they were there. */
  readonly late: readonly Open[];
}

const max = (a: string, b: string): string => (a > b ? a : b);

function gapOf(head: SealHeadItem | undefined, now: Date): CheckpointBody["gap"] {
  if (!head || now.getTime() - Date.parse(head.lookedAt) <= MOST_PAUSE) return undefined;
  return { from: head.lookedAt, to: now.toISOString() };
}

/**
 * The next checkpoint, if there is anything to say: records of closed minutes, a time in which nobody looked, what retention is about to
 * remove, or that for an hour there was nothing. The end of its time never goes back, whatever the clock does: what is recorded with
 * times before it counts as late, and is sealed all the same.
 */
export function decideCheckpoint<Open extends OpenLeaf>(
  options: CheckpointOptions<Open>,
): CheckpointDecision<Open> | undefined {
  const { id, organization, head, open: leaves, isMore, now, key } = options;
  const gap = gapOf(head, now);
  const isSilent = head !== undefined && now.getTime() - Date.parse(head.sealedAt) >= LONGEST_SILENCE;
  const removes = head?.removeThrough !== undefined && head.removeThrough !== head.announcedThrough;
  if (leaves.length === 0 && head !== undefined && !gap && !isSilent && !removes) return undefined;
  const closed = closedBefore(now).toISOString();
  const first = leaves[0] === undefined ? closed : closedBefore(new Date(leaves[0].at)).toISOString();
  const from = head?.to ?? first;
  const end = isMore ? (leaves.at(-1)?.at ?? closed) : closed;
  const late = leaves.filter(({ at }) => at < from);
  const removedThrough = head?.removeThrough ?? head?.announcedThrough;
  return {
    leaves,
    late,
    body: {
      id,
      organization,
      sequence: (head?.sequence ?? -1) + 1,
      range: { from, to: max(from, end) },
      size: leaves.length,
      late: late.length,
      root: Buffer.from(rootOf(leaves.map(({ hash }) => hash))).toString("hex"),
      ...(head === undefined ? {} : { previous: head.hash }),
      ...(gap === undefined ? {} : { gap }),
      ...(removedThrough === undefined ? {} : { removedThrough }),
      sealedAt: now.toISOString(),
      algorithm: key.algorithm,
      keyId: key.fingerprint,
    },
  };
}
