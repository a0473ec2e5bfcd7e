import type { ScopeState } from "@cadastre/contract/discovery";
import { fromScopeName, type ScopeKey, type ScopeStatus } from "@cadastre/contract/scope";
import * as z from "zod";
import type { Context } from "../context.ts";
import { createCursors } from "../cursor.ts";
import { readScopesOf, readSources, readSummaries, type ScopeSummary } from "../ledger/read.ts";
import { hasValues, type Listed, type ListOptions } from "../lists.ts";
import { isVisible } from "../restriction.ts";
import { ScopeItem } from "./items.ts";
import { readProblemNames, readProblems } from "./problem-scopes.ts";
import type { ScopeId } from "./shards.ts";

export interface ScopeFilter {
  readonly source?: string | undefined;
  readonly provider?: ScopeKey["provider"] | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly kind?: ScopeKey["kind"] | undefined;
  readonly status?: ScopeStatus | undefined;
  readonly stale?: boolean | undefined;
  /** Whether it is failed, partial or stale, or its losses wait for an operator. */
  readonly problems?: boolean | undefined;
}

/** A page ended after this scope, among those with a problem or among the others; the list was begun at a time (ISO). */
const position = z.object({
  at: z.iso.datetime(),
  part: z.enum(["problems", "others"]),
  after: z.object({ source: z.string(), name: z.string() }).optional(),
});
type Position = z.output<typeof position>;

interface Found {
  readonly summary: ScopeSummary;
  /** Where the list goes on behind it. */
  readonly at: Position;
}

function isWanted(
  context: Context,
  { name, status, isStale }: ScopeSummary,
  { isHeld, wanted: { source: _, ...wanted } }: { readonly isHeld: boolean; readonly wanted: ScopeFilter },
): boolean {
  const key = fromScopeName(name);
  const problems = isHeld || isStale || status === "failed" || status === "partial";
  return (
    status !== undefined && isVisible(context, key) && hasValues({ ...key, status, stale: isStale, problems }, wanted)
  );
}

const latest = (...times: (string | undefined)[]): string | undefined =>
  times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);

function toState(summary: ScopeSummary, item: ScopeItem | undefined, now: Date): ScopeState[] {
  const outcome = item?.outcome;
  const { source, name, status, completeAt, reportedAt, interval, isStale } = summary;
  if (!outcome || !status) return [];
  const isSeen = completeAt !== undefined;
  const ageSeconds = isSeen ? Math.max(0, Math.round((now.getTime() - Date.parse(completeAt)) / 1000)) : undefined;
  return [
    {
      source,
      ...fromScopeName(name),
      status,
      errors: outcome.errors,
      resources: outcome.resources,
      generation: outcome.generation,
      lastRunAt: latest(outcome.runAt, reportedAt) ?? outcome.runAt,
      ...(isSeen ? { lastSuccessAt: completeAt, ageSeconds } : {}),
      ...(outcome.changeAt ? { lastChangeAt: outcome.changeAt } : {}),
      stale: isStale,
      ...(interval === undefined ? {} : { intervalSeconds: Math.round(interval / 1000) }),
      missing: outcome.missing,
      ...(item.hold ? { hold: item.hold } : {}),
    },
  ];
}

/** Some of the scopes that have a problem, and where to go on. */
async function findProblems(
  context: Context,
  wanted: ScopeFilter,
  { at, after }: Position,
  limit: number,
): Promise<{ readonly found: readonly Found[]; readonly next: Position }> {
  const { status: _, stale: __, problems: ___, ...place } = wanted;
  const { problems, next } = await readProblems(context, { ...place, at }, { after, limit });
  const summaries = await readSummaries(context, problems);
  const found = problems.flatMap(({ source, name, isHeld }, place): Found[] => {
    const summary = summaries[place];
    const isShown = summary && isWanted(context, summary, { isHeld, wanted });
    return isShown ? [{ summary, at: { at, part: "problems", after: { source, name } } }] : [];
  });
  return { found, next: next ? { at, part: "problems", after: toId(next) } : { at, part: "others" } };
}

const toId = ({ source, name }: ScopeId): ScopeId => ({ source, name });

/** Of the scopes without a problem as many as are wanted, and one more when there is one. */
async function findOthers(
  context: Context,
  wanted: ScopeFilter,
  { at, after }: Position,
  limit: number,
): Promise<Found[]> {
  const problems = await readProblemNames(context, at);
  const found: Found[] = [];
  for await (const source of readSources(context, { source: wanted.source, from: after?.source })) {
    for (const summary of await readScopesOf(context, source)) {
      const { name } = summary;
      const isAfter = source !== after?.source || name > after.name;
      if (!isAfter || problems.has(`${source}\n${name}`) || !isWanted(context, summary, { isHeld: false, wanted }))
        continue;
      found.push({ summary, at: { at, part: "others", after: { source, name } } });
    }
    if (found.length > limit) break;
  }
  return found;
}

/**
 * Every scope that a run was ever completed for, those that are wanted: first those with a problem, by name and source, then the others by source
 * and name. What turns while the list is read may be on two of its pages, and is on one at least. Reads what is noted of problems, the ledgers'
 * pages of those, and for the others the ledger of each source; of the scopes only those of the page. A page may be short and still have a
 * cursor. Errors: `cursor.invalid`.
 */
export async function listScopes(
  context: Context,
  { limit, cursor, ...wanted }: ListOptions & ScopeFilter,
): Promise<Listed<ScopeState>> {
  const cursors = createCursors("scopes", wanted, position);
  const now = context.now();
  let from: Position = cursor === undefined ? { at: now.toISOString(), part: "problems" } : cursors.decode(cursor);
  let found: readonly Found[] = [];
  let next: Position | undefined;
  if (from.part === "problems") {
    ({ found, next } = await findProblems(context, wanted, from, limit + 1));
    from = next;
  }
  if (from.part === "others" && found.length <= limit) {
    found = [...found, ...(await findOthers(context, wanted, from, limit - found.length))];
    next = undefined;
  }
  const shown = found.slice(0, limit);
  const scopes = await context.table.getMany(
    ScopeItem,
    shown.map(({ summary }) => summary),
  );
  const items = shown.flatMap(({ summary }, place) => toState(summary, scopes[place], now));
  const end = found.length > limit ? shown.at(-1)?.at : next;
  return { items, ...(end ? { cursor: cursors.encode(end) } : {}) };
}
