import type { Ip, IpStatus } from "@cadastre/contract/addresses/ip";
import type { Address } from "@cadastre/net/address";
import { contains, hostPrefix, type Prefix, parsePrefix, tryParsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../../context.ts";
import { createCursors } from "../../cursor.ts";
import { inParallel } from "../../in-parallel.ts";
import { type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { requireSpace } from "../spaces/read.ts";
import { readTagDefinitions, type TagDefinitions } from "../tags/definitions.ts";
import { utilizationOf } from "../utilization.ts";
import { above, readChain } from "./chain.ts";
import { childrenOf } from "./children.ts";
import { readWindows } from "./edit.ts";
import { IpItem, spacePartition } from "./items.ts";
import { settle } from "./pending.ts";
import { boundsOf, boundsWithin } from "./ranges.ts";
import { readAbove, requireIp } from "./read-ips.ts";
import { isThere, toIpView } from "./view.ts";

/** What prefixes of a space are chosen by; all that is given must hold. */
export interface IpFilters {
  readonly family?: 4 | 6 | undefined;
  /** This one alone. */
  readonly prefix?: Prefix | undefined;
  /** What is inside this, itself included. */
  readonly within?: Prefix | undefined;
  /** What contains this. */
  readonly contains?: Address | Prefix | undefined;
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
  readonly expand?: { readonly utilization?: boolean } | undefined;
}

const AT_ONCE = 16;

function matches(ip: Ip, { family, prefix, within, status, source, tags = {}, q }: IpFilters): boolean {
  const at = parsePrefix(ip.prefix);
  const texts = [ip.name, ip.description, ip.owner, ip.prefix].map((text) => text.toLowerCase());
  return (
    (family === undefined || ip.family === family) &&
    (prefix === undefined || (contains(prefix, at) && contains(at, prefix))) &&
    (within === undefined || contains(within, at)) &&
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

/** The same with how much of each is used. */
async function withUtilization({ table }: Context, items: readonly Ip[]): Promise<Ip[]> {
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
  const cursors = createCursors("ips", { space, ...shown(filters) }, childPosition, context.restriction);
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

/** Filters as cursors are bound to them. */
const shown = (filters: IpFilters): object =>
  JSON.parse(JSON.stringify(filters, (_, value) => (typeof value === "bigint" ? String(value) : value)));

async function listContaining(
  context: Context,
  { space, definitions, filters }: Asked,
  at: Prefix,
): Promise<Listed<Ip>> {
  const chain = (await readChain(context.table, space, at)).filter((item) => isThere(item, context.now()));
  const views = chain.map((item, place) => toIpView(item, chain.slice(place + 1), definitions));
  return { items: views.filter((view) => matches(view, filters)) };
}

/**
 * Prefixes of a space in the order of addresses, each before what it contains; those that contain an address nearest first. With filters a
 * page may be short and has a cursor then. Throws 404 `ip.not_found` for a parent that is not there, 422 `cursor.invalid`.
 */
export async function listIps(
  context: Context,
  space: string,
  filters: IpFilters,
  { expand = {}, ...options }: IpListOptions,
): Promise<Listed<Ip>> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const definitions = await readTagDefinitions(context, space);
  const listed = await select(context, { space, definitions, filters }, options);
  return expand.utilization ? { ...listed, items: await withUtilization(context, listed.items) } : listed;
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
  if (inner !== undefined) return listContaining(context, asked, "network" in inner ? inner : hostPrefix(inner));
  if (parentId !== undefined) return listChildren(context, { ...asked, filters: { ...filters, parentId } }, options);
  const place = prefix ?? within;
  const viewsOf = inTreeOrder(context, asked);
  return selectPage(
    context,
    {
      list: "ips",
      filters: { space, ...shown(filters) },
      entity: IpItem,
      partition: spacePartition(space),
      ...(place ? boundsWithin(place, { itself: true }) : boundsOf(family)),
      select: async (items) => {
        const views = await viewsOf(items);
        return views.map((view) => (view && matches(view, filters) ? view : undefined));
      },
    },
    options,
  );
}
