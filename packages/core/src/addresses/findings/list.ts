import type { Finding } from "@cadastre/contract/addresses/findings";
import { contains, parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import type { Listed, ListOptions } from "../../lists.ts";
import { toPattern } from "../../subjects/pattern.ts";
import { listIps } from "../tree/list.ts";
import { readAbove } from "../tree/read-ips.ts";
import { readWindowsBetween } from "../tree/read-windows.ts";
import type { Window } from "../tree/window.ts";
import { findingsOf, type Wanted } from "./decide.ts";

const isEmpty = (windows: readonly Window[] = []): boolean =>
  windows.every(({ layers }) => Object.values(layers).every((intervals) => intervals.length === 0));

interface AskedFindings extends Omit<Wanted, "name"> {
  /** With stars for any characters. */
  readonly name?: string | undefined;
  readonly within?: string | undefined;
}

/**
 * What of the prefixes of a space is not as it is wanted, in the order of addresses: a page is of so many prefixes, and may have nothing, or more findings
 * than that. Throws 404 `space.not_found`, 422 `cursor.invalid`.
 */
export async function listFindings(
  context: Context,
  space: string,
  { within, name, ...others }: AskedFindings,
  options: ListOptions,
): Promise<Listed<Finding>> {
  const wanted = { ...others, name: name === undefined ? undefined : toPattern([{ text: name, quoted: false }]) };
  const { items, cursor } = await listIps(context, space, { within }, options);
  const [first] = items;
  const last = items.at(-1);
  if (first === undefined || last === undefined) return { items: [] };
  const [from, to] = [parsePrefix(first.prefix), parsePrefix(last.prefix)];
  const [windows, containing] = await Promise.all([
    readWindowsBetween(context.table, space, from, to),
    readAbove(context, space, from),
  ]);
  let chain: { readonly prefix: string; readonly owner: string }[] = containing;
  const found = items.flatMap((ip) => {
    const at = parsePrefix(ip.prefix);
    chain = [ip, ...chain.filter(({ prefix }) => contains(parsePrefix(prefix), at))];
    const isOwned = chain.some(({ owner }) => owner !== "");
    return findingsOf({ ip, isOwned, isEmpty: isEmpty(windows.get(ip.prefix)) }, wanted);
  });
  return { items: found, ...(cursor === undefined ? {} : { cursor }) };
}
