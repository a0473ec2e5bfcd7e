import { scopes } from "@cadastre/contract/endpoints/scopes";
import { listScopes } from "@cadastre/core/discovery/list-scopes";
import { forget } from "@cadastre/core/forgetting/forget";
import { previewForget } from "@cadastre/core/forgetting/preview";
import { understood } from "@cadastre/core/places/known";
import { implement } from "./route.ts";

export const SCOPE_ROUTES = implement(scopes, {
  list: async ({ context, query }) => understood(context, query, await listScopes(context, query)),
  previewForget: ({ context, query }) => previewForget(context, query),
  forget: ({ context, actor, body }) => forget(context, actor, body),
});
