import * as z from "zod";
import { idSchema } from "../ids.ts";

/** IEEE 802.1Q: 0 and 4095 are no one's. */
const MOST_VID = 4094;
const MOST_RANGES = 50;
/** Of one allocation. */
const MOST_AT_ONCE = 20;

const vid = z
  .int()
  .min(1)
  .max(MOST_VID)
  .meta({ description: "Its own in its group, or among those of the space that are in no group" });

const range = z
  .strictObject({ from: vid, to: vid })
  .refine(({ from, to }) => from <= to, { error: "from is at most to", path: ["to"] });

const ranges = z.array(range).min(1).max(MOST_RANGES);
const label = z.string().trim().max(256);
const description = z.string().max(1000);

export const VLAN_STATUSES = ["active", "reserved", "deprecated"] as const;

/** VLANs whose ids are their own among themselves: of a site, say. A PUT replaces all of it. */
export const newVlanGroup = z.strictObject({
  name: label.min(1),
  description: description.default(""),
  ranges: ranges
    .default([{ from: 1, to: MOST_VID }])
    .meta({ description: "Ids that its VLANs have, and are allocated from" }),
});
export type NewVlanGroup = z.output<typeof newVlanGroup>;

const made = { createdOn: z.iso.datetime(), modifiedOn: z.iso.datetime(), version: z.int() };

export const vlanGroup = z.object({
  id: idSchema("vlanGroup"),
  space: idSchema("space"),
  ...newVlanGroup.shape,
  ...made,
});
export type VlanGroup = z.output<typeof vlanGroup>;

const said = {
  name: label.default(""),
  status: z.enum(VLAN_STATUSES).default("active"),
  description: description.default(""),
};

const group = idSchema("vlanGroup").optional().meta({ description: "The group that it is in; in none without it" });

export const newVlan = z.strictObject({ vid, group, ...said });
export type NewVlan = z.output<typeof newVlan>;

export const vlan = z.object({ id: idSchema("vlan"), space: idSchema("space"), vid, group, ...said, ...made });
export type Vlan = z.output<typeof vlan>;

/** What takes the next free ids of a group. */
export const nextVlans = z.strictObject({ count: z.int().min(1).max(MOST_AT_ONCE).default(1), ...said });
export type NextVlans = z.output<typeof nextVlans>;

export const givenVlans = z.object({ items: z.array(vlan) });
export const freeVids = z.object({ items: z.array(z.object({ vid })) });
