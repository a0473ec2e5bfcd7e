import { tag } from "@cadastre/contract/addresses/tag";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const addressTagsPartition = (space: string): string => `address-tags#${space}`;

export const AddressTagItem = defineEntity({
  type: "address-tag",
  about: "What a tag of an address space may be, and what it implies. All of a space are read together",
  schema: tag.omit({ version: true }).extend({ space: z.string() }),
  key: {
    partition: (of: { space: string; name: string }) => addressTagsPartition(of.space),
    sort: (of: { space: string; name: string }) => of.name,
  },
});
export type AddressTagItem = ItemOf<typeof AddressTagItem>;

interface Used {
  readonly space: string;
  readonly tag: string;
  readonly slot: number;
  readonly value: string;
  /** Of the prefix, as it sorts. */
  readonly at: string;
}

/** Writers of one tag do not wait for one partition. */
export const TAG_USE_SLOTS = 4;

export const tagUsePartition = ({ space, tag: name, slot }: Pick<Used, "space" | "tag" | "slot">): string =>
  `address-tag-use#${space}#${slot}#${name}`;

export const TagUseItem = defineEntity({
  type: "address-tag-use",
  about:
    "Which prefixes have a tag of their own, by its value and in the order of their addresses; written in the prefix's own commit",
  schema: z.object({
    space: z.string(),
    tag: z.string(),
    slot: z.int(),
    value: z.string(),
    at: z.string(),
    ip: z.string(),
  }),
  key: { partition: (of: Used) => tagUsePartition(of), sort: (of: Used) => `${of.value}\u0000${of.at}` },
});
