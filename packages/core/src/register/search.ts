import { createHash } from "node:crypto";
import { canonicalJson } from "@cadastre/contract/digest";
import { ProblemError } from "@cadastre/contract/errors";
import type { Resource } from "@cadastre/contract/view";
import type { SortRange } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../context.ts";
import { toSaid } from "../said/annotate.ts";
import { SaidItem } from "../said/items.ts";
import type { Filters } from "./filters.ts";
import { IndexItem, PrefixLengthItem, ResourceItem, resourceSubject } from "./items.ts";
import { entryMayMatch, matches } from "./match.ts";
import { type IndexRange, planSearch } from "./plan.ts";
import { isVisibleResource, type StoredResource, toResources } from "./view.ts";

export { type Filters, NO_FILTERS, parseSearch } from "./filters.ts";

/** Index entries that one request reads at the most; a page may then be short, or empty, with a cursor to go on. */
const MOST_ENTRIES = 5000;

const position = z.object({ f: z.string(), range: z.int().min(0), after: z.string().optional() });
type Position = Omit<z.output<typeof position>, "f">;

const fingerprintOf = (filters: Filters) =>
  createHash("sha256")
    .update(canonicalJson(JSON.parse(JSON.stringify(filters))))
    .digest("hex")
    .slice(0, 16);

function fromCursor(cursor: string | undefined, fingerprint: string): Position {
  if (cursor === undefined) return { range: 0 };
  try {
    const { f, ...at } = position.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    if (f === fingerprint) return at;
  } catch {
    // What cannot be read is not a cursor of ours either.
  }
  throw new ProblemError("cursor.invalid");
}

const toCursor = (fingerprint: string, at: Position) =>
  Buffer.from(JSON.stringify({ f: fingerprint, ...at })).toString("base64url");

async function prefixLengths(context: Context): Promise<(family: 4 | 6) => number[]> {
  const known = await context.table.query(PrefixLengthItem, { partition: "prefix-lengths" });
  return (family) => known.items.filter((item) => item.family === family).map((item) => item.length);
}

interface Proposal {
  readonly entry: IndexItem;
  /** Where to go on after this entry. */
  readonly at: Position;
}

/** The part of a range after a sort key. */
function boundsAfter(sort: IndexRange["sort"], after: string): SortRange {
  if (!sort) return { after };
  if ("beginsWith" in sort) return { after, before: `${sort.beginsWith}\u{10ffff}` };
  if ("to" in sort && sort.to !== undefined) return { after, before: sort.to };
  if ("before" in sort && sort.before !== undefined) return { after, before: sort.before };
  return { after };
}

/**
 * Entries of the ranges in order, from a position on, a page at a time. With `ahead` the first pages of all ranges are read at
 * once: what contains an address is a handful of entries in as many ranges as there are prefix lengths.
 */
async function* propose(
  context: Context,
  ranges: readonly IndexRange[],
  from: Position,
  pageSize: number,
  ahead: boolean,
): AsyncGenerator<Proposal[]> {
  const read = (range: IndexRange, after: string | undefined) => {
    const sort = after === undefined ? range.sort : boundsAfter(range.sort, after);
    return context.table.query(IndexItem, { partition: range.partition, ...(sort ? { sort } : {}), limit: pageSize });
  };
  const first = (index: number) => read(ranges[index] as IndexRange, index === from.range ? from.after : undefined);
  const indexes = ranges.map((_, index) => index).filter((index) => index >= from.range);
  const begun = ahead
    ? new Map(await Promise.all(indexes.map(async (index) => [index, await first(index)] as const)))
    : undefined;
  for (const index of indexes) {
    let page = begun?.get(index) ?? (await first(index));
    for (;;) {
      yield page.items.map((entry) => ({ entry, at: { range: index, after: entry.s } }));
      const last = page.items.at(-1);
      if (page.cursor === undefined || !last) break;
      page = await read(ranges[index] as IndexRange, last.s);
    }
  }
}

/** Owners are said, not observed: they are read only when they are asked for. */
async function readOwners(context: Context, proposals: readonly Proposal[], filters: Filters): Promise<string[]> {
  if (filters.owner === undefined) return [];
  const keys = proposals.map(({ entry }) => ({ subject: resourceSubject(entry.idHash) }));
  return (await context.table.getMany(SaidItem, keys)).map((said) => toSaid(said).owner);
}

/**
 * Finds resources by the index and shows only what really matches. At most `limit` of them, with a cursor when there may be
 * more; a page can be short when much of what the index proposed did not match. Writes nothing.
 */
export async function findResources(
  context: Context,
  filters: Filters,
  options: { limit: number; cursor?: string | undefined },
): Promise<{ items: Resource[]; cursor?: string }> {
  const fingerprint = fingerprintOf(filters);
  const from = fromCursor(options.cursor, fingerprint);
  const lengths = filters.ip === undefined ? () => [] : await prefixLengths(context);
  const ranges = planSearch(filters, lengths, context.restriction);
  const found: StoredResource[] = [];
  const seen = new Set<string>();
  let read = 0;
  let at: Position | undefined;
  let full = false;
  const pageSize = Math.min(1000, options.limit + 1);
  reading: for await (const proposals of propose(context, ranges, from, pageSize, filters.ip !== undefined)) {
    const hopeful = proposals.filter(({ entry }) => entryMayMatch(entry, filters));
    const resources = await context.table.getMany(
      ResourceItem,
      hopeful.map(({ entry }) => ({ idHash: entry.idHash })),
    );
    const owners = await readOwners(context, hopeful, filters);
    for (const [index, resource] of resources.entries()) {
      if (!resource || seen.has(resource.idHash) || !matches(resource, filters, owners[index])) continue;
      if (!isVisibleResource(context, resource)) continue;
      if (found.length === options.limit) {
        full = true;
        break reading;
      }
      seen.add(resource.idHash);
      found.push(resource);
      at = hopeful[index]?.at;
    }
    read += proposals.length;
    const last = proposals.at(-1);
    if (found.length < options.limit && last) at = last.at;
    if (read >= MOST_ENTRIES) {
      full = true;
      break;
    }
  }
  const items = await toResources(context, found);
  return { items, ...(full && at ? { cursor: toCursor(fingerprint, at) } : {}) };
}
