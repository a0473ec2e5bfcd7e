import { addressAnalysis } from "@cadastre/contract/endpoints/address-analysis";
import { mapIp } from "@cadastre/core/addresses/map/map";
import { forecastIp } from "@cadastre/core/addresses/snapshots/forecast";
import { listPast } from "@cadastre/core/addresses/time/at";
import { listDifferences } from "@cadastre/core/addresses/time/diff";
import { implement } from "./route.ts";

export const ADDRESS_ANALYSIS_ROUTES = implement(addressAnalysis, {
  map: ({ context, params, query }) => mapIp(context, params.spaceId, params.ipId, query.cells),
  forecast: ({ context, params, query }) => forecastIp(context, params.spaceId, params.ipId, query),
  at: ({ context, params, query: { limit, cursor, ...asked } }) =>
    listPast(context, params.spaceId, asked, { limit, cursor }),
  diff: ({ context, params, query: { limit, cursor, ...asked } }) =>
    listDifferences(context, params.spaceId, asked, { limit, cursor }),
});
