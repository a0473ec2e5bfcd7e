import { hash } from "node:crypto";
import type { ScopeStatus } from "@cadastre/contract/scope";

/** A source's scopes are spread over so many pages, by the hash of their names. */
export const LEDGER_PAGES = 256;

/** The digest of a scope that is to be compared anew, whatever a run says of it. */
export const BLANK = "";

/** What a source's ledger knows of one scope. */
export interface ScopeEntry {
  readonly name: string;
  /** Of what the register holds of it, or BLANK from the moment that a run may write to it until that run is settled. */
  readonly digest: string;
  /** Of the newest run that opened it. */
  readonly generation: number;
  /** The scopes that it is reported together with. */
  readonly set: string;
  /** What the last settled run said; absent before the first. */
  readonly status: ScopeStatus | undefined;
  /** When it was last seen whole, in epoch milliseconds; 0 for never. Unchanged runs note it once, for their whole set. */
  readonly completeAt: number;
}

/** A scope as a run reports it. */
export interface NamedDigest {
  readonly name: string;
  readonly digest: string;
}

/** What an edit answers for an entry that goes. */
export const GONE = "gone";

/**
 * What becomes of a scope's entry, which may not be there yet; nothing when it stays as it is. `setAt` is when the set that the
 * entry is in was last reported, in epoch milliseconds.
 */
export type Edit = (entry: ScopeEntry | undefined, setAt: number | undefined) => ScopeEntry | typeof GONE | undefined;

export function pageOf(name: string): number {
  return Number.parseInt(hash("sha256", name).slice(0, 2), 16);
}

/** Names the scopes that are reported together, whatever their state: 16 hexadecimal digits. */
export function setOf(names: readonly string[]): string {
  return hash("sha256", [...names].sort().join("\n")).slice(0, 16);
}

/** They tell change from no change within one page of one set: 48 bits. */
export const PAGE_DIGEST_BYTES = 6;

/** Digest of the scopes of one set that are in one page, as 12 hexadecimal digits; none of no scope. */
export function pageDigest(scopes: readonly NamedDigest[]): string | undefined {
  if (scopes.length === 0) return undefined;
  const lines = scopes.map(({ name, digest }) => `${name} ${digest}`).sort();
  return hash("sha256", lines.join("\n")).slice(0, 2 * PAGE_DIGEST_BYTES);
}

/** Scopes by their pages. */
export function byPage<Scope extends { readonly name: string }>(scopes: readonly Scope[]): Map<number, Scope[]> {
  return Map.groupBy(scopes, ({ name }) => pageOf(name));
}

/** When a scope was last seen whole, with what the runs over its set say of it. `setAt` is the time of the last of them. */
export function completeAtOf(entry: ScopeEntry, setAt: number | undefined): number {
  const isSeen = entry.status === "complete" && entry.digest !== BLANK;
  return isSeen ? Math.max(entry.completeAt, setAt ?? 0) : entry.completeAt;
}

/**
 * A scope that a run is about to write to: compared anew until a run of this generation is settled. What is known of when it
 * was seen whole is kept; its set's time no longer counts for it.
 */
export function blankEntry(scope: { readonly name: string; readonly set: string; readonly generation: number }): Edit {
  return (entry, setAt) => {
    if (!entry) return { ...scope, digest: BLANK, status: undefined, completeAt: 0 };
    const generation = Math.max(entry.generation, scope.generation);
    return { ...entry, digest: BLANK, generation, completeAt: completeAtOf(entry, setAt) };
  };
}

/** A scope that is as it was, now reported in another set. */
export function moveEntry(digest: string, set: string): Edit {
  return (entry, setAt) =>
    entry?.digest === digest ? { ...entry, set, completeAt: completeAtOf(entry, setAt) } : undefined;
}

/** A run whose observation of a scope is now the register's. */
export interface SettledScope {
  readonly digest: string;
  readonly generation: number;
  readonly set: string;
  readonly status: ScopeStatus;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The scope's entry once a run is its state. When a newer run has opened the scope meanwhile, this one changes nothing. */
export function settleEntry({ digest, generation, set, status, at }: SettledScope): Edit {
  return (entry) => {
    if (entry?.generation !== generation) return undefined;
    return { ...entry, digest, set, status, completeAt: status === "complete" ? at : entry.completeAt };
  };
}
