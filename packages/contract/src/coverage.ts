import * as z from "zod";
import { scopeKey } from "./scope.ts";

/** Whether an answer is all that there is, as far as collectors can tell. */
export const coverage = z
  .object({
    complete: z
      .boolean()
      .meta({ description: "Every scope that this is about was last seen whole, and is still reported" }),
    gaps: z
      .int()
      .min(0)
      .meta({ description: "Scopes that were last seen in part, or not at all, or are not reported any more" }),
    neverLookedAt: z.literal(true).optional().meta({
      description:
        "No scope of what is asked for was ever looked at: that nothing is found says nothing. `complete` is then false",
    }),
    more: z.literal(true).optional().meta({ description: "There are further gaps; only 200 were looked at" }),
    scopes: z.int().min(0).optional().meta({
      description: "Of how many scopes, where nothing but `provider` is asked for; absent where nobody has counted",
    }),
    some: z
      .array(
        scopeKey.extend({
          source: z.string(),
          cause: z.enum(["partial", "failed", "stale"]),
          since: z.iso.datetime(),
        }),
      )
      .meta({ description: "Up to ten of the gaps, by provider, account, region and kind" }),
  })
  .meta({ description: "Whether the answer is all that there is; of a list on its first page alone" });
export type Coverage = z.output<typeof coverage>;
