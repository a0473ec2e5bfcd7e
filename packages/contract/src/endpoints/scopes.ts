import * as z from "zod";
import { scopeState } from "../discovery.ts";
import { forgetPreview, forgetQuery, forgetRequest, forgetStarted } from "../forgetting.ts";
import { accountId, kindName, provider, regionName, scopeStatus } from "../scope.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { EXAMPLE_ACCOUNT } from "./examples.ts";
import { paging, yesOrNo } from "./query.ts";

const FORGET = "/api/v1/discovery/scopes/forget";

export const scopes = defineArea("scopes", {
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/discovery/status",
    access: operator("discovery:read", "scope"),
    summary: "The state of every scope, those with a problem first: last run, last success, counts, errors, age",
    description:
      "First those that are failed, partial or stale, or whose losses wait for an operator, by provider, account, region, kind and source; then the others by source, provider, account, region and kind. What turned stale within the last five minutes may still stand among the others.",
    query: z.strictObject({
      ...paging,
      source: z.string().max(128).optional().meta({ description: "Name of a collector" }),
      provider: provider.optional(),
      account: accountId.optional(),
      region: regionName.optional(),
      kind: kindName.optional(),
      status: scopeStatus.optional(),
      stale: yesOrNo.optional().meta({ description: "Only those that are, or are not, reported any more" }),
      problems: yesOrNo.optional().meta({
        description: "Only those that are, or are none of, failed, partial, stale, and held for an operator",
      }),
    }),
    answer: page(scopeState),
    errors: ["query.invalid"],
    example: { query: { status: "failed" } },
  }),
  previewForget: defineEndpoint({
    method: "GET",
    path: FORGET,
    access: operator("discovery:read", "scope"),
    summary: "Which scopes would be forgotten, and what would be retired with them",
    description:
      "Only what is stale, or whose collector was revoked, can be forgotten: 409 says which scopes of those meant cannot, and why.",
    query: forgetQuery,
    answer: forgetPreview,
    errors: ["scope.not_found", "scope.in_use"],
    example: { query: { account: EXAMPLE_ACCOUNT, stale: "true" } },
  }),
  forget: defineEndpoint({
    method: "POST",
    path: FORGET,
    access: operator("discovery:write", "scope"),
    summary: "Forget scopes that nobody reports any more, and retire what only they saw",
    description:
      "A job does it, a small one before this answers. A run that reports a scope again at any time brings it back with all that it sees.",
    body: forgetRequest,
    status: 202,
    answer: forgetStarted,
    mutates: "scope.forget",
    errors: ["scope.not_found", "scope.in_use", "scope.changed", "request.conflict"],
    example: { body: { account: EXAMPLE_ACCOUNT, stale: true, reason: "the account was closed" } },
  }),
});
