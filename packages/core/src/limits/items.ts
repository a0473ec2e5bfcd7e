import { defineEntity } from "@cadastre/store/entity";
import * as z from "zod";

export const RateItem = defineEntity({
  type: "rate",
  about:
    "How much of a limit one principal or source has used, so that all instances count together. Written at its version with each attempt",
  schema: z.object({
    slot: z.string().meta({ description: "SHA-256 over the limit's name and whose it is" }),
    fullAt: z.int().meta({ description: "When all of it may be used again, in milliseconds" }),
    expiresAt: z.int(),
  }),
  key: { partition: (of: { slot: string }) => `rate#${of.slot}`, sort: () => "rate" },
  expires: "expiresAt",
  global: true,
});
