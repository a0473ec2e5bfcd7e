import { revealedCredential } from "@cadastre/contract/credential";
import {
  discovery,
  discoveryResult,
  openRun as openRunSchema,
  requireVersion,
  runCompleted,
  runOpened,
  shardApplied,
  shardUpload,
  trigger,
} from "@cadastre/contract/discovery";
import { idSchema } from "@cadastre/contract/ids";
import { parse } from "@cadastre/contract/parse";
import { page } from "@cadastre/contract/view";
import { completeRun } from "@cadastre/core/discovery/complete";
import { deliver } from "@cadastre/core/discovery/deliver";
import { openRun } from "@cadastre/core/discovery/open";
import { listTriggers } from "@cadastre/core/discovery/triggers";
import { uploadShard } from "@cadastre/core/discovery/upload";
import { auditDenied, fetchBoundCredential } from "@cadastre/core/vault/reveal";
import * as z from "zod";
import { portOf } from "../services.ts";
import { collectorRoute, type Route } from "./route.ts";

const run = idSchema("run");
const MOST_SCOPE_NAME = 512;

/** All that a collector can do: deliver, poll for triggers, and fetch the credential that it is bound to. */
export const COLLECTOR_ROUTES: readonly Route[] = [
  collectorRoute({
    method: "POST",
    path: "/api/v1/discovery",
    name: "deliver",
    summary: "Deliver a whole small run in one request",
    rawBody: discovery,
    answer: discoveryResult,
    mutates: true,
    errors: ["discovery.version", "discovery.digest_mismatch", "collector.foreign_account", "request.conflict"],
    handle: ({ context, actor, collector, raw }) => deliver(context, actor, collector, raw),
  }),
  collectorRoute({
    method: "POST",
    path: "/api/v1/discovery/runs",
    name: "openRun",
    summary: "Open a run with the digests of its scopes; the answer says which shards to send",
    rawBody: openRunSchema,
    answer: runOpened,
    mutates: true,
    errors: [
      "discovery.version",
      "discovery.digest_mismatch",
      "discovery.run_closed",
      "collector.foreign_account",
      "request.conflict",
    ],
    handle({ context, actor, collector, raw }) {
      // First: another major version may have another form altogether.
      requireVersion(raw);
      return openRun(context, actor, collector, parse(openRunSchema, raw));
    },
  }),
  collectorRoute({
    method: "PUT",
    path: "/api/v1/discovery/runs/{run}/scopes/{scope}/shards/{shard}",
    name: "uploadShard",
    summary: "Upload one shard of a scope",
    description:
      "`scope` is `provider~account~region~kind`: no character that a gateway would decode and so break the signature. Sent again it has no second effect.",
    params: z.object({
      run,
      scope: z.string().min(1).max(MOST_SCOPE_NAME),
      shard: z.coerce.number().int().min(0).max(65_535),
    }),
    rawBody: shardUpload,
    answer: shardApplied,
    mutates: true,
    errors: [
      "discovery.version",
      "discovery.run_not_found",
      "discovery.run_closed",
      "discovery.scope_not_open",
      "discovery.shard_not_wanted",
      "discovery.digest_mismatch",
      "collector.foreign_account",
      "request.conflict",
    ],
    handle: ({ context, actor, collector, params, raw }) => uploadShard(context, actor, collector, params, raw),
  }),
  collectorRoute({
    method: "POST",
    path: "/api/v1/discovery/runs/{run}/complete",
    name: "completeRun",
    summary: "Close a run: what complete scopes no longer have is retired",
    description: "With shards missing it answers 409 with the list `missing`, and nothing is retired.",
    params: z.object({ run }),
    body: z.object({}),
    bodyOptional: true,
    answer: runCompleted,
    mutates: true,
    errors: ["discovery.run_not_found", "discovery.shards_missing", "request.conflict"],
    handle: ({ context, actor, collector, params }) => completeRun(context, actor, collector, params.run),
  }),
  collectorRoute({
    method: "GET",
    path: "/api/v1/discovery/triggers",
    name: "listTriggers",
    summary: "The runs that operators asked this collector for within the last day, oldest first",
    query: z.strictObject({
      after: idSchema("trigger").optional().meta({ description: "Only those after this one" }),
    }),
    answer: page(trigger),
    handle: async ({ context, collector, query }) => ({
      items: await listTriggers(context, collector.id, query.after),
    }),
  }),
  collectorRoute({
    method: "POST",
    path: "/api/v1/discovery/credential",
    name: "fetchCredential",
    summary: "Fetch the credential that this collector is bound to",
    description: "Every access is audited before it is answered.",
    body: z.object({}),
    bodyOptional: true,
    answer: revealedCredential,
    mutates: true,
    needs: "opener",
    secret: true,
    errors: ["credential.not_bound", "credential.not_found", "credential.revoked", "credential.unreadable"],
    handle: ({ context, services, actor, collector }) =>
      fetchBoundCredential(context, portOf(services, "opener"), collector, actor),
    onDenied: ({ context }, actor, { code }) =>
      auditDenied(context, actor, actor.principal.id, { code, action: "credential.fetch" }),
  }),
];
