import * as z from "zod";

/** What addresses of a map are: each is one of these. */
export const MAP_STATES = ["free", "planned", "reserved", "observed", "conflicting"] as const;
export type MapState = (typeof MAP_STATES)[number];

export const MOST_CELLS = 4096;

const share = z.number().gt(0).max(1).optional();

/** The picture of a prefix: equal cells in the order of addresses. */
export const ipMap = z.object({
  prefix: z.string(),
  cellLength: z.int().meta({ description: "Prefix length of each cell" }),
  cells: z
    .array(z.object({ free: share, planned: share, reserved: share, observed: share, conflicting: share }))
    .meta({ description: "How much of each cell is what, from 0 to 1; what it has nothing of is left out" }),
  unresolvedFrom: z.string().optional().meta({
    description:
      "From this address on prefixes are drawn whole, and what is inside them is not looked at: more is there than one call reads. A part of it has all",
  }),
});
export type IpMap = z.output<typeof ipMap>;
