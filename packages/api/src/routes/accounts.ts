import { account, accountPatch, newAccount } from "@cadastre/contract/account";
import { accountId, type Provider, provider } from "@cadastre/contract/scope";
import { page } from "@cadastre/contract/view";
import { createAccount, deleteAccount, getAccount, listAccounts, patchAccount } from "@cadastre/core/accounts/accounts";
import { hasActiveResources } from "@cadastre/core/register/resources";
import * as z from "zod";
import { keepWanted, paging } from "./lists.ts";
import { operatorRoute, type Route } from "./route.ts";

const byKey = z.object({ provider, account: accountId });
const label = z.string().max(128).optional();

/** An audit record names an account `provider/account`. */
function keyOf(target: string): z.output<typeof byKey> {
  const slash = target.indexOf("/");
  return { provider: target.slice(0, slash) as Provider, account: target.slice(slash + 1) };
}

export const ACCOUNT_ROUTES: readonly Route[] = [
  operatorRoute({
    method: "POST",
    path: "/api/v1/accounts",
    scope: "accounts:write",
    name: "createAccount",
    summary: "Create an account; accounts are also created when a collector first sees them",
    body: newAccount,
    status: 201,
    answer: account,
    etag: true,
    mutates: true,
    errors: ["account.exists", "request.conflict"],
    handle: ({ context, actor, body }) => createAccount(context, actor, body),
    replay: ({ context }, claim) => getAccount(context, keyOf(claim.target)),
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/accounts",
    scope: "accounts:read",
    name: "listAccounts",
    summary: "Accounts and projects, in the order of provider and account",
    description: "Filters may leave a page short; there is more as long as it has a cursor.",
    query: z.strictObject({
      ...paging,
      provider: provider.optional(),
      platform: label,
      tier: label,
      environment: label,
      owner: label,
    }),
    answer: page(account),
    handle: async ({ context, query: { limit, cursor, provider, ...wanted } }) =>
      keepWanted(await listAccounts(context, { limit, cursor, provider }), wanted),
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/accounts/{provider}/{account}",
    scope: "accounts:read",
    name: "getAccount",
    summary: "One account",
    params: byKey,
    answer: account,
    etag: true,
    errors: ["account.not_found"],
    handle: ({ context, params }) => getAccount(context, params),
  }),
  operatorRoute({
    method: "PATCH",
    path: "/api/v1/accounts/{provider}/{account}",
    scope: "accounts:write",
    name: "patchAccount",
    summary: "Change what operators say of an account",
    params: byKey,
    body: accountPatch,
    ifMatch: "required",
    answer: account,
    etag: true,
    mutates: true,
    errors: ["account.not_found", "request.conflict"],
    handle: async ({ context, actor, params, body, version }) =>
      patchAccount(context, actor, params, body, {
        version: version ?? (await getAccount(context, params)).version,
      }),
  }),
  operatorRoute({
    method: "DELETE",
    path: "/api/v1/accounts/{provider}/{account}",
    scope: "accounts:write",
    name: "deleteAccount",
    summary: "Delete an account that has no active resources",
    params: byKey,
    ifMatch: "optional",
    status: 204,
    mutates: true,
    errors: ["account.not_found", "account.in_use", "request.conflict"],
    handle: ({ context, actor, params, version }) =>
      deleteAccount(context, actor, params, {
        version,
        hasActiveResources: (key) => hasActiveResources(context, key.provider, key.account),
      }),
  }),
];
