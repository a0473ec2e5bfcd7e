import * as z from "zod";
import { account } from "./account.ts";
import { ip } from "./addresses/ip.ts";
import { resource } from "./view.ts";

/** What a search can find. Each type is contributed by the area that it belongs to. */
export const SUBJECT_TYPES = ["resource", "account", "ip"] as const;
export type SubjectType = (typeof SUBJECT_TYPES)[number];

/** What a search answers: each found thing as its own area shows it, with its type. */
export const foundSubject = z.discriminatedUnion("type", [
  resource.extend({
    type: z.literal("resource"),
    expiresAt: z.iso.datetime({ offset: true }).optional().meta({ description: "Of a certificate: when it ends" }),
    servedBy: z.array(z.string()).optional().meta({
      description: "Of a certificate: natural ids of endpoints that serve it, itself or in a chain; five at most",
    }),
  }),
  account.extend({ type: z.literal("account") }),
  ip
    .omit({ parentId: true, resolvedTags: true, utilization: true })
    .extend({ type: z.literal("ip"), spaceName: z.string().meta({ description: "Name of its address space" }) }),
]);
export type FoundSubject = z.output<typeof foundSubject>;

/** What a search can be sorted by. */
export const SORT_FIELDS = [
  "name",
  "kind",
  "account",
  "region",
  "owner",
  "ip",
  "expires",
  "changed",
  "created",
  "seen",
] as const;
export type SortField = (typeof SORT_FIELDS)[number];

/** What the counts of a search are apart by. */
export const SEARCH_FACETS = ["type", "kind", "provider", "account", "region", "status", "state", "owner"] as const;
export type SearchFacet = (typeof SEARCH_FACETS)[number];

/** How many of what a search finds have these values; one that a thing does not have is absent. */
export const searchCount = z
  .object(Object.fromEntries(SEARCH_FACETS.map((name) => [name, z.string()])) as Record<SearchFacet, z.ZodString>)
  .partial()
  .extend({ count: z.int() });
export type SearchCount = z.output<typeof searchCount>;
