import * as z from "zod";
import { revealedCredential } from "../credential.ts";
import {
  DISCOVERY_VERSION,
  discovery as discoveryPayload,
  discoveryResult,
  openRun,
  runCompleted,
  runOpened,
  shardApplied,
  shardUpload,
  trigger,
} from "../discovery.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, signed } from "./endpoint.ts";
import { EXAMPLE_ACCOUNT, exampleId } from "./examples.ts";
import { wholeNumber } from "./query.ts";

const RUNS = "/api/v1/discovery/runs";
const MOST_SCOPE_NAME = 512;
const run = idSchema("run");
const aRun = exampleId("run");
const aScope = { provider: "aws", account: EXAMPLE_ACCOUNT, region: "us-east-1", kind: "instance" };
const A_DIGEST = "0".repeat(32);

/** What collectors do: deliver, poll for triggers, and fetch the credential that they are bound to. Newer ones may say more. */
export const discovery = defineArea("discovery", {
  deliver: defineEndpoint({
    method: "POST",
    path: "/api/v1/discovery",
    access: signed("discovery:deliver", "run"),
    summary: "Deliver a whole small run in one request",
    body: discoveryPayload,
    rawBody: true,
    answer: discoveryResult,
    mutates: "discovery.deliver",
    errors: [
      "discovery.version",
      "discovery.digest_mismatch",
      "discovery.run_not_found",
      "discovery.run_closed",
      "collector.foreign_account",
      "request.conflict",
    ],
    example: { body: { contract: DISCOVERY_VERSION, scopes: [{ ...aScope, status: "complete", resources: [] }] } },
  }),
  openRun: defineEndpoint({
    method: "POST",
    path: RUNS,
    access: signed("discovery:deliver", "run"),
    summary: "Open a run with the digests of its scopes; the answer says which shards to send",
    body: openRun,
    rawBody: true,
    answer: runOpened,
    mutates: "discovery.run",
    errors: ["discovery.version", "discovery.digest_mismatch", "collector.foreign_account", "request.conflict"],
    example: {
      body: {
        contract: DISCOVERY_VERSION,
        run: aRun,
        startedAt: "2026-11-20T12:00:00Z",
        root: A_DIGEST,
        scopes: [{ ...aScope, status: "complete", resources: 1, digest: A_DIGEST, shards: [A_DIGEST] }],
      },
    },
  }),
  uploadShard: defineEndpoint({
    method: "PUT",
    path: `${RUNS}/{run}/scopes/{scope}/shards/{shard}`,
    access: signed("discovery:deliver", "run"),
    summary: "Upload one shard of a scope",
    description:
      "`scope` is `provider~account~region~kind`: no character that a gateway would decode and so break the signature. Sent again it has no second effect.",
    params: z.object({
      run,
      scope: z.string().min(1).max(MOST_SCOPE_NAME),
      shard: wholeNumber(0, 65_535),
    }),
    body: shardUpload,
    rawBody: true,
    answer: shardApplied,
    mutates: "discovery.shard",
    errors: [
      "discovery.version",
      "discovery.run_not_found",
      "discovery.scope_not_open",
      "discovery.shard_not_wanted",
      "discovery.digest_mismatch",
      "collector.foreign_account",
      "request.conflict",
    ],
    example: {
      params: { run: aRun, scope: `aws~${EXAMPLE_ACCOUNT}~us-east-1~instance`, shard: "0" },
      body: { contract: DISCOVERY_VERSION, resources: [] },
    },
  }),
  completeRun: defineEndpoint({
    method: "POST",
    path: `${RUNS}/{run}/complete`,
    access: signed("discovery:deliver", "run"),
    summary: "Close a run: what complete scopes no longer have is retired",
    description: "With shards missing it answers 409 with the list `missing`, and nothing is retired.",
    params: z.object({ run }),
    body: z.object({}),
    bodyOptional: true,
    answer: runCompleted,
    mutates: "discovery.complete",
    errors: ["discovery.run_not_found", "discovery.shards_missing", "request.conflict"],
    example: { params: { run: aRun }, body: {} },
  }),
  listTriggers: defineEndpoint({
    method: "GET",
    path: "/api/v1/discovery/triggers",
    access: signed("discovery:poll", "trigger"),
    summary: "The runs that operators asked this collector for within the last day, oldest first",
    query: z.strictObject({
      after: idSchema("trigger").optional().meta({ description: "Only those after this one" }),
    }),
    answer: page(trigger),
    example: { query: { after: exampleId("trigger") } },
  }),
  fetchCredential: defineEndpoint({
    method: "POST",
    path: "/api/v1/discovery/credential",
    access: signed("credential:fetch", "credential"),
    summary: "Fetch the credential that this collector is bound to",
    description: "Every access is audited before it is answered.",
    body: z.object({}),
    bodyOptional: true,
    answer: revealedCredential,
    mutates: "credential.fetch",
    needs: "opener",
    secret: "answer",
    errors: ["credential.not_bound", "credential.not_found", "credential.revoked", "credential.unreadable"],
    example: { body: {} },
  }),
});
