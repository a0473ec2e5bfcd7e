import { ProblemError } from "@cadastre/contract/errors";
import { type Address, addressBits, formatAddress, parseAddress } from "@cadastre/net/address";
import {
  commonIntervals,
  type Interval,
  prefixInterval,
  remainingIntervals,
  unionIntervals,
} from "@cadastre/net/interval";
import { hostPrefix, type Prefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import { ConflictError } from "@cadastre/store/errors";
import { check, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { carryOutPending } from "../tree/carry-out.ts";
import { readChain } from "../tree/chain.ts";
import type { Edit } from "../tree/edit.ts";
import { IpItem } from "../tree/items.ts";
import type { Layer } from "../tree/layers.ts";
import type { Parent, Window } from "../tree/window.ts";
import type { RangeItem } from "./items.ts";

/** Prefixes that a range may go over, each inside another or beside it. */
const MOST_PREFIXES = 50;

type Placed = Pick<RangeItem, "start" | "end" | "populated" | "utilized">;

const FLAGS = ["populated", "utilized"] as const satisfies readonly Layer[];

const flagsOf = (range: Placed) => FLAGS.filter((flag) => range[flag]);

/** All addresses of a range. */
export function rangeInterval({ start, end }: Pick<RangeItem, "start" | "end">): Interval {
  const { family, value: first } = parseAddress(start);
  return { family, first, last: parseAddress(end).value };
}

/** The smallest prefix that has all of an interval. */
function coverOf({ family, first, last }: Interval): Prefix {
  const bits = first === last ? 0 : (first ^ last).toString(2).length;
  return prefixOf({ family, value: first }, addressBits(family) - bits);
}

interface Part {
  readonly parent: Parent;
  readonly stored: Stored<IpItem> | undefined;
  readonly place: Interval;
}

const partIn = (stored: Stored<IpItem> | undefined, place: Interval): Part => ({
  parent: stored === undefined ? { family: place.family, isTop: true } : parsePrefix(stored.prefix),
  stored,
  place,
});

/** What is directly in a parent and has the address, which its windows say is planned. */
async function childAt(context: Context, space: string, parent: Parent, at: Address): Promise<Stored<IpItem>> {
  const length = "isTop" in parent ? -1 : parent.length;
  for (let isSettled = false; ; isSettled = true) {
    const chain = await readChain(context.table, space, hostPrefix(at));
    const child = chain.filter(({ prefix }) => parsePrefix(prefix).length > length).at(-1);
    if (child) return child;
    if (isSettled) throw new ConflictError([]);
    // It may be of those that are decided on and not made yet.
    await carryOutPending(context, space);
  }
}

function tooMuch(): ProblemError {
  return new ProblemError(
    "ip.too_much_inside",
    `the range goes over more than ${MOST_PREFIXES} prefixes; note it in parts`,
  );
}

/**
 * The parts of an interval, each with the deepest prefix that contains it. Whatever comes in between changes the windows that were read here,
 * so that no commit of the edit holds that rests on it.
 */
async function* partsIn(context: Context, edit: Edit, space: string, whole: Interval): AsyncGenerator<Part> {
  const [around] = await readChain(context.table, space, coverOf(whole));
  const left = [partIn(around, whole)];
  let seen = 0;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { parent, stored, place } = next;
    seen += 1;
    if (seen + left.length > MOST_PREFIXES) throw tooMuch();
    const windows = await edit.windowsIn(parent, place);
    const planned = commonIntervals([place], unionIntervals(windows.flatMap(({ layers }) => layers.planned)));
    for (const direct of remainingIntervals([place], planned)) yield { parent, stored, place: direct };
    for (const inner of planned) {
      for (let { first } = inner; first <= inner.last; ) {
        const child = await childAt(context, space, parent, { family: inner.family, value: first });
        const { last } = prefixInterval(parsePrefix(child.prefix));
        left.push(partIn(child, { ...inner, first, last: last < inner.last ? last : inner.last }));
        if (left.length > MOST_PREFIXES) throw tooMuch();
        first = last + 1n;
      }
    }
  }
}

function requireFree({ layers }: Window, part: Interval, flag: Layer): void {
  const [taken] = commonIntervals(layers[flag], [part]);
  if (!taken) return;
  const first = formatAddress({ family: taken.family, value: taken.first });
  throw new ProblemError("range.overlaps", `another range is ${flag} from ${first} on`);
}

/**
 * Puts a range into the windows of the prefixes that it goes over, or takes it out of them. Answers the checks that those are there whose
 * windows are made. Throws 409 `range.overlaps`, `ip.too_much_inside`.
 */
export async function placeRange(
  context: Context,
  edit: Edit,
  space: string,
  range: Placed,
  how: "put" | "take",
): Promise<Write[]> {
  const flags = flagsOf(range);
  if (flags.length === 0) return [];
  const checked = new Map<string, Write>();
  for await (const { parent, stored, place } of partsIn(context, edit, space, rangeInterval(range))) {
    await edit.change(parent, place, (window, part) => {
      if (how === "put") for (const flag of flags) requireFree(window, part, flag);
      const layers = { ...window.layers };
      for (const flag of flags) {
        const others = remainingIntervals(layers[flag], [part]);
        layers[flag] = how === "put" ? unionIntervals([...others, part]) : others;
      }
      return { ...window, layers };
    });
    if (stored && edit.makesWindowsOf(parent)) checked.set(stored.prefix, check(IpItem, stored, "present"));
  }
  return [...checked.values()];
}
