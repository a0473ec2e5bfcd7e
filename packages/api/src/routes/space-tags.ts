import { spaceTags } from "@cadastre/contract/endpoints/space-tags";
import { listTags } from "@cadastre/core/addresses/tags/list-tags";
import { createTag, deleteTag, getTag, previewTag, replaceTag } from "@cadastre/core/addresses/tags/tags";
import { implement } from "./route.ts";

export const SPACE_TAG_ROUTES = implement(spaceTags, {
  create: {
    handle: ({ context, actor, params, body }) => createTag(context, actor, params.spaceId, body),
    replay: ({ context, params, body }) => getTag(context, params.spaceId, body.name),
  },
  list: ({ context, params, query }) => listTags(context, params.spaceId, query),
  get: ({ context, params }) => getTag(context, params.spaceId, params.tagName),
  replace: ({ context, actor, params, query, body, version }) =>
    query.dryRun
      ? previewTag(context, params.spaceId, params.tagName, body, { version })
      : replaceTag(context, actor, params.spaceId, params.tagName, body, { version }),
  async delete({ context, actor, params, version }) {
    await deleteTag(context, actor, params.spaceId, params.tagName, { version });
    return undefined;
  },
});
