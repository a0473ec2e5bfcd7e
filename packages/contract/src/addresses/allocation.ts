import * as z from "zod";
import { ip, newIp } from "./ip.ts";

export const STRATEGIES = ["first-fit", "best-fit", "last-fit", "spread"] as const;

const MOST_AT_ONCE = 512;

const count = z.int().min(1).max(MOST_AT_ONCE).default(1);

/** What the prefixes that are allocated are to be. */
const said = newIp.omit({ prefix: true, parentId: true }).shape;

export const newPrefixes = z.strictObject({
  prefixLength: z.int().min(0).max(128),
  count: count.meta({ description: "All of them, or none" }),
  strategy: z.enum(STRATEGIES).default("first-fit"),
  family: z
    .union([z.literal(4), z.literal(6)])
    .optional()
    .meta({ description: "Checked against the parent's" }),
  ...said,
});
export type NewPrefixes = z.output<typeof newPrefixes>;

export const newAddresses = z.strictObject({ count, ...said });
export type NewAddresses = z.output<typeof newAddresses>;

/** What an allocation gave, in the order in which it was found. */
export const allocated = z.object({ items: z.array(ip) });
export type Allocated = z.output<typeof allocated>;

export const freePrefixes = z.object({ items: z.array(z.object({ prefix: z.string() })) });
