import type { Ip, IpStatus } from "@cadastre/contract/addresses/ip";
import { ProblemError } from "@cadastre/contract/errors";
import { comparePrefixes, contains, type Prefix, parsePrefix, tryParsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../../context.ts";
import { createCursors } from "../../cursor.ts";
import { inParallel } from "../../in-parallel.ts";
import { type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { requireSpace } from "../spaces/read.ts";
import { checkTags } from "../tags/check-tags.ts";
import { readTagDefinitions, type TagDefinitions } from "../tags/definitions.ts";
import { utilizationOf } from "../utilization.ts";
import { above, readChain } from "./chain.ts";
import { childrenOf } from "./children.ts";
import { IpItem, spacePartition } from "./items.ts";
import { settle } from "./pending.ts";
import { boundsOf, boundsWithin } from "./ranges.ts";
import { readAbove, requireIp } from "./read-ips.ts";
import { readWindows, readWindowsBetween } from "./read-windows.ts";
import { isThere, toIpView } from "./view.ts";

/** What prefixes of a space are chosen by; all that is given must hold. */
export interface IpFilters {
  readonly family?: 4 | 6 | undefined;
  /** This one alone. Canonical, as the others are. */
  readonly prefix?: string | undefined;
  /** What is inside this, itself included. */
  readonly within?: string | undefined;
  /** What contains this prefix. */
  readonly contains?: string | undefined;
  /** What is directly in the one with this id. `null` for what is in nothing. */
  readonly parentId?: string | null | undefined;
  readonly status?: IpStatus | undefined;
  readonly source?: IpItem["source"] | undefined;
  /** By name, with what is inherited and implied. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Part of a name, description, owner or prefix, whatever its case. */
  readonly q?: string | undefined;
}

interface IpListOptions extends ListOptions {
  /** Without it in the order of addresses; a minus turns it round. */
  readonly sort?: IpSort | undefined;
  readonly expand?: { readonly utilization?: boolean } | undefined;
}

const AT_ONCE = 16;

function matches(ip: Ip, { family, prefix, within, status, source, tags = {}, q }: IpFilters): boolean {
  const at = parsePrefix(ip.prefix);
  const texts = [ip.name, ip.description, ip.owner, ip.prefix].map((text) => text.toLowerCase());
  return (
    (family === undefined || ip.family === family) &&
    (prefix === undefined || ip.prefix === prefix) &&
    (within === undefined || contains(parsePrefix(within), at)) &&
    (status === undefined || ip.status === status) &&
    (source === undefined || ip.source === source) &&
    (q === undefined || texts.some((text) => text.includes(q.toLowerCase()))) &&
    Object.entries(tags).every(
      ([name, value]) => Object.hasOwn(ip.resolvedTags, name) && ip.resolvedTags[name] === value,
    )
  );
}

/** Views of prefixes that come in the order of addresses, each with what contains it: what came before it, or what contains the first. */
function inTreeOrder(context: Context, { space, definitions }: Asked) {
  let chain: Stored<IpItem>[] | undefined;
  return async function viewsOf(items: readonly Stored<IpItem>[]): Promise<(Ip | undefined)[]> {
    const [first] = items;
    if (first === undefined) return [];
    chain ??= await readAbove(context, space, parsePrefix(first.prefix));
    const views: (Ip | undefined)[] = [];
    for (const item of items) {
      if (!isThere(item, context.now())) {
        views.push(undefined);
        continue;
      }
      chain = above(chain, parsePrefix(item.prefix));
      views.push(toIpView(item, chain, definitions));
      chain = [item, ...chain];
    }
    return views;
  };
}

/** Whether all that lies between two prefixes of a list is in it: then their windows lie beside each other, too. */
const isGapless = (
  { contains: inner, parentId, status, source, tags, q }: IpFilters,
  sort: IpSort | undefined,
): boolean =>
  (sort === undefined || sort === "prefix") &&
  [inner, parentId, status, source, tags, q].every((filter) => filter === undefined);

/** The same with how much of each is used: one query where they lie beside each other, else one for each. */
async function withUtilization({ table }: Context, items: readonly Ip[], beside: boolean): Promise<Ip[]> {
  const [first] = items;
  const last = items.at(-1);
  if (beside && first && last) {
    const windows = await readWindowsBetween(table, first.space, parsePrefix(first.prefix), parsePrefix(last.prefix));
    return items.map((one) => ({ ...one, utilization: utilizationOf(one, windows.get(one.prefix) ?? []) }));
  }
  return inParallel(items, AT_ONCE, async (one) => {
    const windows = await readWindows(table, one.space, parsePrefix(one.prefix), undefined, { consistent: false });
    return { ...one, utilization: utilizationOf(one, windows) };
  });
}

const childPosition = z.string().refine((text) => tryParsePrefix(text) !== undefined);

async function listChildren(
  context: Context,
  { space, definitions, filters }: Asked<IpFilters & { readonly parentId: string | null }>,
  { limit, cursor }: ListOptions,
): Promise<Listed<Ip>> {
  const cursors = createCursors("ips", { ...filters, space }, childPosition, context.restriction);
  const parent = filters.parentId === null ? undefined : await requireIp(context, space, filters.parentId);
  const place = parent && parsePrefix(parent.prefix);
  const chain = parent && place ? [parent, ...(await readAbove(context, space, place))] : [];
  const after = cursor === undefined ? undefined : parsePrefix(cursors.decode(cursor));
  const items: Ip[] = [];
  for await (const child of childrenOf(context, { space, parent: place, family: filters.family, after })) {
    const view = toIpView(child, chain, definitions);
    if (!matches(view, filters)) continue;
    if (items.length === limit) return { items, cursor: cursors.encode(items.at(-1)?.prefix ?? "") };
    items.push(view);
  }
  return { items };
}

async function listContaining(
  context: Context,
  { space, definitions, filters }: Asked,
  at: Prefix,
): Promise<Listed<Ip>> {
  const chain = (await readChain(context.table, space, at, { consistent: false })).filter((item) =>
    isThere(item, context.now()),
  );
  const views = chain.map((item, place) => toIpView(item, chain.slice(place + 1), definitions));
  return { items: views.filter((view) => matches(view, filters)) };
}

/** That tags which are asked for can be had: nothing has what the space does not know, and that is no answer. Throws 422 `request.invalid`. */
function requireKnownTags(definitions: TagDefinitions, tags: Readonly<Record<string, string>>): void {
  const [first] = checkTags(definitions, tags);
  if (first) throw new ProblemError("request.invalid", first.message, { errors: [{ ...first, path: "tags" }] });
}

/**
 * Prefixes of a space in the order of addresses, each before what it contains; those that contain an address nearest first. With filters a
 * page may be short and has a cursor then. Throws 404 `ip.not_found` for a parent that is not there, 422 `cursor.invalid`, and `request.invalid` where more than 5,000 are to be sorted.
 */
export async function listIps(
  context: Context,
  space: string,
  filters: IpFilters,
  { expand = {}, sort, ...options }: IpListOptions,
): Promise<Listed<Ip>> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const definitions = await readTagDefinitions(context, space);
  requireKnownTags(definitions, filters.tags ?? {});
  const asked = { space, definitions, filters };
  const isInOrder = sort === undefined || sort === "prefix";
  const listed = isInOrder ? await select(context, asked, options) : await selectSorted(context, asked, sort, options);
  return expand.utilization
    ? { ...listed, items: await withUtilization(context, listed.items, isGapless(filters, sort)) }
    : listed;
}

export type IpSort = `${"" | "-"}${"prefix" | "name" | "createdOn" | "modifiedOn"}`;

/** Prefixes that one request sorts. */
const MOST_SORTED = 5000;
const PAGE = 200;

const sortedPosition = z.int().min(1).max(MOST_SORTED);

function compareBy(sort: IpSort): (one: Ip, other: Ip) => number {
  const isDescending = sort.startsWith("-");
  const field = (isDescending ? sort.slice(1) : sort) as "prefix" | "name" | "createdOn" | "modifiedOn";
  const inOrder = (one: Ip, other: Ip) => comparePrefixes(parsePrefix(one.prefix), parsePrefix(other.prefix));
  const compare = (one: Ip, other: Ip) =>
    (field === "prefix" ? 0 : one[field].localeCompare(other[field], "en")) || inOrder(one, other);
  return isDescending ? (one, other) => compare(other, one) : compare;
}

/** In another order than that of addresses: all that match are read, and there must not be too many. */
async function selectSorted(
  context: Context,
  asked: Asked,
  sort: IpSort,
  { limit, cursor }: ListOptions,
): Promise<Listed<Ip>> {
  const cursors = createCursors(
    "ips",
    { ...asked.filters, space: asked.space, sort },
    sortedPosition,
    context.restriction,
  );
  const from = cursor === undefined ? 0 : cursors.decode(cursor);
  const all: Ip[] = [];
  let next: string | undefined;
  let pages = 0;
  do {
    const page = await select(context, asked, { limit: PAGE, cursor: next });
    all.push(...page.items);
    next = page.cursor;
    pages += 1;
    if (all.length > MOST_SORTED || pages > MOST_SORTED / PAGE) throw tooManyToSort();
  } while (next !== undefined);
  const items = all.sort(compareBy(sort)).slice(from, from + limit);
  return { items, ...(from + limit < all.length && { cursor: cursors.encode(from + limit) }) };
}

function tooManyToSort(): ProblemError {
  const message = `more than ${MOST_SORTED} prefixes are to be sorted; ask for fewer, by within, parentId or others`;
  return new ProblemError("request.invalid", `sort: ${message}`, { errors: [{ path: "sort", message }] });
}

/** A list of prefixes that is asked for, of a space with the tags that it has. */
interface Asked<Filters extends IpFilters = IpFilters> {
  readonly space: string;
  readonly definitions: TagDefinitions;
  readonly filters: Filters;
}

async function select(context: Context, asked: Asked, options: ListOptions): Promise<Listed<Ip>> {
  const { space, filters } = asked;
  const { contains: inner, parentId, within, prefix, family } = filters;
  if (inner !== undefined) return listContaining(context, asked, parsePrefix(inner));
  if (parentId !== undefined) return listChildren(context, { ...asked, filters: { ...filters, parentId } }, options);
  const place = prefix ?? within;
  const viewsOf = inTreeOrder(context, asked);
  return selectPage(
    context,
    {
      list: "ips",
      filters: { ...filters, space },
      entity: IpItem,
      partition: spacePartition(space),
      ...(place ? boundsWithin(parsePrefix(place), { itself: true }) : boundsOf(family)),
      select: async (items) => {
        const views = await viewsOf(items);
        return views.map((view) => (view && matches(view, filters) ? view : undefined));
      },
    },
    options,
  );
}
