import { holds } from "@cadastre/contract/endpoints/holds";
import { approveHold, listHolds, rejectHold } from "@cadastre/core/discovery/holds";
import { implement } from "./route.ts";

export const HOLD_ROUTES = implement(holds, {
  list: ({ context, query }) => listHolds(context, query),
  approve: ({ context, actor, params, body, version }) =>
    approveHold(context, actor, params.id, { reason: body.reason, version }),
  reject: ({ context, actor, params, body, version }) =>
    rejectHold(context, actor, params.id, { reason: body.reason, version }),
});
