import { openRun as openRunSchema, requireVersion } from "@cadastre/contract/discovery";
import { discovery } from "@cadastre/contract/endpoints/discovery";
import { parse } from "@cadastre/contract/parse";
import { completeRun } from "@cadastre/core/discovery/complete";
import { deliver } from "@cadastre/core/discovery/deliver";
import { openRun } from "@cadastre/core/discovery/open";
import { listTriggers } from "@cadastre/core/discovery/triggers";
import { uploadShard } from "@cadastre/core/discovery/upload";
import { fetchBoundCredential } from "@cadastre/core/vault/reveal";
import { portOf } from "../services.ts";
import { implement } from "./route.ts";

export const DISCOVERY_ROUTES = implement(discovery, {
  deliver: ({ context, actor, collector, raw, signedAt }) => deliver(context, actor, collector, raw, signedAt),
  openRun({ context, actor, collector, raw, signedAt }) {
    // First: another major version may have another form altogether.
    requireVersion(raw);
    return openRun(context, actor, collector, parse(openRunSchema, raw), signedAt);
  },
  uploadShard: ({ context, actor, collector, params, raw }) => uploadShard(context, actor, collector, params, raw),
  completeRun: ({ context, actor, collector, params }) => completeRun(context, actor, collector, params.run),
  listTriggers: async ({ context, collector, query }) => ({
    items: await listTriggers(context, collector.id, query.after),
  }),
  fetchCredential: ({ context, services, actor, collector }) =>
    fetchBoundCredential(context, portOf(services, "opener"), collector, actor),
});
