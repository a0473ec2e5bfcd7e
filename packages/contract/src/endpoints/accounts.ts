import * as z from "zod";
import { account, accountPatch, newAccount } from "../account.ts";
import { accountId, provider } from "../scope.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, operator } from "./endpoint.ts";
import { EXAMPLE_ACCOUNT } from "./examples.ts";
import { paging } from "./query.ts";

const PATH = "/api/v1/accounts/{provider}/{account}";
const byKey = z.object({ provider, account: accountId });
const aKey = { provider: "aws", account: EXAMPLE_ACCOUNT };
const label = z.string().max(128).optional();

export const accounts = defineArea("accounts", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/accounts",
    access: operator("accounts:write", "account"),
    summary: "Create an account; accounts are also created when a collector first sees them",
    body: newAccount,
    idempotent: true,
    status: 201,
    answer: account,
    etag: true,
    mutates: "account.create",
    errors: ["account.exists", "request.conflict"],
    example: { body: { ...aKey, name: "shop", environment: "production", owner: "payments" } },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/accounts",
    access: operator("accounts:read", "account"),
    summary: "Accounts and projects, in the order of provider and account",
    query: z.strictObject({
      ...paging,
      provider: provider.optional(),
      platform: label,
      tier: label,
      environment: label,
      owner: label,
    }),
    answer: page(account),
    example: { query: { environment: "production" } },
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("accounts:read", "account"),
    summary: "One account",
    params: byKey,
    answer: account,
    etag: true,
    errors: ["account.not_found"],
    example: { params: aKey },
  }),
  patch: defineEndpoint({
    method: "PATCH",
    path: PATH,
    access: operator("accounts:write", "account"),
    summary: "Change what operators say of an account",
    params: byKey,
    body: accountPatch,
    ifMatch: "required",
    answer: account,
    etag: true,
    mutates: "account.patch",
    errors: ["account.not_found", "request.conflict"],
    example: { params: aKey, body: { tier: "gold" } },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("accounts:write", "account"),
    summary: "Delete an account that has no active resources",
    params: byKey,
    ifMatch: "optional",
    status: 204,
    mutates: "account.delete",
    errors: ["account.not_found", "account.in_use", "request.conflict"],
    example: { params: aKey },
  }),
});
