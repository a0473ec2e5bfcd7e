import { drift } from "@cadastre/contract/endpoints/drift";
import { acknowledgeDrift, getDrift, ignoreDrift, resolveDrift } from "@cadastre/core/addresses/drift/decide-by-people";
import { listDrift } from "@cadastre/core/addresses/drift/list-drift";
import type { Context } from "@cadastre/core/context";
import { implement } from "./route.ts";

interface Params {
  readonly spaceId: string;
  readonly driftId: string;
}

const whereOf = ({ spaceId, driftId }: Params) => ({ space: spaceId, id: driftId });

const replay = ({ context, params }: { readonly context: Context; readonly params: Params }) =>
  getDrift(context, whereOf(params));

export const DRIFT_ROUTES = implement(drift, {
  list: ({ context, params, query }) => listDrift(context, params.spaceId, query),
  acknowledge: {
    handle: ({ context, actor, params, body }) => acknowledgeDrift(context, actor, whereOf(params), body),
    replay,
  },
  ignore: {
    handle: ({ context, actor, params, body }) => ignoreDrift(context, actor, whereOf(params), body),
    replay,
  },
  resolve: {
    handle: ({ context, actor, params, body }) => resolveDrift(context, actor, whereOf(params), body),
    replay,
  },
});
