import { type ScopeStatus, scopeStatus } from "@cadastre/contract/scope";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import type { Stored } from "@cadastre/store/table";
import * as z from "zod";
import { PAGE_DIGEST_BYTES, type ScopeEntry } from "./entry.ts";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const three = (n: number) => String(n).padStart(3, "0");

export const SourceItem = defineEntity({
  type: "source",
  about:
    "The sources that ever reported: names of collectors. Written once for each, and when scopes of it are forgotten",
  schema: z.object({
    source: z.string(),
    firstSeenAt: z.string(),
    /** The highest generation of the scopes that were forgotten: that of one that is reported again comes after it. */
    forgotten: z.int().optional(),
  }),
  key: { partition: () => "sources", sort: (of: { source: string }) => of.source },
});
export type SourceItem = ItemOf<typeof SourceItem>;

/**
 * The scopes that a source reports together. `digests` says for each page of the ledger what its entries of this set are, and
 * is written in one commit with the page, so it is never out of step: a run whose scopes have the same is unchanged.
 */
export const SetItem = defineEntity({
  type: "scope-set",
  about:
    "Scopes that are reported together: when they last were, and digests of what the ledger knows of them. All that an unchanged run reads and writes",
  schema: z.object({
    source: z.string(),
    set: z.string(),
    /** Epoch milliseconds of the last run. */
    at: z.int(),
    /** When the latest look began of these runs, by the clock of the API: epoch milliseconds. */
    lookedAt: z.int().optional(),
    /** Usual milliseconds between two runs; absent until there were two. */
    interval: z.int().optional(),
    /** Milliseconds between two runs, as the last one announced. */
    announced: z.int().optional(),
    /** Runs that found everything as it was, of which no audit record tells yet. */
    quiet: z.object({ runs: z.int(), since: z.string() }).optional(),
    /** All scopes of the set, as it now is, are marked stale. Gone with whatever else is written of it. */
    marked: z.literal(true).optional(),
    /** For each page that has scopes of the set its number, one byte, and its digest, six bytes. */
    digests: bytes,
  }),
  key: {
    partition: (of: { source: string; set: string }) => `ledger#${of.source}`,
    sort: (of: { source: string; set: string }) => `set#${of.set}`,
  },
});
export type SetItem = ItemOf<typeof SetItem>;

export const StaleItem = defineEntity({
  type: "stale-scope",
  about: "A scope that was not reported for too long, and was told to be stale; gone once it is reported again",
  schema: z.object({
    source: z.string(),
    name: z.string(),
    /** Of the ledger. */
    page: z.int(),
    /** The set that it was in when it was marked. */
    set: z.string(),
    markedAt: z.string(),
  }),
  key: {
    partition: (of: { source: string; page: number; name: string }) => `ledger#${of.source}`,
    sort: (of: { source: string; page: number; name: string }) => `${stalePage(of.page)}${of.name}`,
  },
});
export type StaleItem = ItemOf<typeof StaleItem>;

export const STALE = "stale#";
/** What the sort keys of a page's stale scopes begin with. */
export const stalePage = (page: number): string => `${STALE}${three(page)}#`;

export const LedgerPageItem = defineEntity({
  type: "ledger-page",
  about:
    "Some of a source's scopes, by the hash of their names: what each was last, and since when; what a changed run is compared with",
  schema: z.object({
    source: z.string(),
    page: z.int(),
    /** Units follow bytes: name, digest, generation, set, first letter of the status, when it was last seen whole. */
    scopes: z.array(z.tuple([z.string(), bytes, z.int(), bytes, z.string(), z.int()])),
  }),
  key: {
    partition: (of: { source: string; page: number }) => `ledger#${of.source}`,
    sort: (of: { source: string; page: number }) => `page#${three(of.page)}`,
  },
});
export type LedgerPageItem = ItemOf<typeof LedgerPageItem>;
export type StoredPage = Stored<LedgerPageItem>;
export type StoredSet = Stored<SetItem>;

const STATUS_OF = new Map<string, ScopeStatus>(scopeStatus.options.map((status) => [status.slice(0, 1), status]));

const toBytes = (hex: string): Uint8Array => Buffer.from(hex, "hex");
const toHex = (of: Uint8Array): string => Buffer.from(of.buffer, of.byteOffset, of.byteLength).toString("hex");

/** An entry as it is packed in its page. */
export function packEntry(entry: ScopeEntry): LedgerPageItem["scopes"][number] {
  const status = entry.status?.slice(0, 1) ?? "";
  return [entry.name, toBytes(entry.digest), entry.generation, toBytes(entry.set), status, entry.completeAt];
}

/** The entries of a page. */
export function entriesOf(page: LedgerPageItem | undefined): ScopeEntry[] {
  return (page?.scopes ?? []).map(([name, digest, generation, set, status, completeAt]) => ({
    name,
    digest: toHex(digest),
    generation,
    set: toHex(set),
    status: STATUS_OF.get(status),
    completeAt,
  }));
}

/** Digests of pages, by the number of the page. */
export type PageDigests = ReadonlyMap<number, string>;

export function packDigests(digests: PageDigests): Uint8Array {
  return toBytes([...digests].map(([page, digest]) => page.toString(16).padStart(2, "0") + digest).join(""));
}

export function unpackDigests(packed: Uint8Array): Map<number, string> {
  const hex = toHex(packed);
  const each = 2 * (1 + PAGE_DIGEST_BYTES);
  return new Map(
    Array.from({ length: hex.length / each }, (_, n) => {
      const one = hex.slice(n * each, (n + 1) * each);
      return [Number.parseInt(one.slice(0, 2), 16), one.slice(2)];
    }),
  );
}
