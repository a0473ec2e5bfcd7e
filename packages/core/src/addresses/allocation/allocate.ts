import type { Allocated, NewAddresses, NewPrefixes } from "@cadastre/contract/addresses/allocation";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { addressBits } from "@cadastre/net/address";
import {
  commonIntervals,
  type Interval,
  prefixInterval,
  remainingIntervals,
  unionIntervals,
} from "@cadastre/net/interval";
import { comparePrefixes, formatPrefix, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import { create, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace } from "../spaces/gate.ts";
import { requireSpace } from "../spaces/read.ts";
import { MOST_AT_ONCE, pendingPrefixes } from "../tree/carry-out.ts";
import { above, readChain, readLengths } from "../tree/chain.ts";
import { creationWrites, lengthWrites } from "../tree/change.ts";
import { windowWrites } from "../tree/commit-writes.ts";
import { createEdit } from "../tree/edit.ts";
import { AllocationItem, IpItem } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";
import { insertPlaced } from "../tree/place.ts";
import { readViews, requireIp } from "../tree/read-ips.ts";
import { readWindows, walkWindows } from "../tree/read-windows.ts";
import { toStoredIp } from "../tree/said.ts";
import { definitionsFor, requireTags } from "../tree/tagged.ts";
import { toIpView } from "../tree/view.ts";
import { placeOf, takenIn, type Window } from "../tree/window.ts";
import { usableOf } from "../utilization.ts";
import { requireVlanOf } from "../vlans/vlan-use.ts";
import { findBlocks, largestBlock, type Strategy } from "./find.ts";
import type { Lanes } from "./lanes.ts";

/** More than writers of one process can meet: they take turns. */
const ATTEMPTS = 20;
/** How long an allocation's repeat is answered. */
const KEPT_SECONDS = 2 * 86_400;

/** What is looked for in a prefix. */
interface Wish {
  readonly length: number;
  readonly count: number;
  readonly strategy: Strategy;
  /** Addresses for something to have: not those that a subnet or its cloud keeps. */
  readonly isOfAddresses: boolean;
}

/** What of some windows of a prefix is free at a time for what is looked for. */
function freeIn(parent: IpItem, windows: readonly Window[], now: Date, { isOfAddresses }: Wish): Interval[] {
  const whole = isOfAddresses ? usableOf(parent) : [placeOf(parsePrefix(parent.prefix))];
  const taken = windows.flatMap((window) => takenIn(window, now.toISOString()));
  return remainingIntervals(commonIntervals(whole, unionIntervals(windows)), unionIntervals(taken));
}

function noSpace(parent: IpItem, { length, count }: Wish, free: readonly Interval[]): ProblemError {
  const largest = largestBlock(free);
  const shown = largest === undefined ? null : formatPrefix(largest);
  const what = count === 1 ? `a free /${length}` : `${count} free /${length}`;
  const rest = shown === null ? "nothing in it is free" : `the largest free block is ${shown}`;
  return new ProblemError("addresses.no_space", `${parent.prefix} does not have ${what}; ${rest}`, {
    extra: { largestFree: shown },
  });
}

/** In a process that allocates alone, nobody waits. */
const NO_LANES: Lanes = { waiting: () => 0, take: (_, work) => work() };

interface Search extends Wish {
  readonly parent: IpItem;
  readonly consistent: boolean;
  /** Windows in which it is looked for; the others are left to those who are at work on them. */
  readonly isOpen: (window: Window) => boolean;
}

/** Windows of a prefix, all at once where the whole has to be known to choose. */
async function* windowsFor(context: Context, { parent, consistent, strategy }: Search): AsyncGenerator<Window[]> {
  const place = parsePrefix(parent.prefix);
  if (strategy === "first-fit") yield* walkWindows(context.table, parent.space, place, { consistent });
  else yield readWindows(context.table, parent.space, place, undefined, { consistent });
}

/** Blocks of a prefix, and the windows that were looked at; none when there are fewer than were asked for. */
async function search(context: Context, wish: Search) {
  const { parent, count, isOpen } = wish;
  const windows: Window[] = [];
  for await (const group of windowsFor(context, wish)) {
    windows.push(...group);
    const free = freeIn(parent, windows.filter(isOpen), context.now(), wish);
    const blocks = findBlocks(free, wish, placeOf(parsePrefix(parent.prefix)));
    if (blocks.length === count) return { blocks, windows };
  }
  return { blocks: [], windows };
}

type Found = Awaited<ReturnType<typeof search>>;

/** Where all windows that have room are at work on: that with the fewest who wait for it. Nothing when no single one has room for all. */
function inQuietest(
  wish: Omit<Search, "isOpen">,
  now: Date,
  { windows }: Found,
  waiting: (window: Window) => number,
): Found {
  const place = placeOf(parsePrefix(wish.parent.prefix));
  for (const window of windows.toSorted((one, other) => waiting(one) - waiting(other))) {
    const blocks = findBlocks(freeIn(wish.parent, [window], now, wish), wish, place);
    if (blocks.length === wish.count) return { blocks, windows };
  }
  return { blocks: [], windows };
}

/** What was found was taken by another before it was ours. */
class TakenError extends Error {}

interface Given extends Wish {
  readonly item: (id: string, prefix: string, parent: IpItem) => IpItem;
}

const laneOf = ({ space, prefix }: IpItem, window: Window): string => `${space} ${prefix} ${window.first}`;

interface Where {
  readonly space: string;
  /** Of the prefix that is allocated from. */
  readonly id: string;
}

/**
 * Takes blocks of free space of a prefix. Nothing that is planned, populated, seen in a cloud or held is free, whoever may see it. Safe beside
 * any others: what is found is looked at again strongly, and committed at the versions of the windows that it is in.
 */
async function give(
  context: Context,
  actor: Actor,
  { space, id }: Where,
  toWish: (parent: IpItem) => Given,
): Promise<Allocated> {
  const allocation = newId("allocation", context.now());
  return retryOnConflict(
    async (attempt) => {
      const { gate } = await enterSpace(context, space);
      await settle(context, space);
      const parent = await requireIp(context, space, id);
      const wish = toWish(parent);
      const consistent = attempt > 1;
      const lanes = context.lanes ?? NO_LANES;
      const waiting = (window: Window) => lanes.waiting(laneOf(parent, window));
      const isOpen = (window: Window) => waiting(window) === 0;
      let found = await search(context, { ...wish, parent, consistent, isOpen });
      if (found.blocks.length === 0) found = inQuietest({ ...wish, parent, consistent }, context.now(), found, waiting);
      if (found.blocks.length === 0)
        found = await search(context, { ...wish, parent, consistent: true, isOpen: () => true });
      const [first] = found.blocks;
      if (!first) throw noSpace(parent, wish, freeIn(parent, found.windows, context.now(), wish));
      const window = found.windows.find((one) => one.first <= first.network && one.last >= first.network) as Window;
      const work = () => commitGiven(context, actor, { allocation, gate, parent, wish, blocks: found.blocks });
      return lanes.take(laneOf(parent, window), work);
    },
    { attempts: ATTEMPTS, also: (error) => error instanceof TakenError },
  );
}

interface Taking {
  readonly allocation: string;
  readonly gate: Write;
  readonly parent: Stored<IpItem>;
  readonly wish: Given;
  readonly blocks: readonly Prefix[];
}

async function commitGiven(context: Context, actor: Actor, { allocation, gate, parent, wish, blocks: wanted }: Taking) {
  const { table } = context;
  const { space } = parent;
  const place = parsePrefix(parent.prefix);
  const edit = createEdit(table, space);
  const windows: Window[] = [];
  for (const part of unionIntervals(wanted.map(prefixInterval))) windows.push(...(await edit.windowsIn(place, part)));
  const free = freeIn(parent, windows, context.now(), wish);
  const isFree = (block: Prefix) => remainingIntervals([prefixInterval(block)], free).length === 0;
  // Who waited finds what is left of the window that it waited for.
  const blocks = wanted.every(isFree) ? wanted : findBlocks(free, wish, placeOf(place));
  if (blocks.length < wish.count) throw new TakenError();
  const items = blocks.map((block) => wish.item(newId("ip", context.now()), formatPrefix(block), parent));
  const [one] = items;
  const known = await readLengths(table, space, place.family);
  const containing = [parent, ...above(await readChain(table, space, place, known), place)];
  if (one) requireTags(await definitionsFor(context, space, [one, ...containing]), [one, ...containing]);
  await requireVlanOf(context, space, one?.vlan);
  for (const item of items) await insertPlaced(edit, table, space, place, item);
  const ips = items.map((item) => item.id);
  const making = items.flatMap((item) => creationWrites(context, item, actorName(actor)));
  const isMany = making.length > MOST_AT_ONCE;
  const made = one && isMany ? [pendingPrefixes(context, [one, ...items.slice(1)], actorName(actor))] : making;
  const prefixes = items.map(({ prefix }) => prefix);
  const expiresAtSeconds = Math.floor(context.now().getTime() / 1000) + KEPT_SECONDS;
  const own: Write[] = [
    ...made,
    gate,
    // What a repeat is answered from; without a key nothing can be repeated.
    ...(context.claim ? [create(AllocationItem, { id: allocation, space, ips, expiresAtSeconds })] : []),
    ...lengthWrites(space, prefixes, known),
  ];
  const writes = [...own, ...windowWrites(edit, place, [parent], own.length)];
  const detail = { space, parent: parent.prefix, prefixes: prefixes.slice(0, 100), count: items.length };
  await commitRecorded(context, actor, writes, {
    action: "allocation.create",
    target: `${space}/${allocation}`,
    detail,
  });
  if (isMany) await settle(context, space);
  return { items: await readMade(context, items, containing) };
}

/** What was made, as it is now: of what was removed or moved at once there is nothing to say. */
async function readMade(context: Context, items: readonly IpItem[], containing: readonly Stored<IpItem>[]) {
  const { space } = containing[0] as IpItem;
  const stored = await context.table.getMany(IpItem, items, { consistent: true });
  const definitions = await definitionsFor(context, space, [...items.slice(0, 1), ...containing]);
  return stored
    .filter((item, at) => item?.id === items[at]?.id)
    .filter((item) => item !== undefined)
    .map((item) => toIpView(item, containing, definitions));
}

function toGiven(context: Context, actor: Actor, space: string, said: Omit<NewAddresses, "count">): Given["item"] {
  const at = context.now().toISOString();
  const like = toStoredIp({ ...said, prefix: "" }, context.now());
  const made = { source: "manual", createdOn: at, createdBy: actorName(actor), modifiedOn: at, revision: 1 } as const;
  return (id, prefix) => ({ ...like, ...made, id, space, prefix });
}

const invalid = (path: string, message: string): ProblemError =>
  new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });

