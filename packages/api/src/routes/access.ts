import { access } from "@cadastre/contract/endpoints/access";
import { readCollector } from "@cadastre/core/access/collectors";
import { explain, listWhoCan } from "@cadastre/core/policies/explain";
import { explainSigned } from "@cadastre/core/policies/explain-signed";
import { listWhatCan } from "@cadastre/core/policies/what-can";
import { implement } from "./route.ts";

const COLLECTOR = "collector/";

export const ACCESS_ROUTES = implement(access, {
  async explain({ context, actor, query }) {
    const { principal } = query;
    if (!principal.startsWith(COLLECTOR)) return explain(context, actor, query);
    return explainSigned(context, actor, await readCollector(context, principal.slice(COLLECTOR.length)), query);
  },
  whoCan: ({ context, actor, query }) => listWhoCan(context, actor, query),
  whatCan: ({ context, actor, query }) => listWhatCan(context, actor, query.principal),
});
