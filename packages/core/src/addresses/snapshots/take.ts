import { MOST_CELLS } from "@cadastre/contract/addresses/map";
import { addressBits } from "@cadastre/net/address";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import { put, type Stored, type Write } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../../context.ts";
import { defineJob } from "../../jobs/define.ts";
import { TAKE_SNAPSHOTS } from "../job-heads.ts";
import { drawMap } from "../map/draw.ts";
import { readContents } from "../map/read-contents.ts";
import { ADDRESS_SPACES_PARTITION, AddressSpaceListItem } from "../spaces/items.ts";
import { IpItem, spacePartition, WindowItem, windowsOf } from "../tree/items.ts";
import { queryAll } from "../tree/query-all.ts";
import { toWindow } from "../tree/window.ts";
import { utilizationOf } from "../utilization.ts";
import { IpDayItem, IpPictureItem } from "./items.ts";

/** What one step looks at: prefixes that have something in them, and spaces. */
const PARENTS_IN_STEP = 20;
const SPACES_IN_STEP = 100;
/** A picture is of no use once the next ones have been drawn. */
const PICTURE_SECONDS = 3 * 86_400;
const DAY_SECONDS = 86_400;
const MOST_PICTURE_BYTES = 64_000_000;
const END = "\u{10ffff}";

const state = z.object({
  /** The space that is being looked at, or the last one that was. */
  space: z.string().optional(),
  /** The last prefix in it whose windows were looked at; absent when all were. */
  parent: z.string().optional(),
  taken: z.int().min(0),
});
type State = z.output<typeof state>;

/** The next prefixes of a space that have windows, in the order of addresses, after one. */
async function nextParents({ table }: Context, space: string, after: string | undefined): Promise<string[]> {
  const found: string[] = [];
  let from = after === undefined ? "window#4:0" : `${windowsOf(after)}${END}`;
  while (found.length < PARENTS_IN_STEP) {
    const sort = { after: from, before: `window#6:top` };
    const { items } = await table.query(WindowItem, { partition: spacePartition(space), sort, limit: 1 });
    const [window] = items;
    if (window === undefined) break;
    from = `${windowsOf(window.parent)}${END}`;
    // What is in nothing is in no prefix.
    if (window.parent.includes("/")) found.push(window.parent);
  }
  return found;
}

async function dayWrite({ table, now, retentionDays }: Context, item: Stored<IpItem>): Promise<Write> {
  const windows = await queryAll(table, WindowItem, {
    partition: spacePartition(item.space),
    sort: { beginsWith: windowsOf(item.prefix) },
  });
  const { used, reserved, usable } = utilizationOf(item, windows.map(toWindow));
  const at = now();
  return put(IpDayItem, {
    id: item.id,
    day: at.toISOString().slice(0, 10),
    used: String(used),
    reserved: String(reserved),
    usable: String(usable),
    expiresAtSeconds: Math.floor(at.getTime() / 1000) + retentionDays * DAY_SECONDS,
  });
}

/** The picture of a prefix that has more in it than a request reads; none of any other. */
async function pictureWrites(context: Context, { id, space, prefix }: IpItem): Promise<Write[]> {
  const at: Prefix = parsePrefix(prefix);
  if ((await readContents(context, space, at)).unresolved === undefined) return [];
  const { contents } = await readContents(context, space, at, MOST_PICTURE_BYTES);
  const bits = Math.min(Math.log2(MOST_CELLS), addressBits(at.family) - at.length);
  const asOf = context.now();
  const expiresAtSeconds = Math.floor(asOf.getTime() / 1000) + PICTURE_SECONDS;
  const cells = drawMap(at, contents, 2 ** bits);
  const picture = { id, prefix, cellLength: at.length + bits, cells, asOf: asOf.toISOString(), expiresAtSeconds };
  return [put(IpPictureItem, picture)];
}

/** Looks at the next prefixes of a space; answers the last of them, undefined when there are no more. */
async function takeSome(context: Context, space: string, after: string | undefined, guard: Write) {
  const parents = await nextParents(context, space, after);
  const items = await context.table.getMany(
    IpItem,
    parents.map((prefix) => ({ space, prefix })),
  );
  const there = items.filter((item) => item !== undefined);
  for (const item of there) {
    const writes = [await dayWrite(context, item), ...(await pictureWrites(context, item))];
    await context.table.commit([guard, ...writes]);
  }
  return { taken: there.length, last: parents.length === PARENTS_IN_STEP ? parents.at(-1) : undefined };
}

/**
 * Notes each hour for the day how much of each prefix is used that has anything in it, and draws the maps of those that have more in them than a request
 * reads. A repeated step writes the same once more.
 */
export const takeSnapshots = defineJob<State>({
  ...TAKE_SNAPSHOTS,
  state,
  async step(context, { state: before, guard }) {
    const progress = (taken: number) => ({ done: taken, unit: "prefixes" });
    if (before.space !== undefined && before.parent !== undefined) {
      const { taken, last } = await takeSome(context, before.space, before.parent, guard);
      const sum = before.taken + taken;
      const next = { space: before.space, taken: sum, ...(last === undefined ? {} : { parent: last }) };
      return { state: next, progress: progress(sum), done: false };
    }
    const { items } = await context.table.query(AddressSpaceListItem, {
      partition: ADDRESS_SPACES_PARTITION,
      ...(before.space === undefined ? {} : { sort: { after: before.space } }),
      limit: SPACES_IN_STEP,
    });
    let sum = before.taken;
    for (const { id } of items) {
      const { taken, last } = await takeSome(context, id, undefined, guard);
      sum += taken;
      if (last !== undefined)
        return { state: { space: id, parent: last, taken: sum }, progress: progress(sum), done: false };
      if (sum - before.taken >= PARENTS_IN_STEP)
        return { state: { space: id, taken: sum }, progress: progress(sum), done: false };
    }
    const space = items.at(-1)?.id ?? before.space;
    const next = { taken: sum, ...(space === undefined ? {} : { space }) };
    return { state: next, progress: progress(sum), done: items.length < SPACES_IN_STEP };
  },
});
