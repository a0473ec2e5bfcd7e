import type { Ip } from "@cadastre/contract/addresses/ip";
import { ProblemError } from "@cadastre/contract/errors";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { requireSpace } from "../spaces/read.ts";
import { above, readChain } from "./chain.ts";
import { IpIdItem, IpItem } from "./items.ts";
import { settle } from "./pending.ts";
import { definitionsFor } from "./tagged.ts";
import { isThere, toIpView } from "./view.ts";

/** One prefix of a space by its id, as it is stored. Throws 404 `ip.not_found`. */
export async function requireIp({ table, now }: Context, space: string, id: string): Promise<Stored<IpItem>> {
  const place = await table.get(IpIdItem, { id }, { consistent: true });
  const item = place?.space === space ? await table.get(IpItem, place, { consistent: true }) : undefined;
  if (item?.id !== id || !isThere(item, now())) throw new ProblemError("ip.not_found");
  return item;
}

/** What contains a prefix, nearest first, read strongly. */
export async function readAbove({ table }: Context, space: string, at: Prefix): Promise<Stored<IpItem>[]> {
  return above(await readChain(table, space, at), at);
}

async function viewOf(context: Context, item: Stored<IpItem>, containing: readonly Stored<IpItem>[]): Promise<Ip> {
  const definitions = await definitionsFor(context, item.space, [item, ...containing]);
  return toIpView(item, containing, definitions);
}

/** One prefix. Throws 404 `space.not_found`, `ip.not_found`. */
export async function getIp(context: Context, space: string, id: string): Promise<Ip> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  return readView(context, space, id);
}

/** The same of a space that was looked at before. */
export async function readView(context: Context, space: string, id: string): Promise<Ip> {
  const item = await requireIp(context, space, id);
  return viewOf(context, item, await readAbove(context, space, parsePrefix(item.prefix)));
}

/**
 * Prefixes by their ids, in that order; those that are no more are left out. `containing` is what contains all of them, nearest first, where
 * that is known.
 */
export async function readViews(
  context: Context,
  space: string,
  ids: readonly string[],
  containing?: readonly Stored<IpItem>[],
): Promise<Ip[]> {
  const { table, now } = context;
  const keys = ids.map((id) => ({ id }));
  const places = (await table.getMany(IpIdItem, keys, { consistent: true })).filter((place) => place !== undefined);
  const known = places.filter((place) => place.space === space);
  const items = (await table.getMany(IpItem, known, { consistent: true })).filter((item) => item !== undefined);
  const there = items.filter((item) => isThere(item, now()));
  if (containing === undefined)
    return Promise.all(
      there.map(async (item) => viewOf(context, item, await readAbove(context, space, parsePrefix(item.prefix)))),
    );
  const definitions = await definitionsFor(context, space, [...there, ...containing]);
  return there.map((item) => toIpView(item, containing, definitions));
}
