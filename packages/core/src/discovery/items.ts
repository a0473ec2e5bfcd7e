import { hold, scopeResult, trigger } from "@cadastre/contract/discovery";
import { scopeError, scopeStatus } from "@cadastre/contract/scope";
import type { ItemOf } from "@cadastre/store/entity";
import { defineEntity } from "@cadastre/store/entity";
import * as z from "zod";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const four = (n: number) => String(n).padStart(4, "0");

/** Shard digests are packed into pages of this many. */
export const PAGE_SHARDS = 32;

/** The run that has a scope open: only it may upload, until a newer run opens the scope. */
const lease = z.object({
  run: z.string(),
  generation: z.int(),
  status: scopeStatus,
  errors: z.array(scopeError),
  resources: z.int(),
  digest: z.string(),
  /** Shard numbers, and at the same places their digests, 16 bytes each. */
  wanted: z.array(z.int()),
  digests: bytes,
  /** The run looked before another one did that was opened earlier: it retires nothing. */
  isOlder: z.literal(true).optional(),
});
export type Lease = z.output<typeof lease>;

export const ScopeItem = defineEntity({
  type: "scope",
  about:
    "One scope that was ever seen to change: its generation, how it is cut into shards, the run that has it open, and what the last one made of it",
  schema: z.object({
    source: z.string(),
    name: z.string(),
    generation: z.int(),
    shardCount: z.int(),
    /** When the latest look began of the runs that opened it, by the clock of the API: epoch milliseconds. */
    lookedAt: z.int().optional(),
    /** The run that has it open; none once that run has completed it. */
    lease: lease.optional(),
    /** What the last completed run made of it. */
    outcome: z
      .object({
        run: z.string(),
        generation: z.int(),
        digest: z.string(),
        errors: z.array(scopeError),
        /** Resources that the scope has, by the last run that said anything of them. */
        resources: z.int(),
        missing: z.int(),
        result: scopeResult,
        runAt: z.string(),
        changeAt: z.string().optional(),
      })
      .optional(),
    /** The losses that wait for an operator, or that one wants to keep. */
    hold: z.string().optional(),
    /** How many resources complete runs knew in it, over the last week: `Sizes`. */
    sizes: z.array(z.tuple([z.int(), z.int()])).optional(),
  }),
  key: {
    partition: (of: { source: string; name: string }) => `scope#${of.source}/${of.name}`,
    sort: (_: { source: string; name: string }) => "scope",
  },
});
export type ScopeItem = ItemOf<typeof ScopeItem>;
export type Outcome = NonNullable<ScopeItem["outcome"]>;

/**
 * Digests of up to 32 shards, with how many of each shard's known resources its last upload did not have. A scope of one shard
 * has none: there its manifest says the same.
 */
export const PageItem = defineEntity({
  type: "shard-page",
  about: "Digests of a scope's shards, packed: what an opening run is compared with",
  schema: z.object({
    source: z.string(),
    name: z.string(),
    shardCount: z.int(),
    page: z.int(),
    digests: bytes,
    missing: z.array(z.int()),
  }),
  key: {
    partition: (of: { source: string; name: string; shardCount: number; page: number }) =>
      `scope#${of.source}/${of.name}`,
    sort: (of: { source: string; name: string; shardCount: number; page: number }) =>
      `page#${four(of.shardCount)}#${four(of.page)}`,
  },
});
export type PageItem = ItemOf<typeof PageItem>;

export const ManifestItem = defineEntity({
  type: "manifest",
  about:
    "What is known of one shard: id and content hashes, packed, and which of them the last upload did not have. Written last",
  schema: z.object({
    source: z.string(),
    name: z.string(),
    shardCount: z.int(),
    shard: z.int(),
    digest: z.string(),
    /** All known resources of the shard, 32 bytes each: id hash, content hash. */
    entries: bytes,
    /** Id hashes of those that the last upload did not have, 16 bytes each. */
    missing: bytes,
    run: z.string(),
    created: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    /** How many of it were retired, and under which generation of the scope, so that a run that is killed still tells it. */
    retired: z.object({ generation: z.int(), count: z.int() }).optional(),
  }),
  key: {
    partition: (of: { source: string; name: string; shardCount: number; shard: number }) =>
      `scope#${of.source}/${of.name}`,
    sort: (of: { source: string; name: string; shardCount: number; shard: number }) =>
      `shard#${four(of.shardCount)}#${four(of.shard)}`,
  },
});
export type ManifestItem = ItemOf<typeof ManifestItem>;

const runScope = z.object({ name: z.string(), result: scopeResult.optional() });
export type RunScope = z.output<typeof runScope>;

/** So many of a run's scopes stand in the run itself, the rest in pages of as many. */
export const RUN_PAGE_SCOPES = 200;

export const RunItem = defineEntity({
  type: "run",
  about: "A run that had something to say, with the scopes that it opened and what became of each; kept for 30 days",
  schema: z.object({
    run: z.string(),
    source: z.string(),
    set: z.string(),
    /** Over the scopes of the run, so that its id is not taken for another run once it is closed. */
    root: z.string(),
    scopes: z.array(runScope),
    pages: z.int(),
    openedAt: z.string(),
    state: z.enum(["open", "closed"]),
    expiresAtSeconds: z.int(),
  }),
  key: { partition: (of: { run: string }) => `run#${of.run}`, sort: () => "run" },
  packed: true,
  expires: "expiresAtSeconds",
});
export type RunItem = ItemOf<typeof RunItem>;

export const RunPageItem = defineEntity({
  type: "run-page",
  about: "Further scopes of a large run",
  schema: z.object({ run: z.string(), page: z.int(), scopes: z.array(runScope), expiresAtSeconds: z.int() }),
  key: {
    partition: (of: { run: string; page: number }) => `run#${of.run}`,
    sort: (of: { run: string; page: number }) => `page#${four(of.page)}`,
  },
  packed: true,
  expires: "expiresAtSeconds",
});
export type RunPageItem = ItemOf<typeof RunPageItem>;

export const HoldItem = defineEntity({
  type: "hold",
  about: "Losses of a scope that wait for an operator, the newest of each scope",
  schema: hold.omit({ version: true }).extend({ scope: z.string(), fingerprint: z.string() }),
  key: { partition: () => "holds", sort: (of: { id: string }) => of.id },
});
export type HoldItem = ItemOf<typeof HoldItem>;

export const TriggerItem = defineEntity({
  type: "trigger",
  about: "A request to run now, for collectors that poll; gone after a day",
  schema: trigger.extend({ expiresAtSeconds: z.int() }),
  key: {
    partition: (of: { collector: string; id: string }) => `trigger#${of.collector}`,
    sort: (of: { collector: string; id: string }) => of.id,
  },
  expires: "expiresAtSeconds",
});
