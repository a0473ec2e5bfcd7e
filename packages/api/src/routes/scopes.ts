import { scopes } from "@cadastre/contract/endpoints/scopes";
import { listScopes } from "@cadastre/core/scopes/status";
import { implement } from "./route.ts";

export const SCOPE_ROUTES = implement(scopes, {
  list: ({ context, query }) => listScopes(context, query),
});
