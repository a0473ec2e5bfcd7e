import { vlan, vlanGroup } from "@cadastre/contract/addresses/vlan";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const vlanGroupsPartition = (space: string): string => `address-vlan-groups#${space}`;
export const vlansPartition = (space: string): string => `address-vlans#${space}`;

export const VlanGroupItem = defineEntity({
  type: "vlan-group",
  about: "A group of VLANs of an address space, with the ids that they may have",
  schema: vlanGroup.omit({ version: true }),
  key: {
    partition: (of: { space: string; id: string }) => vlanGroupsPartition(of.space),
    sort: (of: { space: string; id: string }) => of.id,
  },
});
export type VlanGroupItem = ItemOf<typeof VlanGroupItem>;

interface Numbered {
  readonly space: string;
  readonly group?: string | undefined;
  readonly vid: number;
}

const VID_DIGITS = 4;

/** Beginning of the sort keys of the VLANs of a group, or of those in none, which come first. */
export const scopeOf = (group: string | undefined): string => `${group ?? "-"}#`;

export const VlanItem = defineEntity({
  type: "vlan",
  about: "A VLAN of an address space, by its group and its id, of which there is one",
  schema: vlan.omit({ version: true }).extend({
    /** What took its id, where that was the next free one: for the repeat of that. */
    allocation: z.string().optional(),
  }),
  key: {
    partition: (of: Numbered) => vlansPartition(of.space),
    sort: (of: Numbered) => scopeOf(of.group) + String(of.vid).padStart(VID_DIGITS, "0"),
  },
});
export type VlanItem = ItemOf<typeof VlanItem>;

export const VlanIdItem = defineEntity({
  type: "vlan-id",
  about: "Which VLAN of which address space has an id",
  schema: z.object({ id: z.string(), space: z.string(), group: z.string().optional(), vid: z.int() }),
  key: { partition: (of: { id: string }) => `vlan#${of.id}`, sort: () => "vlan" },
});

export const vlanUsePartition = ({ space, vlan: id }: { space: string; vlan: string }): string =>
  `address-vlan-use#${space}#${id}`;

export const VlanUseItem = defineEntity({
  type: "address-vlan-use",
  about: "Which prefixes are on a VLAN; written in the prefix's own commit",
  schema: z.object({ space: z.string(), vlan: z.string(), at: z.string(), ip: z.string() }),
  key: {
    partition: (of: { space: string; vlan: string; at: string }) => vlanUsePartition(of),
    sort: (of: { space: string; vlan: string; at: string }) => of.at,
  },
});