/** That a prefix of this length can be in another. Throws 422 `request.invalid`. */
function requireLength({ family, length }: Prefix, wanted: number, path = "prefixLength"): void {
  const least = length + 1;
  const most = addressBits(family);
  if (wanted >= least && wanted <= most) return;
  throw invalid(path, least > most ? "nothing can be in a single address" : `from ${least} to ${most}`);
}

/**
 * Allocates prefixes of one length in another, all or none. Throws 404 `ip.not_found`, 422 `request.invalid`, 409 `addresses.no_space` with
 * the `largestFree` block. Writes what `createIp` writes of each, in one commit, or in one that decides and those that carry it out; which
 * they were; and one audit record.
 */
export async function allocatePrefixes(
  context: Context,
  actor: Actor,
  where: Where,
  { prefixLength: length, count, strategy, family, ...said }: NewPrefixes,
): Promise<Allocated> {
  const item = toGiven(context, actor, where.space, said);
  return give(context, actor, where, ({ prefix }) => {
    const parent = parsePrefix(prefix);
    if (family !== undefined && family !== parent.family)
      throw invalid("family", `the parent is of IPv${parent.family}`);
    requireLength(parent, length);
    return { length, count, strategy, isOfAddresses: false, item };
  });
}

/** The same of single addresses, from the first that is free; none that a subnet or its cloud keeps for itself. */
export async function allocateAddresses(
  context: Context,
  actor: Actor,
  where: Where,
  { count, ...said }: NewAddresses,
): Promise<Allocated> {
  const item = toGiven(context, actor, where.space, said);
  return give(context, actor, where, ({ prefix }) => {
    const parent = parsePrefix(prefix);
    const length = addressBits(parent.family);
    requireLength(parent, length, "id");
    return { length, count, strategy: "first-fit", isOfAddresses: true, item };
  });
}

