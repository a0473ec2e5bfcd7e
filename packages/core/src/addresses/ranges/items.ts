import { range } from "@cadastre/contract/addresses/range";
import { parseAddress } from "@cadastre/net/address";
import { addressKey } from "@cadastre/net/key";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";
import { spacePartition } from "../tree/items.ts";

/** Beginning of the sort keys of the ranges of a space. */
export const RANGES = "range#";

export const RangeItem = defineEntity({
  type: "address-range",
  about:
    "A range of addresses of a space, in the order of their first ones. What it means for a prefix is in that one's windows",
  schema: range.omit({ version: true }),
  key: {
    partition: (of: { space: string; start: string; id: string }) => spacePartition(of.space),
    sort: (of: { space: string; start: string; id: string }) =>
      `${RANGES}${addressKey(parseAddress(of.start))}#${of.id}`,
  },
});
export type RangeItem = ItemOf<typeof RangeItem>;

export const RangeIdItem = defineEntity({
  type: "address-range-id",
  about: "Where in its space the range with an id begins",
  schema: z.object({ id: z.string(), space: z.string(), start: z.string() }),
  key: { partition: (of: { id: string }) => `address-range#${of.id}`, sort: () => "range" },
});
