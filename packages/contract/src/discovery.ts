import * as z from "zod";
import { HASH_BYTES, MOST_SHARDS, SHARD_RESOURCES } from "./digest.ts";
import { ProblemError } from "./errors.ts";
import { idSchema } from "./ids.ts";
import { looseObject } from "./loose-object.ts";
import { accountId, kindName, provider, regionName, scopeError, scopeKey, scopeStatus } from "./scope.ts";

export const DISCOVERY_VERSION = "cadastre.discovery/v1";
/**
 * Content type of a compressed body: gzip with JSON in it. A type of its own and no content encoding, because gateways tell
 * text from bytes by the type alone, and what they take for text does not survive.
 */
export const GZIP_TYPE = "application/gzip";
export const MOST_SCOPES = 20_000;

const digest = z
  .string()
  .regex(new RegExp(`^[0-9a-f]{${2 * HASH_BYTES}}$`), `a digest: ${2 * HASH_BYTES} lower-case hexadecimal digits`);
const count = z.int().min(0);

/** Throws 422 `discovery.version` for another major version; minor versions and what they add are accepted. */
export function requireVersion(body: unknown): void {
  const version = (body as { contract?: unknown } | null)?.contract;
  if (typeof version !== "string" || !/^cadastre\.discovery\/v1(\.\d{1,4})?$/.test(version)) {
    const given = typeof version === "string" ? JSON.stringify(version.slice(0, 80)) : typeof version;
    const message = `must be ${DISCOVERY_VERSION} or one of its minor versions, not ${given}`;
    throw new ProblemError("discovery.version", `contract: ${message}`, { errors: [{ path: "contract", message }] });
  }
}

/** From ten seconds to a year and a day. */
export const intervalSeconds = z.int().min(10).max(31_708_800);

const announced = intervalSeconds.optional().meta({
  description:
    "How long it is from one run over these scopes to the next, by the collector's schedule; absent where there is none. After three of them without a run the scopes are stale. In no digest",
});

const scopeReport = scopeKey.extend({
  status: scopeStatus,
  errors: z.array(scopeError).max(50).default([]),
});

/** One scope of a run that opens: what the collector saw, by digests. A failed or skipped scope has no resources and no shards. */
export const openScope = scopeReport
  .extend({
    resources: count.meta({ description: "How many distinct resources the scope has in this run" }),
    digest: digest.meta({ description: "Of the scope, however it is cut into shards" }),
    shards: z
      .array(digest)
      .max(MOST_SHARDS)
      .meta({ description: "Digest of each shard; a power of two of them, or none" }),
  })
  .check((context) => {
    const { status, shards, resources } = context.value;
    const issue = (path: string, message: string) =>
      context.issues.push({ code: "custom", path: [path], message, input: context.value });
    const silent = status === "failed" || status === "skipped";
    if (silent && (shards.length > 0 || resources > 0))
      issue("shards", `a ${status} scope has no resources and no shards`);
    if (!silent && (shards.length === 0 || (shards.length & (shards.length - 1)) !== 0)) {
      issue("shards", `the number of shards is a power of two from 1 to ${MOST_SHARDS}, not ${shards.length}`);
    }
  });
export type OpenScope = z.output<typeof openScope>;

export const openRun = z.object({
  contract: z.string(),
  run: idSchema("run").meta({ description: "Made by the collector; opening it again is a retry" }),
  collectorVersion: z.string().max(64).default(""),
  startedAt: z.iso.datetime({ offset: true }).meta({
    description:
      "By the collector's clock, as the request's signature: how long ago it looked. A run that looked before another one that was opened earlier retires nothing",
  }),
  intervalSeconds: announced,
  root: digest.meta({ description: "Over the scopes' names and digests" }),
  scopes: z.array(openScope).min(1).max(MOST_SCOPES),
});
export type OpenRun = z.output<typeof openRun>;
export type OpenRunInput = z.input<typeof openRun>;

const verdict = z.enum(["unchanged", "upload", "reshard", "recorded"]);

/** The answer for the scope at the same place in the request. */
export const scopeVerdict = z.object({
  verdict: verdict.meta({
    description:
      "unchanged: nothing to do. recorded: only the status is new. upload: send the shards in `want`. reshard: open the run again with `shardCount` shards in this scope",
  }),
  want: z.array(z.int()).optional(),
  shardCount: z.int().optional(),
});
export type ScopeVerdict = z.output<typeof scopeVerdict>;

const scopeCounts = { resources: count, created: count, updated: count, unchanged: count, retired: count };

export const scopeResult = scopeKey.extend({
  status: scopeStatus,
  ...scopeCounts,
  held: count.default(0).meta({ description: "Resources that would have been retired and wait for an operator" }),
});
export type ScopeResult = z.output<typeof scopeResult>;

