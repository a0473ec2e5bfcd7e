import { type Tag, tag } from "@cadastre/contract/addresses/tag";
import type { Context } from "../../context.ts";
import { canonicalName } from "../../directory/canonical-name.ts";
import { type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { requireSpace } from "../spaces/read.ts";
import { AddressTagItem, addressTagsPartition } from "./items.ts";

interface TagFilter {
  /** Part of the name; case does not matter. */
  readonly nameContains?: string | undefined;
}

/** The tags of a space by their names. Throws 404 `space.not_found`, 422 `cursor.invalid`. */
export async function listTags(
  context: Context,
  space: string,
  { nameContains, ...options }: ListOptions & TagFilter,
): Promise<Listed<Tag>> {
  await requireSpace(context, space);
  const wanted = nameContains === undefined ? undefined : canonicalName(nameContains);
  return selectPage(
    { table: context.table, restriction: context.spaces },
    {
      list: "address-tags",
      filters: { space, nameContains },
      entity: AddressTagItem,
      partition: addressTagsPartition(space),
      select: async (items) =>
        items.map((item) =>
          wanted === undefined || canonicalName(item.name).includes(wanted) ? tag.parse(item) : undefined,
        ),
    },
    options,
  );
}
