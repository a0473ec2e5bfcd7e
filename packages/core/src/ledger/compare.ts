import type { Context } from "../context.ts";
import { BLANK, byPage, LEDGER_PAGES, type NamedDigest, pageDigest, type ScopeEntry, setOf } from "./entry.ts";
import { entriesOf, type PageDigests, type StoredPage, type StoredSet, unpackDigests } from "./items.ts";
import { readPages, readSets } from "./read.ts";

/** The scopes of a run beside what the ledger knows of them: the run's set, and the pages in which the two differ. */
export interface Compared {
  readonly set: string;
  readonly sets: ReadonlyMap<string, StoredSet | undefined>;
  readonly pages: ReadonlyMap<number, StoredPage | undefined>;
  readonly entries: ReadonlyMap<string, ScopeEntry>;
}

export interface Opening<Scope> {
  /** Scopes of which the run says something new, or of which nothing is known for certain. */
  readonly changed: readonly Scope[];
  /** Scopes that are as they were, last reported together with others. */
  readonly moved: readonly Scope[];
}

/** The pages in which the digests of a set differ from those of a run over the same names. */
export function differingPages(scopes: readonly NamedDigest[], known: PageDigests): number[] {
  const now = byPage(scopes);
  const numbers = Array.from({ length: LEDGER_PAGES }, (_, page) => page);
  return numbers.filter((page) => pageDigest(now.get(page) ?? []) !== known.get(page));
}

/**
 * Reads what the ledger knows of a run's scopes, strongly: the run's set, and the pages that differ from it. An unchanged run
 * reads one item, whatever the number of its scopes.
 */
export async function readCompared(
  context: Context,
  source: string,
  scopes: readonly NamedDigest[],
): Promise<Compared> {
  const set = setOf(scopes.map(({ name }) => name));
  const stored = (await readSets(context, source, [set], { consistent: true })).get(set);
  const differing = differingPages(scopes, stored ? unpackDigests(stored.digests) : new Map());
  const pages = await readPages(context, source, differing, { consistent: true });
  const entries = [...pages.values()].flatMap(entriesOf);
  return {
    set,
    sets: new Map([[set, stored]]),
    pages,
    entries: new Map(entries.map((entry) => [entry.name, entry])),
  };
}

/** Which scopes of a run to open. Those of pages that do not differ are as they were. */
export function decideOpening<Scope extends NamedDigest>(
  scopes: readonly Scope[],
  { set, pages, entries }: Pick<Compared, "set" | "pages" | "entries">,
): Opening<Scope> {
  const members = byPage(scopes);
  const compared = [...pages.keys()].flatMap((page) => members.get(page) ?? []);
  const entryOf = (scope: Scope) => entries.get(scope.name);
  const isChanged = (scope: Scope) => (entryOf(scope)?.digest ?? BLANK) !== scope.digest;
  return {
    changed: compared.filter(isChanged),
    moved: compared.filter((scope) => !isChanged(scope) && entryOf(scope)?.set !== set),
  };
}
