import { access } from "@cadastre/contract/endpoints/access";
import { explain, listWhoCan } from "@cadastre/core/policies/explain";
import { listWhatCan } from "@cadastre/core/policies/what-can";
import { implement } from "./route.ts";

export const ACCESS_ROUTES = implement(access, {
  explain: ({ context, actor, query }) => explain(context, actor, query),
  whoCan: ({ context, actor, query }) => listWhoCan(context, actor, query),
  whatCan: ({ context, actor, query }) => listWhatCan(context, actor, query.principal),
});
