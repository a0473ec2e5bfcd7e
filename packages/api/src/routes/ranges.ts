import { ranges } from "@cadastre/contract/endpoints/ranges";
import { createRange, deleteRange, getRange, listRanges, replaceRange } from "@cadastre/core/addresses/ranges/ranges";
import { implement } from "./route.ts";

/** The id at the end of a record's target. */
const idOf = (target: string): string => target.slice(target.indexOf("/") + 1);

export const RANGE_ROUTES = implement(ranges, {
  create: {
    handle: ({ context, actor, params, body }) => createRange(context, actor, params.spaceId, body),
    replay: ({ context, params }, { target }) => getRange(context, params.spaceId, idOf(target)),
  },
  list: ({ context, params, query }) => listRanges(context, params.spaceId, query),
  get: ({ context, params }) => getRange(context, params.spaceId, params.rangeId),
  replace: ({ context, actor, params, body, version }) =>
    replaceRange(context, actor, params.spaceId, params.rangeId, body, { version }),
  async delete({ context, actor, params, version }) {
    await deleteRange(context, actor, params.spaceId, params.rangeId, { version });
  },
});
