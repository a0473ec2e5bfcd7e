import { fromScopeName, type ScopeStatus } from "@cadastre/contract/scope";
import type { Context } from "../context.ts";
import { isVisible } from "../restriction.ts";
import { completeAtOf, pageOf, type ScopeEntry } from "./entry.ts";
import { entriesOf, LedgerPageItem, SetItem, SourceItem, type StoredPage, type StoredSet } from "./items.ts";
import { decideStale, type Reported } from "./stale.ts";

interface Consistency {
  readonly consistent: boolean;
}

/** From so many pages on, all of a source's are read by one query, which pays for their bytes and not for each of them. */
const MOST_SINGLE_PAGES = 32;

/** The pages of these numbers; undefined where there is none. */
export async function readPages(
  { table }: Context,
  source: string,
  numbers: readonly number[],
  { consistent }: Consistency,
): Promise<Map<number, StoredPage | undefined>> {
  if (numbers.length < MOST_SINGLE_PAGES) {
    const keys = numbers.map((page) => ({ source, page }));
    const items = await table.getMany(LedgerPageItem, keys, { consistent });
    return new Map(numbers.map((page, place) => [page, items[place]]));
  }
  const all = new Map((await readAllPages({ table }, source, { consistent })).map((item) => [item.page, item]));
  return new Map(numbers.map((page) => [page, all.get(page)]));
}

