import { addressSpaces } from "@cadastre/contract/endpoints/address-spaces";
import { deleteSpace, keepSpace, previewDeletion } from "@cadastre/core/addresses/deletion/delete-space";
import { listSpaces } from "@cadastre/core/addresses/spaces/list-spaces";
import { createSpace, getSpace, replaceSpace } from "@cadastre/core/addresses/spaces/spaces";
import { mayClaim } from "@cadastre/core/policies/may-claim";
import { implement } from "./route.ts";

export const ADDRESS_SPACE_ROUTES = implement(addressSpaces, {
  create: {
    handle: ({ context, actor, body }) =>
      createSpace(context, actor, body, { requireMayClaim: mayClaim(context, actor) }),
    replay: ({ context }, { target }) => getSpace(context, target),
  },
  list: ({ context, query }) => listSpaces(context, query),
  get: ({ context, params }) => getSpace(context, params.spaceId),
  replace: ({ context, actor, params, body, version }) =>
    replaceSpace(context, actor, params.spaceId, body, { version, requireMayClaim: mayClaim(context, actor) }),
  delete: ({ context, actor, params, query, version }) =>
    query.dryRun
      ? previewDeletion(context, params.spaceId, { version })
      : deleteSpace(context, actor, params.spaceId, { version }),
  keep: ({ context, actor, params }) => keepSpace(context, actor, params.spaceId),
});