export const totals = z.object(scopeCounts);
export type Totals = z.output<typeof totals>;

export const runOpened = z.object({
  run: idSchema("run"),
  state: z.enum(["unchanged", "open"]).meta({ description: "unchanged: the run is closed, nothing need be sent" }),
  scopes: z.array(scopeVerdict),
});
export type RunOpened = z.output<typeof runOpened>;

/** A shard's upload. Its resources are parsed by the schema of the scope's kind. */
export const shardUpload = z.object({
  contract: z.string(),
  resources: z.array(looseObject({ id: z.string() })).max(SHARD_RESOURCES),
});

export const shardApplied = z.object({
  state: z.enum(["applied", "ignored"]).meta({ description: "ignored: a newer run has the scope" }),
  created: count,
  updated: count,
  unchanged: count,
  missing: count.meta({
    description: "Known resources that the shard no longer has; retired when the run completes, if it may",
  }),
});
export type ShardApplied = z.output<typeof shardApplied>;

export const runCompleted = z.object({
  run: idSchema("run"),
  state: z.literal("closed"),
  scopes: z.array(scopeResult),
  totals,
});
export type RunCompleted = z.output<typeof runCompleted>;

/** What `POST /api/v1/discovery` takes: a whole small run. */
export const discovery = z.object({
  contract: z.string(),
  run: idSchema("run").optional(),
  startedAt: z.iso.datetime({ offset: true }).optional(),
  intervalSeconds: announced,
  collectorVersion: z.string().max(64).default(""),
  scopes: z
    .array(
      scopeReport.extend({
        resources: z
          .array(looseObject({ id: z.string().min(1).max(1024) }))
          .max(10_000)
          .default([]),
      }),
    )
    .min(1)
    .max(1000),
});
export type Discovery = z.output<typeof discovery>;

export const discoveryResult = z.object({
  run: idSchema("run"),
  imported: count,
  updated: count,
  unchanged: count,
  retired: count,
  errors: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
  scopes: z.array(scopeResult),
});
export type DiscoveryResult = z.output<typeof discoveryResult>;

export const scopeState = scopeKey.extend({
  source: z.string().meta({ description: "Name of the collector" }),
  status: scopeStatus,
  errors: z.array(scopeError),
  resources: count,
  generation: count,
  lastRunAt: z.iso.datetime().meta({ description: "Last run that reported the scope, whatever its status" }),
  lastSuccessAt: z.iso.datetime().optional().meta({ description: "Last run in which it was complete" }),
  lastChangeAt: z.iso.datetime().optional(),
  ageSeconds: z.number().optional().meta({ description: "Since the last success" }),
  stale: z.boolean().meta({
    description:
      "Whether it was not reported for three of its intervals: as its collector announces them (five minutes at least), else as they are learnt from its runs (an hour at least, a day when it was reported once). What is known is old",
  }),
  intervalSeconds: z.number().optional().meta({
    description: "How often it is reported: as its collector announced with the last run, else as it is learnt",
  }),
  missing: count.meta({ description: "Known resources that the last upload did not have and that are not retired" }),
  hold: idSchema("hold").optional(),
});
export type ScopeState = z.output<typeof scopeState>;

export const triggerRequest = z.strictObject({
  collector: z.string().max(128).optional().meta({ description: "Id or name; all approved collectors when absent" }),
});

export const trigger = z.object({
  id: idSchema("trigger"),
  collector: idSchema("collector"),
  requestedAt: z.iso.datetime(),
  requestedBy: z.string(),
});
export type Trigger = z.output<typeof trigger>;

export const hold = z.object({
  id: idSchema("hold"),
  source: z.string(),
  provider,
  account: accountId,
  region: regionName,
  kind: kindName,
  state: z
    .enum(["pending", "approved", "rejected", "lifted"])
    .meta({ description: "lifted: the resources came back, or the scope was forgotten, before anyone decided" }),
  generation: count,
  known: count,
  missing: count,
  weekAgo: count.optional().meta({
    description: "What the scope had a week ago, where its losses since then add up to too much",
  }),
  sample: z
    .array(z.object({ id: z.string(), name: z.string() }))
    .meta({ description: "Some of the resources that would be retired" }),
  createdAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().optional(),
  decidedBy: z.string().optional(),
  reason: z.string().optional(),
  job: idSchema("job").optional().meta({
    description: "The run that retires what was approved: GET /api/v1/jobs/{id}",
  }),
  version: count,
});
export type Hold = z.output<typeof hold>;

export const holdDecision = z.strictObject({ reason: z.string().trim().max(500).optional() });
