import type { NewTag } from "@cadastre/contract/addresses/tag";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { AddressTagItem, addressTagsPartition } from "./items.ts";

/** What is decided by of a tag. */
export type TagDefinition = Pick<NewTag, "name" | "type" | "knownValues" | "implies">;

/** The tags of a space by their names. */
export type TagDefinitions = ReadonlyMap<string, TagDefinition>;

/**
 * All tags of an address space by their names, strongly consistent: one query, a read unit for each 4 KB of what they may be. For a commit that rests on
 * them it has to be read after `enterSpace`, whose gate goes into the commit.
 */
export async function readTagDefinitions(
  { table }: Pick<Context, "table">,
  space: string,
): Promise<ReadonlyMap<string, Stored<AddressTagItem>>> {
  const tags = new Map<string, Stored<AddressTagItem>>();
  let cursor: string | undefined;
  do {
    const page = await table.query(AddressTagItem, {
      partition: addressTagsPartition(space),
      cursor,
      consistent: true,
    });
    for (const item of page.items) tags.set(item.name, item);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return tags;
}
