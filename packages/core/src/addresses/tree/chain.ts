import { type Address, addressBits } from "@cadastre/net/address";
import {
  contains,
  firstAddress,
  formatPrefix,
  lastAddress,
  type Prefix,
  parsePrefix,
  prefixOf,
} from "@cadastre/net/prefix";
import type { Stored, Table } from "@cadastre/store/table";
import { IpItem, IpLengthsItem, ipSort, spacePartition } from "./items.ts";

interface ReadOptions {
  readonly consistent?: boolean;
}

/** So many lengths are asked for at once, read strongly or not; of more, the neighbour of an address says which can hold it. */
const MOST_ASKED = { strongly: 24, eventually: 48 } as const;

/** The lengths of a space's prefixes of a family, in the order of size, largest prefix first; with their item. */
export async function readLengths(
  table: Table,
  space: string,
  family: 4 | 6,
  { consistent = true }: ReadOptions = {},
): Promise<{ readonly lengths: readonly number[]; readonly stored: Stored<IpLengthsItem> | undefined }> {
  const stored = await table.get(IpLengthsItem, { space, family }, { consistent });
  return { lengths: stored?.lengths ?? [], stored };
}

/** How many first bits two addresses have in common. */
function commonBits(one: Address, other: Address): number {
  const difference = one.value ^ other.value;
  return difference === 0n ? addressBits(one.family) : addressBits(one.family) - difference.toString(2).length;
}

/**
 * What contains an address begins at it or before it; whatever stands just before it is inside all of that, or contains it itself. So nothing
 * longer than what the two have in common can contain it.
 */
async function neighbourBits(
  table: Table,
  space: string,
  at: Prefix,
  { consistent = true }: ReadOptions,
): Promise<number> {
  const last = { ...at, network: lastAddress(at).value, length: addressBits(at.family) };
  const { items } = await table.query(IpItem, {
    partition: spacePartition(space),
    sort: { from: `ip#${at.family}`, to: ipSort(last) },
    reverse: true,
    limit: 1,
    consistent,
  });
  const [item] = items;
  if (!item) return -1;
  const neighbour = parsePrefix(item.prefix);
  return Math.min(neighbour.length, commonBits(firstAddress(neighbour), firstAddress(at)));
}

/**
 * What contains a prefix, itself included when it is planned: nearest first. Two round trips, and one more in a space of more than 48
 * lengths, or 24 when it is read strongly; half a read unit for each length that the space has prefixes of, and twice that when read strongly.
 */
export async function readChain(
  table: Table,
  space: string,
  at: Prefix,
  options: ReadOptions & { readonly lengths?: readonly number[] } = {},
): Promise<Stored<IpItem>[]> {
  const { consistent = true } = options;
  const known = options.lengths ?? (await readLengths(table, space, at.family, options)).lengths;
  let lengths = known.filter((length) => length <= at.length);
  if (lengths.length > MOST_ASKED[consistent ? "strongly" : "eventually"]) {
    const bits = await neighbourBits(table, space, at, options);
    lengths = lengths.filter((length) => length <= bits);
  }
  const keys = lengths
    .toSorted((one, other) => other - one)
    .map((length) => ({ space, prefix: formatPrefix(prefixOf(firstAddress(at), length)) }));
  const found = await table.getMany(IpItem, keys, { consistent });
  return found.filter((item) => item !== undefined);
}

/** Those of a chain that contain a prefix and are not it. */
export function above(chain: readonly Stored<IpItem>[], at: Prefix): Stored<IpItem>[] {
  return chain.filter(({ prefix }) => {
    const one = parsePrefix(prefix);
    return one.length < at.length && contains(one, at);
  });
}
