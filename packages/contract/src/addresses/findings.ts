import * as z from "zod";
import { idSchema } from "../ids.ts";

/** What prefixes are checked for, by the ids of the rules. */
export const FINDING_RULES = {
  "container.empty": "A container that nothing is planned, in a range or seen in",
  "name.missing": "A prefix without a name",
  "name.pattern": "A name that is not as the pattern says",
  "owner.missing": "Nobody is said to own it, or anything that contains it",
  "prefix.public": "Not private: outside of RFC 1918, RFC 6598 and RFC 4193",
  "tag.missing": "A tag that is wanted is neither its own nor inherited nor implied",
} as const;
export type FindingRule = keyof typeof FINDING_RULES;
export const FINDING_RULE_IDS = Object.keys(FINDING_RULES) as [FindingRule, ...FindingRule[]];

/** What of a planned prefix is not as a rule wants it. */
export const finding = z.object({
  rule: z.enum(FINDING_RULE_IDS),
  id: idSchema("ip"),
  prefix: z.string(),
  name: z.string(),
  message: z.string(),
});
export type Finding = z.output<typeof finding>;

const count = z.union([z.int(), z.string().regex(/^\d+$/)]);

/** What of a prefix is free, and how scattered that is. */
export const freeSpace = z.object({
  prefix: z.string(),
  free: count.meta({ description: "Addresses that nothing is planned, populated, held or seen on" }),
  largest: z.string().nullable().meta({ description: "The largest block that is free; null when nothing is" }),
  fragmentation: z.string().meta({
    description:
      "Percent, cut after two digits: 100 × (1 − addresses of the largest free block / free addresses); 0 when all that is free is one block",
  }),
  blocks: z
    .array(z.object({ prefixLength: z.int(), count: z.int() }))
    .meta({ description: "How many free blocks of which length there are, when what is free is cut into the fewest" }),
  gaps: z
    .array(z.object({ first: z.string(), last: z.string(), size: count }))
    .meta({ description: "The 100 largest runs of free addresses, the largest first" }),
});
export type FreeSpace = z.output<typeof freeSpace>;
