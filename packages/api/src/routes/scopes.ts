import { scopes } from "@cadastre/contract/endpoints/scopes";
import { listScopes } from "@cadastre/core/discovery/list-scopes";
import { understood } from "@cadastre/core/places/known";
import { implement } from "./route.ts";

export const SCOPE_ROUTES = implement(scopes, {
  list: async ({ context, query }) => understood(context, query, await listScopes(context, query)),
});
