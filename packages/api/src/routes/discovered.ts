import { discovered } from "@cadastre/contract/endpoints/discovered";
import { importDiscovered, previewImport } from "@cadastre/core/addresses/discovered/import-by-people";
import { listDiscovered } from "@cadastre/core/addresses/discovered/list-discovered";
import { implement } from "./route.ts";

export const DISCOVERED_ROUTES = implement(discovered, {
  list: ({ context, params, query }) => listDiscovered(context, params.spaceId, query),
  import: {
    handle: ({ context, actor, params, query, body }) =>
      query.dryRun
        ? previewImport(context, params.spaceId, body)
        : importDiscovered(context, actor, params.spaceId, body),
    replay: ({ context, params, body }) => previewImport(context, params.spaceId, body),
  },
});