async function readAllPages(
  { table }: Pick<Context, "table">,
  source: string,
  { consistent }: Consistency,
): Promise<StoredPage[]> {
  const pages: StoredPage[] = [];
  let cursor: string | undefined;
  do {
    const query = { partition: `ledger#${source}`, sort: { beginsWith: "page#" }, cursor, consistent };
    const page = await table.query(LedgerPageItem, query);
    pages.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
}

/** The sets of these names that there are. */
export async function readSets(
  { table }: Context,
  source: string,
  sets: readonly string[],
  { consistent }: Consistency,
): Promise<Map<string, StoredSet>> {
  const keys = sets.map((set) => ({ source, set }));
  const items = await table.getMany(SetItem, keys, { consistent });
  return new Map(items.flatMap((item) => (item ? [[item.set, item] as const] : [])));
}

/** All sets of a source, by their names. */
export async function readAllSets({ table }: Context, source: string): Promise<Map<string, StoredSet>> {
  const sets = new Map<string, StoredSet>();
  let cursor: string | undefined;
  do {
    const query = { partition: `ledger#${source}`, sort: { beginsWith: "set#" }, cursor };
    const page = await table.query(SetItem, query);
    for (const item of page.items) sets.set(item.set, item);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return sets;
}

/** When a source last reported anything at all, as an ISO time. Costs the bytes of its sets: half a unit for a few. */
export async function lastReportAt(context: Context, source: string): Promise<string | undefined> {
  const sets = await readAllSets(context, source);
  return toIso(Math.max(0, ...[...sets.values()].map(({ at }) => at)));
}

const toIso = (time: number): string | undefined => (time === 0 ? undefined : new Date(time).toISOString());

/** All sources, or the one that is asked for, by name, from the given one on. */
export async function* readSources(
  { table }: Context,
  { source, from }: { source?: string | undefined; from?: string | undefined } = {},
): AsyncGenerator<string> {
  if (source !== undefined) {
    if (await table.get(SourceItem, { source })) yield source;
    return;
  }
  let cursor: string | undefined;
  do {
    const query = { partition: "sources", ...(from === undefined ? {} : { sort: { from } }), cursor };
    const page = await table.query(SourceItem, query);
    for (const item of page.items) yield item.source;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** What is known of a scope without reading the scope itself. */
export interface ScopeSummary {
  readonly source: string;
  /** `provider/account/region/kind`. */
  readonly name: string;
  /** What the last settled run said; absent when none ever was. */
  readonly status: ScopeStatus | undefined;
  /** Whether a run may be at work on it: its digest is not known. */
  readonly isOpen: boolean;
  /** ISO time of the last run that saw it whole. */
  readonly completeAt: string | undefined;
  /** ISO time of the last run over the scopes that it is reported with. A run that changed it is in the scope itself. */
  readonly reportedAt: string | undefined;
  /** Milliseconds between two reports: as announced with the last one, else as learnt; undefined until that is known. */
  readonly interval: number | undefined;
  /** Whether nothing was heard of it for so long that what is known should not be relied on. */
  readonly isStale: boolean;
}

/**
 * All scopes of a source, by name. Costs the bytes of its ledger: about 100 for each scope, twice when read strongly, as by who
 * must not overlook one. How old they are is never read so.
 */
export async function readScopesOf(
  context: Context,
  source: string,
  { consistent }: Consistency = { consistent: false },
): Promise<ScopeSummary[]> {
  const [pages, sets] = await Promise.all([
    readAllPages(context, source, { consistent }),
    readAllSets(context, source),
  ]);
  const entries = pages.flatMap(entriesOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  const now = context.now().getTime();
  return entries.map((entry) => toSummary(source, entry, sets.get(entry.set), now));
}

/** When an entry was last reported, and how often its set is, or is to be. */
export function toReported(entry: ScopeEntry, set: SetItem | undefined): Reported {
  const { at = 0, interval, announced } = set ?? {};
  return { at: Math.max(completeAtOf(entry, set?.at), at), interval, announced };
}

function toSummary(source: string, entry: ScopeEntry, set: SetItem | undefined, now: number): ScopeSummary {
  return {
    source,
    name: entry.name,
    status: entry.status,
    isOpen: entry.digest === "",
    completeAt: toIso(completeAtOf(entry, set?.at)),
    reportedAt: toIso(set?.at ?? 0),
    interval: set?.announced ?? set?.interval,
    isStale: decideStale(toReported(entry, set), now),
  };
}

/**
 * The state of every scope that the caller may know of, or of those of one source, by source and name: what a list needs to say on how many of its scopes
 * it can rely. Costs half a unit for some 40 scopes.
 */
export async function readScopeStates(
  context: Context,
  options: { source?: string | undefined } = {},
): Promise<ScopeSummary[]> {
  const all: ScopeSummary[] = [];
  for await (const source of readSources(context, options)) all.push(...(await readScopesOf(context, source)));
  return all.filter(({ name }) => isVisible(context, fromScopeName(name)));
}

/** Some scopes, by their sources and names, at the same places; undefined for those that no ledger has. Reads a page of the ledger for each, each page once. */
export async function readSummaries(
  context: Context,
  scopes: readonly { readonly source: string; readonly name: string }[],
): Promise<(ScopeSummary | undefined)[]> {
  const now = context.now().getTime();
  const bySource = [...Map.groupBy(scopes, ({ source }) => source)];
  const read = bySource.map(async ([source, of]) => {
    const numbers = [...new Set(of.map(({ name }) => pageOf(name)))];
    const pages = await readPages(context, source, numbers, { consistent: false });
    const names = new Set(of.map(({ name }) => name));
    const entries = [...pages.values()].flatMap(entriesOf).filter(({ name }) => names.has(name));
    const sets = await readSets(context, source, [...new Set(entries.map(({ set }) => set))], { consistent: false });
    return entries.map((entry) => toSummary(source, entry, sets.get(entry.set), now));
  });
  const nameOf = ({ source, name }: { readonly source: string; readonly name: string }) => `${source}\n${name}`;
  const known = new Map((await Promise.all(read)).flat().map((one) => [nameOf(one), one]));
  return scopes.map((scope) => known.get(nameOf(scope)));
}

/** A scope of a source, such as one that has a resource. */
interface SourceScope {
  readonly source: string;
  readonly scope: string;
}

/**
 * When each of the scopes was last seen whole, as an ISO time. Reads a page of the ledger for each scope, each page once, and
 * the sets that they are in: one to two units for a scope, however many its source has.
 */
export async function readCompleteTimes(
  context: Context,
  scopes: readonly SourceScope[],
): Promise<(of: SourceScope) => string | undefined> {
  const bySource = Map.groupBy(scopes, ({ source }) => source);
  const times = new Map<string, string | undefined>();
  const nameOf = ({ source, scope }: SourceScope) => `${source}\n${scope}`;
  const read = async (source: string, of: readonly SourceScope[]) => {
    const names = new Set(of.map(({ scope }) => scope));
    const pages = await readPages(context, source, [...new Set([...names].map(pageOf))], { consistent: false });
    const entries = [...pages.values()].flatMap(entriesOf).filter(({ name }) => names.has(name));
    const sets = await readSets(context, source, [...new Set(entries.map(({ set }) => set))], { consistent: false });
    for (const entry of entries) {
      const at = completeAtOf(entry, sets.get(entry.set)?.at);
      times.set(nameOf({ source, scope: entry.name }), toIso(at));
    }
  };
  await Promise.all([...bySource].map(([source, of]) => read(source, of)));
  return (of) => times.get(nameOf(of));
}
