import { ipMap } from "@cadastre/contract/addresses/map";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

const digits = z.string().regex(/^\d+$/);

export const IpDayItem = defineEntity({
  type: "ip-day",
  about: "How much of a prefix was used on a day, as it was looked at last on it",
  schema: z.object({
    id: z.string(),
    /** `2026-12-01`, of UTC. */
    day: z.iso.date(),
    used: digits,
    reserved: digits,
    usable: digits,
    expiresAtSeconds: z.int(),
  }),
  key: {
    partition: (of: { id: string; day: string }) => `ip#${of.id}`,
    sort: (of: { id: string; day: string }) => `day#${of.day}`,
  },
  expires: "expiresAtSeconds",
});
export type IpDayItem = ItemOf<typeof IpDayItem>;

export const IpPictureItem = defineEntity({
  type: "ip-picture",
  about: "The map of a prefix that has more in it than one request reads, as it was drawn last",
  schema: ipMap.omit({ unresolvedFrom: true }).extend({ id: z.string(), expiresAtSeconds: z.int() }),
  key: { partition: (of: { id: string }) => `ip#${of.id}`, sort: () => "picture" },
  packed: true,
  expires: "expiresAtSeconds",
});
