import { type Address, AddressError, formatAddress } from "./address.ts";
import { commonIntervals, intervalPrefixes, remainingIntervals, toIntervals } from "./interval.ts";
import type { Prefix } from "./prefix.ts";

/*
 * Sets of addresses, written as prefixes. Every result is canonical: the fewest prefixes that cover the set exactly, disjoint,
 * in the order of `comparePrefixes`. Arguments may be in any order, overlap, and mix the families.
 */

/** Every address that is in at least one of the prefixes: also the shortest way to write a list of them. */
export function union(prefixes: readonly Prefix[]): Prefix[] {
  return toIntervals(prefixes).flatMap(intervalPrefixes);
}

/** Every address that is in both lists. */
export function intersect(ones: readonly Prefix[], others: readonly Prefix[]): Prefix[] {
  return commonIntervals(toIntervals(ones), toIntervals(others)).flatMap(intervalPrefixes);
}

/** Every address of `from` that is not in `taken`. */
export function subtract(from: readonly Prefix[], taken: readonly Prefix[]): Prefix[] {
  return remainingIntervals(toIntervals(from), toIntervals(taken)).flatMap(intervalPrefixes);
}

/** What is left of `parent`; `taken` may reach beyond it. Every prefix is as large as the room around it allows. */
export function freeSpace(parent: Prefix, taken: readonly Prefix[]): Prefix[] {
  return subtract([parent], taken);
}

/**
 * The fewest prefixes that cover the addresses from `first` to `last`, both included.
 * Throws AddressError (`range-families-differ`, `range-reversed`).
 */
export function rangeToPrefixes(first: Address, last: Address): Prefix[] {
  const text = () => `${formatAddress(first)}-${formatAddress(last)}`;
  if (first.family !== last.family) throw new AddressError("range-families-differ", text());
  if (first.value > last.value) throw new AddressError("range-reversed", text());
  return intervalPrefixes({ family: first.family, first: first.value, last: last.value });
}
