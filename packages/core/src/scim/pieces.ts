import type { ResourceType } from "./attribute.ts";
import { piecePartition, piecesPartition, ScimEntryItem, ScimPieceItem } from "./items.ts";
import type { Service } from "./service.ts";

const READ_AT_ONCE = 1000;

/** A piece of a list that has anything, and how much. */
export interface Piece {
  readonly piece: string;
  readonly count: number;
}

/** Where in a list one is: behind an id of a piece. */
export interface Place {
  readonly piece: string;
  readonly after: string;
}

/** The pieces of a list in their order. One read unit for some fifty of them, or 25,000 resources. */
export async function readPieces(
  { context: { table }, source }: Service,
  { id }: ResourceType,
): Promise<readonly Piece[]> {
  const pieces: Piece[] = [];
  let cursor: string | undefined;
  do {
    const query = { partition: piecesPartition({ source, type: id }), cursor, consistent: true };
    const page = await table.query(ScimPieceItem, query);
    pieces.push(...page.items.filter(({ count }) => count > 0).map(({ piece, count }) => ({ piece, count })));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pieces;
}

export const sumOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { count }) => sum + count, 0);

export interface Entry {
  readonly piece: string;
  readonly id: string;
}

/** At most `most` entries of a list, behind a place of it when one is given. */
export async function readEntries(
  { context: { table }, source }: Service,
  { id: type }: ResourceType,
  pieces: readonly Piece[],
  { from, most }: { readonly from?: Place | undefined; readonly most: number },
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const { piece } of pieces) {
    if (from !== undefined && piece < from.piece) continue;
    let sort = from?.piece === piece ? { after: from.after } : undefined;
    while (entries.length < most) {
      const query = {
        partition: piecePartition({ source, type }, piece),
        limit: Math.min(most - entries.length, READ_AT_ONCE),
        consistent: true,
      };
      const page = await table.query(ScimEntryItem, { ...query, ...(sort === undefined ? {} : { sort }) });
      entries.push(...page.items.map(({ id }) => ({ piece, id })));
      const last = page.items.at(-1);
      if (page.cursor === undefined || last === undefined) break;
      sort = { after: last.id };
    }
    if (entries.length >= most) break;
  }
  return entries;
}

/** The entries from the one at an index on, from 0: pieces before it are not read, only counted. */
export async function readFromIndex(
  service: Service,
  type: ResourceType,
  pieces: readonly Piece[],
  { skip, most }: { readonly skip: number; readonly most: number },
): Promise<readonly Entry[]> {
  let left = skip;
  for (const [at, { count }] of pieces.entries()) {
    if (left < count) {
      const entries = await readEntries(service, type, pieces.slice(at), { most: left + most });
      return entries.slice(left);
    }
    left -= count;
  }
  return [];
}
