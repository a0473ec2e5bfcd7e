import type { Space } from "@cadastre/contract/addresses/space";
import { firstIdAt } from "@cadastre/contract/ids";
import type { Stored } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../../context.ts";
import { createCursors } from "../../cursor.ts";
import { canonicalName } from "../../directory/canonical-name.ts";
import { type Listed, type ListOptions, MOST_EXAMINED, selectPage } from "../../lists.ts";
import { isReached, mayKnowOfSpace } from "../../restriction.ts";
import { ADDRESS_SPACES_PARTITION, AddressSpaceItem, AddressSpaceListItem, AddressSpaceNameItem } from "./items.ts";
import { toSpaceView } from "./spaces.ts";

const LIST = "address-spaces";

export interface SpaceFilter {
  /** The one of this name; case does not matter. */
  readonly name?: string | undefined;
  /** Part of the name; case does not matter. */
  readonly nameContains?: string | undefined;
  /** ISO times, both exclusive. */
  readonly createdBefore?: string | undefined;
  readonly createdAfter?: string | undefined;
}

/** The last millisecond that an id can have in it. */
const LATEST = 2 ** 48 - 1;
const idAt = (time: number): string => firstIdAt("space", new Date(Math.min(LATEST, Math.max(0, time))));

/** Between which ids those are that were made in this time. */
const boundsOf = ({ createdBefore, createdAfter }: SpaceFilter) => ({
  after: createdAfter === undefined ? undefined : idAt(Date.parse(createdAfter) + 1),
  before: createdBefore === undefined ? undefined : idAt(Date.parse(createdBefore)),
});

const isNamed = (name: string, { nameContains }: SpaceFilter): boolean =>
  nameContains === undefined || canonicalName(name).includes(canonicalName(nameContains));

type Bounds = ReturnType<typeof boundsOf>;
const isWithin = (id: string, { after, before }: Bounds): boolean =>
  (after === undefined || id > after) && (before === undefined || id < before);

async function readSpaces(
  { table }: Context,
  ids: readonly string[],
): Promise<(Stored<AddressSpaceItem> | undefined)[]> {
  if (ids.length === 0) return [];
  return table.getMany(
    AddressSpaceItem,
    ids.map((id) => ({ id })),
    { consistent: true },
  );
}

const AT_ONCE = 100;
const position = z.string().max(64);

/** Of a few spaces that are known by their ids, oldest first: those of others are not looked at. */
async function listKnown(
  context: Context,
  ids: readonly string[],
  filter: SpaceFilter,
  { limit, cursor }: ListOptions,
): Promise<Listed<Space>> {
  const cursors = createCursors(LIST, filter, position, context.spaces);
  const bounds = boundsOf(filter);
  const start = cursor === undefined ? "" : cursors.decode(cursor);
  const left = ids.filter((id) => id > start && isWithin(id, bounds)).toSorted();
  const items: Space[] = [];
  let at = 0;
  while (at < left.length && items.length < limit && at < MOST_EXAMINED) {
    const part = left.slice(at, at + Math.min(AT_ONCE, limit - items.length));
    for (const stored of await readSpaces(context, part))
      if (stored !== undefined && isNamed(stored.name, filter)) items.push(toSpaceView(stored));
    at += part.length;
  }
  const last = left[at - 1];
  return { items, ...(at < left.length && last !== undefined ? { cursor: cursors.encode(last) } : {}) };
}

/** The one space of a name. */
async function findNamed(context: Context, name: string, filter: SpaceFilter): Promise<Listed<Space>> {
  const held = await context.table.get(AddressSpaceNameItem, { name: canonicalName(name) }, { consistent: true });
  if (!held || !mayKnowOfSpace(context, held.space) || !isWithin(held.space, boundsOf(filter))) return { items: [] };
  const [stored] = await readSpaces(context, [held.space]);
  return { items: stored !== undefined && isNamed(stored.name, filter) ? [toSpaceView(stored)] : [] };
}

/**
 * Address spaces that the caller may know of, oldest first. A page is one query and one batched read, however many there are; one by a part of the
 * name may be short, since 2,000 names are looked at at the most, and then has a cursor to go on from. Throws 422 `cursor.invalid`.
 */
export async function listSpaces(
  context: Context,
  { limit, cursor, ...filter }: ListOptions & SpaceFilter,
): Promise<Listed<Space>> {
  const { table, spaces } = context;
  if (filter.name !== undefined) return findNamed(context, filter.name, filter);
  if (spaces !== undefined && !spaces.isDefault) return listKnown(context, spaces.except, filter, { limit, cursor });
  return selectPage(
    { table, restriction: spaces },
    {
      list: LIST,
      filters: filter,
      entity: AddressSpaceListItem,
      partition: ADDRESS_SPACES_PARTITION,
      ...boundsOf(filter),
      select: async (entries) => {
        const isMeant = (entry: (typeof entries)[number]) =>
          (spaces === undefined || isReached(spaces, entry.id)) && isNamed(entry.name, filter);
        const meant = entries.filter(isMeant);
        const found = await readSpaces(
          context,
          meant.map(({ id }) => id),
        );
        const views = new Map(found.flatMap((stored) => (stored ? [[stored.id, toSpaceView(stored)] as const] : [])));
        return entries.map(({ id }) => views.get(id));
      },
    },
    { limit, cursor },
  );
}
