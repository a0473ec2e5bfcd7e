import { remove, type Write } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../context.ts";
import { defineJob } from "../jobs/define.ts";
import {
  piecePartition,
  piecesPartition,
  SCIM_TYPES,
  ScimEntryItem,
  ScimPieceItem,
  ScimResourceItem,
} from "./items.ts";
import { unplaceResource } from "./resource-writes.ts";

/** Writes of a step, beside the job's own. */
const MOST_WRITES = 90;
const MOST_RESOURCES = 30;

export const EMPTY_SCIM_SOURCE = "empty-scim-source";

/** A piece of a source's lists that is not cleared away yet. */
async function nextPiece({ table }: Pick<Context, "table">, source: string): Promise<ScimPieceItem | undefined> {
  for (const type of SCIM_TYPES) {
    const query = { partition: piecesPartition({ source, type }), limit: 1, consistent: true };
    const { items } = await table.query(ScimPieceItem, query);
    if (items[0]) return items[0];
  }
  return undefined;
}

/**
 * Clears away what a SCIM source that was deleted said of users and groups, who stay. A step is one commit within one piece of its lists; its
 * repetition finds what is left.
 */
export const emptyScimSource = defineJob({
  name: EMPTY_SCIM_SOURCE,
  about: "Clears away what a SCIM source that was deleted said of users and groups, who stay",
  state: z.object({ source: z.string(), done: z.int().min(0) }),
  leaseSeconds: 60,
  async step(context, { state: { source, done }, guard }) {
    const { table } = context;
    const next = await nextPiece(context, source);
    if (!next) return { state: { source, done }, progress: { done, unit: "resources" }, done: true };
    const { type, piece } = next;
    const partition = piecePartition({ source, type }, piece);
    const page = await table.query(ScimEntryItem, { partition, limit: MOST_RESOURCES, consistent: true });
    const found = await table.getMany(ScimResourceItem, page.items, { consistent: true });
    const writes: Write[] = [];
    let taken = 0;
    for (const item of found) {
      // The count goes as a whole when its piece is empty.
      const own = item ? unplaceResource(item).filter(({ op }) => op !== "increment") : [];
      if (writes.length + own.length > MOST_WRITES) break;
      writes.push(...own);
      taken += 1;
    }
    const isEmpty = page.cursor === undefined && taken === page.items.length;
    const counted = isEmpty ? [remove(ScimPieceItem, { source, type, piece })] : [];
    await table.commit([guard, ...writes, ...counted]);
    const sum = done + taken;
    return { state: { source, done: sum }, progress: { done: sum, unit: "resources" }, done: false };
  },
});
