import { scopeError, scopeStatus } from "@cadastre/contract/scope";
import type { ItemOf } from "@cadastre/store/entity";
import { defineEntity } from "@cadastre/store/entity";
import * as z from "zod";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const four = (n: number) => String(n).padStart(4, "0");

/** The states of a source's scopes are packed into this many buckets, by the hash of the scope's name. */
export const BUCKETS = 64;
export const SourceItem = defineEntity({
  type: "source",
  about: "The sources that ever reported: names of collectors",
  schema: z.object({ source: z.string(), firstSeenAt: z.string() }),
  key: { partition: () => "sources", sort: (of: { source: string }) => of.source },
});

/**
 * One set of scopes that a source reports together: the root of the last run and the digests of its buckets. While this item
 * stands, every scope of the set has in its bucket the state that the root covers; a run of another set that takes a scope
 * over removes it in the same commit.
 */
export const SweepItem = defineEntity({
  type: "sweep",
  about: "The last run over one set of scopes: an unchanged run reads and writes this and nothing else",
  schema: z.object({
    source: z.string(),
    set: z.string(),
    root: z.string(),
    buckets: bytes,
    /** Scopes that a run has opened and not yet completed, with that run: what is stored of them may be ahead of their state. */
    dirty: z.record(z.string(), z.string()),
    run: z.string(),
    at: z.string(),
  }),
  key: {
    partition: (of: { source: string; set: string }) => `source#${of.source}`,
    sort: (of: { source: string; set: string }) => `sweep#${of.set}`,
  },
});
export type SweepItem = ItemOf<typeof SweepItem>;

const scopeEntry = z.object({
  name: z.string(),
  digest: z.string(),
  set: z.string(),
  status: scopeStatus,
  errors: z.array(scopeError).optional(),
  resources: z.int(),
  missing: z.int(),
  generation: z.int(),
  runAt: z.string(),
  successAt: z.string().optional(),
  changeAt: z.string().optional(),
  hold: z.string().optional(),
});
export type ScopeEntry = z.output<typeof scopeEntry>;

export const BucketItem = defineEntity({
  type: "scope-bucket",
  about:
    "The states of some of a source's scopes, packed: what the status list shows and what a changed run compares with",
  schema: z.object({ source: z.string(), bucket: z.int(), scopes: z.array(scopeEntry) }),
  key: {
    partition: (of: { source: string; bucket: number }) => `source#${of.source}`,
    sort: (of: { source: string; bucket: number }) => `bucket#${four(of.bucket)}`,
  },
});
export type BucketItem = ItemOf<typeof BucketItem>;
