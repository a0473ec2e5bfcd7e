import { type PastIp, pastIp } from "@cadastre/contract/addresses/time";
import { contains, firstAddress, formatPrefix, type Prefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import * as z from "zod";
import type { Context } from "../../context.ts";
import { createCursors } from "../../cursor.ts";
import { type Listed, type ListOptions, MOST_EXAMINED } from "../../lists.ts";
import { requireSpace } from "../spaces/read.ts";
import { readLengths } from "../tree/chain.ts";
import type { IpItem } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";
import { requestedTime } from "./requested-time.ts";
import { stateAt, statesAt } from "./states.ts";

/** The key of the prefix that a page ended at. */
export const position = z.string().min(1).max(100);

/** As it was, with what it was in. */
export const toPastIp = (item: IpItem, containing: readonly IpItem[]): PastIp =>
  pastIp.parse({ ...item, family: parsePrefix(item.prefix).family, parentId: containing[0]?.id ?? null });

/**
 * What contained a prefix at a time, itself included, nearest first: of each length that the space has ever had a prefix of, the state of then. Two
 * round trips and two more, whatever the size of the space.
 */
async function chainAt(context: Context, space: string, at: Prefix, time: string): Promise<IpItem[]> {
  const { lengths } = await readLengths(context.table, space, at.family);
  const around = lengths.filter((length) => length <= at.length).sort((one, other) => other - one);
  const states = await Promise.all(
    around.map((length) => stateAt(context, space, formatPrefix(prefixOf(firstAddress(at), length)), time)),
  );
  return states.filter((item) => item !== undefined);
}

/** What a space was at a time: which of it is asked for. */
export interface AskedPast {
  readonly time: string;
  /** What contained this, nearest first. */
  readonly address?: string | undefined;
  /** What was inside this, itself included. */
  readonly within?: string | undefined;
}

const isIn = (item: IpItem, inner: Prefix): boolean => {
  const outer = parsePrefix(item.prefix);
  return outer.length < inner.length && contains(outer, inner);
};

/**
 * The prefixes of a space as they were at a time, in the order of addresses, each before what was in it; those that contained an address nearest
 * first. A page looks at 2,000 prefixes at the most, of then and of now. Throws 404 `space.not_found`, 422 `request.invalid`, `cursor.invalid`.
 */
export async function listPast(
  context: Context,
  space: string,
  asked: AskedPast,
  { limit, cursor }: ListOptions,
): Promise<Listed<PastIp>> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const time = requestedTime(context, "time", asked.time);
  const cursors = createCursors("past-ips", { space, ...asked }, position, context.restriction ?? context.spaces);
  let after = cursor === undefined ? undefined : cursors.decode(cursor);
  if (asked.address !== undefined) {
    const chain = await chainAt(context, space, parsePrefix(asked.address, { allowAddress: true }), time);
    return { items: chain.map((item, place) => toPastIp(item, chain.slice(place + 1))) };
  }
  const within = asked.within === undefined ? undefined : parsePrefix(asked.within);
  const items: PastIp[] = [];
  let chain: IpItem[] | undefined;
  let examined = 0;
  for await (const { key, item } of statesAt(context, { space, time, within, after })) {
    if (items.length === limit || examined === MOST_EXAMINED) return { items, cursor: cursors.encode(after ?? key) };
    examined += 1;
    after = key;
    if (item === undefined) continue;
    const at = parsePrefix(item.prefix);
    chain = (chain ?? (await chainAt(context, space, at, time))).filter((one) => isIn(one, at));
    items.push(toPastIp(item, chain));
    chain = [item, ...chain];
  }
  return { items };
}
