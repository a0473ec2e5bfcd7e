import { ProblemError } from "@cadastre/contract/errors";
import { withinRange } from "@cadastre/net/key";
import type { Prefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import type { TagUse } from "./broken.ts";
import { TAG_USE_SLOTS, TagUseItem, tagUsePartition } from "./items.ts";

/** Uses that are looked at to decide one change. */
const MOST_USES = 20_000;
/** Queries by which uses inside a prefix are looked for: two for each value that a tag has anywhere, in each slot. */
const MOST_QUERIES = 2000;

/** Before every value: none begins with a control character. */
const BEFORE = "\u0000";
/** After all that begins so. */
const END = "\u{10ffff}";
const SLOTS = Array.from({ length: TAG_USE_SLOTS }, (_, slot) => slot);

type Reading = Pick<Context, "table">;

const tooMany = (): ProblemError =>
  new ProblemError(
    "tag.too_much_in_use",
    `at most ${MOST_USES.toLocaleString("en")} uses of the tags that follow from each other can be looked at at once`,
  );

interface Asked {
  readonly space: string;
  readonly tag: string;
}

/** All uses of a tag with a value, or of any, in a slot, as pages. Reads strongly. */
async function* pagesOf({ table }: Reading, { space, tag }: Asked, slot: number, sort?: { from: string; to: string }) {
  let cursor: string | undefined;
  do {
    const partition = tagUsePartition({ space, tag, slot });
    const page = await table.query(TagUseItem, { partition, ...(sort ? { sort } : {}), cursor, consistent: true });
    yield page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The first use behind a sort key in a slot. */
async function firstBehind({ table }: Reading, { space, tag }: Asked, slot: number, after: string) {
  const partition = tagUsePartition({ space, tag, slot });
  const { items } = await table.query(TagUseItem, { partition, sort: { after }, limit: 1, consistent: true });
  return items[0];
}

/**
 * All uses of some tags, in no order. Reads strongly: a read unit for 4 KB of them, some 40. Throws 409 `tag.too_much_in_use` for more than 20,000.
 */
export async function readUses(context: Reading, space: string, tags: Iterable<string>): Promise<TagUse[]> {
  const uses: TagUse[] = [];
  for (const tag of tags) {
    for (const slot of SLOTS) {
      for await (const items of pagesOf(context, { space, tag }, slot)) {
        uses.push(...items);
        if (uses.length > MOST_USES) throw tooMany();
      }
    }
  }
  return uses;
}

/** The same of those at prefixes inside one, itself included. What is outside it costs nothing but for each value that a tag has there. */
export async function readUsesWithin(
  context: Reading,
  space: string,
  tags: Iterable<string>,
  within: Prefix,
): Promise<TagUse[]> {
  const uses: TagUse[] = [];
  const { from, to } = withinRange(within);
  let queries = 0;
  for (const tag of tags) {
    for (const slot of SLOTS) {
      let at = await firstBehind(context, { space, tag }, slot, BEFORE);
      while (at !== undefined) {
        const { value } = at;
        const sort = { from: `${value}\u0000${from}`, to: `${value}\u0000${to}` };
        for await (const items of pagesOf(context, { space, tag }, slot, sort)) uses.push(...items);
        queries += 2;
        if (uses.length > MOST_USES || queries > MOST_QUERIES) throw tooMany();
        at = await firstBehind(context, { space, tag }, slot, `${value}\u0000${END}`);
      }
    }
  }
  return uses;
}

/** Some uses of a tag with values that are none of some, or all when these are none: `most` at the most, first by value. */
export async function findUses(
  context: Reading,
  { space, tag, except = [] }: Asked & { readonly except?: readonly string[] },
  most: number,
): Promise<TagUse[]> {
  const known = new Set(except);
  const uses: TagUse[] = [];
  for (const slot of SLOTS) {
    let at = await firstBehind(context, { space, tag }, slot, BEFORE);
    while (at !== undefined) {
      const { value } = at;
      if (!known.has(value)) {
        for await (const items of pagesOf(context, { space, tag }, slot, {
          from: `${value}\u0000`,
          to: `${value}\u0000${END}`,
        })) {
          uses.push(...items);
          if (uses.length >= most) return uses.slice(0, most);
        }
      }
      at = await firstBehind(context, { space, tag }, slot, `${value}\u0000${END}`);
    }
  }
  return uses;
}
