import { MOST_SHARDS } from "@cadastre/contract/digest";
import type { OpenScope } from "@cadastre/contract/discovery";

/** How a scope is cut into shards from now on: as it is, anew, or first by the collector, which has to open its run again. */
export interface Cut {
  readonly act: "compare" | "recut" | "reshard";
  readonly shardCount: number;
}

/** A scope's cut as it is stored. */
export interface StoredCut {
  readonly shardCount: number;
  /** Of the shard that has most of them: resources that are known and that the last upload did not have. */
  readonly mostMissing: number;
}

type Incoming = Pick<OpenScope, "status" | "shards">;

/**
 * It grows at once; it shrinks only to a quarter and only when all of it was seen, so that a scope that swings about a
 * threshold is not cut back and forth: until then the collector is asked to cut it as it is stored.
 */
function decideSize(stored: number | undefined, { status, shards }: Incoming): Cut {
  const count = shards.length;
  if (count === 0) return { act: "compare", shardCount: stored ?? 1 };
  if (stored === undefined || stored === count) return { act: "compare", shardCount: count };
  if (count > stored || (status === "complete" && count * 4 <= stored)) return { act: "recut", shardCount: count };
  return { act: "reshard", shardCount: stored };
}

/** With so many resources that are known but no longer seen, and those that are, a manifest is at half of what an item holds. */
const MOST_MISSING = 4000;

/**
 * How a scope is cut from now on. A scope that is never complete, or held, keeps all that it ever had: its shards grow with
 * what is missing from them. It is cut finer before they do not fit in an item, and not coarser until that is gone.
 */
export function decideCut(stored: StoredCut | undefined, incoming: Incoming): Cut {
  const cut = decideSize(stored?.shardCount, incoming);
  if (stored === undefined || incoming.shards.length === 0 || cut.act === "reshard") return cut;
  const { shardCount, mostMissing } = stored;
  if (cut.shardCount < shardCount) {
    const wouldCrowd = mostMissing * (shardCount / cut.shardCount) > MOST_MISSING;
    return wouldCrowd ? { act: "reshard", shardCount } : cut;
  }
  const isCrowded = mostMissing > MOST_MISSING && cut.shardCount === shardCount && shardCount < MOST_SHARDS;
  return isCrowded ? { act: "reshard", shardCount: shardCount * 2 } : cut;
}
