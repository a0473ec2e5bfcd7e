import * as z from "zod";
import { scopeState } from "../discovery.ts";
import { accountId, kindName, provider, regionName, scopeStatus } from "../scope.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { paging, yesOrNo } from "./query.ts";

export const scopes = defineArea("scopes", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/discovery/status",
    access: operator("discovery:read", "scope"),
    summary: "The state of every scope: last run, last success, counts, errors, age",
    query: z.strictObject({
      ...paging,
      source: z.string().max(128).optional().meta({ description: "Name of a collector" }),
      provider: provider.optional(),
      account: accountId.optional(),
      region: regionName.optional(),
      kind: kindName.optional(),
      status: scopeStatus.optional(),
      stale: yesOrNo.optional().meta({ description: "Only those that are, or are not, reported any more" }),
    }),
    answer: page(scopeState),
    errors: ["query.invalid"],
    example: { query: { status: "failed" } },
  }),
});