/** What an allocation, by the target of its record, gave that is still there, for its repeat. Throws 404 `ip.not_found`. */
export async function getAllocated(context: Context, space: string, target: string): Promise<Allocated> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const id = target.slice(target.indexOf("/") + 1);
  const stored = await context.table.get(AllocationItem, { id }, { consistent: true });
  if (stored?.space !== space) throw new ProblemError("ip.not_found");
  return { items: await readViews(context, space, stored.ips) };
}

/** The blocks that would be given one after the other, at most `limit`; nothing is kept for who asks. */
export async function previewPrefixes(
  context: Context,
  { space, id }: Where,
  { prefixLength, limit }: { readonly prefixLength: number; readonly limit: number },
): Promise<{ items: { prefix: string }[] }> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const parent = await requireIp(context, space, id);
  requireLength(parsePrefix(parent.prefix), prefixLength);
  return preview(context, parent, { length: prefixLength, count: limit, strategy: "first-fit", isOfAddresses: false });
}

/** The same of single addresses. */
export async function previewAddresses(
  context: Context,
  { space, id }: Where,
  { limit }: { readonly limit: number },
): Promise<{ items: { prefix: string }[] }> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  const parent = await requireIp(context, space, id);
  const length = addressBits(parsePrefix(parent.prefix).family);
  requireLength(parsePrefix(parent.prefix), length, "id");
  return preview(context, parent, { length, count: limit, strategy: "first-fit", isOfAddresses: true });
}

async function preview(context: Context, parent: IpItem, wish: Wish): Promise<{ items: { prefix: string }[] }> {
  const found = await search(context, { ...wish, parent, consistent: true, isOpen: () => true });
  const free = freeIn(parent, found.windows, context.now(), wish);
  const blocks = findBlocks(free, wish, placeOf(parsePrefix(parent.prefix)));
  return { items: blocks.sort(comparePrefixes).map((block) => ({ prefix: formatPrefix(block) })) };
}
