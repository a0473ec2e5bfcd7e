import { prefixKey } from "@cadastre/net/key";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import { IpItem, IpPastItem, pastPartition, spacePartition } from "../tree/items.ts";
import { boundsWithin } from "../tree/ranges.ts";
import { isThere } from "../tree/view.ts";

/** What a prefix was at a time, with its place among those of its space. */
export interface State {
  readonly key: string;
  /** Undefined where there was none: it was looked at, and is not answered. */
  readonly item: IpItem | undefined;
}

export interface StatesWalk {
  readonly space: string;
  /** An ISO time, as `Date` writes it. */
  readonly time: string;
  readonly within?: Prefix | undefined;
  /** Behind the prefix with this key. */
  readonly after?: string | undefined;
}

const READ_AT_ONCE = 100;
/** Behind all that begins alike, and before all keys of prefixes. */
const END = "\u{10ffff}";
const START = "!";
const BEGINNING = "ip#";

/** Bounds on the keys of prefixes, both exclusive. */
interface Bounds {
  readonly after: string;
  readonly before: string;
}

const keyOf = ({ prefix }: Pick<IpItem, "prefix">): string => prefixKey(parsePrefix(prefix));

/**
 * What has changed or gone since the time, as it was, by keys. Of each prefix one state was at any time: the first that ended later. Those before
 * and behind it are read over, or left out when there are many: a prefix costs two queries at the most, however often it changed.
 */
async function changedSince(
  { table }: Context,
  { space, time }: Pick<StatesWalk, "space" | "time">,
  { after, before }: Bounds,
): Promise<Map<string, IpItem | undefined>> {
  const found = new Map<string, IpItem | undefined>();
  let from = after;
  for (;;) {
    const page = await table.query(IpPastItem, {
      partition: pastPartition(space),
      sort: { after: from, before },
      limit: READ_AT_ONCE,
      consistent: true,
    });
    for (const { prefix, until, from: since, was } of page.items) {
      const key = keyOf({ prefix });
      if (!found.has(key) && until > time) found.set(key, since <= time ? was : undefined);
    }
    const last = page.items.at(-1);
    if (page.cursor === undefined || last === undefined) return found;
    const key = keyOf(last);
    from = found.has(key) ? key + END : `${key}#${time}${END}`;
  }
}

/**
 * The prefixes of a space as they were at a time, in the order of addresses, each before what was in it; and those that were looked at and not
 * there. Reads strongly, and what has gone after what is there: what changes meanwhile is found as it was.
 */
export async function* statesAt(context: Context, walk: StatesWalk): AsyncGenerator<State> {
  const { space, time, within } = walk;
  const place = within ? boundsWithin(within, { itself: true }) : { after: BEGINNING, before: BEGINNING + END };
  const end = place.before.slice(BEGINNING.length);
  let after = walk.after ?? (place.after.slice(BEGINNING.length) || START);
  // What was before a prefix and has its key is behind it: pages go on behind that, too.
  let pastAfter = walk.after === undefined ? after : walk.after + END;
  const isThen = (item: IpItem | undefined) => item !== undefined && isThere(item, new Date(time));
  for (;;) {
    const page = await context.table.query(IpItem, {
      partition: spacePartition(space),
      sort: { after: BEGINNING + after, before: BEGINNING + end },
      limit: READ_AT_ONCE,
      consistent: true,
    });
    const last = page.items.at(-1);
    const until = page.cursor === undefined || last === undefined ? undefined : keyOf(last);
    const before = until === undefined ? end : until + END;
    const states = await changedSince(context, walk, { after: pastAfter, before });
    for (const item of page.items) if (item.modifiedOn <= time) states.set(keyOf(item), item);
    for (const item of page.items) if (!states.has(keyOf(item))) states.set(keyOf(item), undefined);
    const sorted = [...states].sort(([one], [other]) => (one < other ? -1 : 1));
    for (const [key, item] of sorted) yield { key, item: isThen(item) ? item : undefined };
    if (until === undefined) return;
    after = until;
    pastAfter = before;
  }
}

/** What a space had of one prefix at a time. */
export async function stateAt(
  context: Context,
  space: string,
  prefix: string,
  time: string,
): Promise<IpItem | undefined> {
  const state = await context.table.get(IpItem, { space, prefix }, { consistent: true });
  const isThen = (item: IpItem | undefined) => (item !== undefined && isThere(item, new Date(time)) ? item : undefined);
  if (state !== undefined && state.modifiedOn <= time) return isThen(state);
  const key = keyOf({ prefix });
  const { items } = await context.table.query(IpPastItem, {
    partition: pastPartition(space),
    sort: { after: `${key}#${time}${END}`, before: key + END },
    limit: 1,
    consistent: true,
  });
  const [past] = items;
  return past && past.from <= time ? isThen(past.was) : undefined;
}
