import { FINDING_RULE_IDS } from "@cadastre/contract/addresses/findings";
import { addressAnalysis } from "@cadastre/contract/endpoints/address-analysis";
import { freeSpace } from "@cadastre/core/addresses/findings/free-space";
import { listFindings } from "@cadastre/core/addresses/findings/list";
import { mapIp } from "@cadastre/core/addresses/map/map";
import { forecastIp } from "@cadastre/core/addresses/snapshots/forecast";
import { listPast } from "@cadastre/core/addresses/time/at";
import { listDifferences } from "@cadastre/core/addresses/time/diff";
import { implement } from "./route.ts";

export const ADDRESS_ANALYSIS_ROUTES = implement(addressAnalysis, {
  map: ({ context, params, query }) => mapIp(context, params.spaceId, params.ipId, query.cells),
  forecast: ({ context, params, query }) => forecastIp(context, params.spaceId, params.ipId, query),
  freeSpace: ({ context, params }) => freeSpace(context, params.spaceId, params.ipId),
  findings({ context, params, query: { limit, cursor, rule = FINDING_RULE_IDS, name, tag = [], within } }) {
    return listFindings(context, params.spaceId, { rules: rule, name, tags: tag, within }, { limit, cursor });
  },
  at: ({ context, params, query: { limit, cursor, ...asked } }) =>
    listPast(context, params.spaceId, asked, { limit, cursor }),
  diff: ({ context, params, query: { limit, cursor, ...asked } }) =>
    listDifferences(context, params.spaceId, asked, { limit, cursor }),
});
