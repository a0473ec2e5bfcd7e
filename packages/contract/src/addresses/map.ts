import * as z from "zod";

/** What addresses of a map are: each is one of these. */
export const MAP_STATES = ["free", "planned", "reserved", "observed", "conflicting", "unknown"] as const;
export type MapState = (typeof MAP_STATES)[number];

export const MOST_CELLS = 4096;

const share = z.number().gt(0).max(1);

/** The picture of a prefix: equal cells in the order of addresses. */
export const ipMap = z.object({
  prefix: z.string(),
  cellLength: z.int().meta({ description: "Prefix length of each cell" }),
  cells: z
    .array(z.partialRecord(z.enum(MAP_STATES), share))
    .meta({ description: "How much of each cell is what, from 0 to 1; what it has nothing of is left out" }),
  asOf: z.iso.datetime().meta({
    description: "Now, or, where there is more than one call reads, when it was drawn last: that is done every hour",
  }),
  unresolvedFrom: z.string().optional().meta({
    description:
      "Where there is more than one call reads and it was not drawn yet: from this address on prefixes are drawn whole, or it is not known what is there. A smaller part has all",
  }),
});
export type IpMap = z.output<typeof ipMap>;
