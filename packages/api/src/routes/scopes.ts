import { scopes } from "@cadastre/contract/endpoints/scopes";
import { listScopes } from "@cadastre/core/discovery/list-scopes";
import { implement } from "./route.ts";

export const SCOPE_ROUTES = implement(scopes, {
  list: ({ context, query }) => listScopes(context, query),
});
