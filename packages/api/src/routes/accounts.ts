import { accounts } from "@cadastre/contract/endpoints/accounts";
import { createAccount, deleteAccount, getAccount, listAccounts, patchAccount } from "@cadastre/core/accounts/accounts";
import { hasActiveResources } from "@cadastre/core/register/resources";
import { implement } from "./route.ts";

export const ACCOUNT_ROUTES = implement(accounts, {
  create: {
    handle: ({ context, actor, body }) => createAccount(context, actor, body),
    replay: ({ context, body }) => getAccount(context, body),
  },
  list: ({ context, query }) => listAccounts(context, query),
  get: ({ context, params }) => getAccount(context, params),
  patch: ({ context, actor, params, body, version }) => patchAccount(context, actor, params, body, { version }),
  async delete({ context, actor, params, version }) {
    await deleteAccount(context, actor, params, {
      version,
      hasActiveResources: (key) => hasActiveResources(context, key.provider, key.account),
    });
    return undefined;
  },
});
