import type { ItemOf } from "@cadastre/store/entity";
import { defineEntity } from "@cadastre/store/entity";
import * as z from "zod";

export const IndexItem = defineEntity({
  type: "index",
  about: "One way to find a subject: where it stands in lists, a word, a tag, an address, an end, a relation",
  schema: z.object({ p: z.string(), s: z.string() }),
  key: {
    partition: (of: { p: string; s: string }) => of.p,
    sort: (of: { p: string; s: string }) => of.s,
  },
  fromKey: ({ pk, sk }) => ({ p: pk, s: sk }),
});
/** An index entry. The end of its sort key names the subject: `…#type/hint/key`. */
export type IndexEntry = ItemOf<typeof IndexItem>;

export const PrefixLengthItem = defineEntity({
  type: "prefix-length",
  about: "The prefix lengths in use, so that what contains an address is one exact read for each of them",
  schema: z.object({
    family: z.union([z.literal(4), z.literal(6)]),
    length: z.int(),
    /** Of what is in use by sightings, which stand apart. */
    isSighting: z.literal(true).optional(),
    /** Of what is in use by prefixes that are planned, which stand apart, too. */
    isPlanned: z.literal(true).optional(),
  }),
  key: {
    partition: () => "prefix-lengths",
    sort: (of: { family: 4 | 6; length: number; isSighting?: true | undefined; isPlanned?: true | undefined }) =>
      `${of.isSighting ? "s" : of.isPlanned ? "p" : ""}${of.family}#${String(of.length).padStart(3, "0")}`,
  },
});
