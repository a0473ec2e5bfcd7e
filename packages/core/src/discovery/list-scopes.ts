import type { ScopeState } from "@cadastre/contract/discovery";
import { fromScopeName, type ScopeKey, type ScopeStatus } from "@cadastre/contract/scope";
import * as z from "zod";
import type { Context } from "../context.ts";
import { createCursors } from "../cursor.ts";
import { readScopesOf, readSources, type ScopeSummary } from "../ledger/read.ts";
import { hasValues, type Listed, type ListOptions } from "../lists.ts";
import { isVisible } from "../restriction.ts";
import { ScopeItem } from "./items.ts";

export interface ScopeFilter {
  readonly source?: string | undefined;
  readonly provider?: ScopeKey["provider"] | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly kind?: ScopeKey["kind"] | undefined;
  readonly status?: ScopeStatus | undefined;
  readonly stale?: boolean | undefined;
}

/** A page ended after this scope of this source. */
const position = z.object({ source: z.string(), name: z.string() });

function isWanted(
  context: Context,
  { name, status, isStale }: ScopeSummary,
  { source: _, ...wanted }: ScopeFilter,
): boolean {
  const key = fromScopeName(name);
  return status !== undefined && isVisible(context, key) && hasValues({ ...key, status, stale: isStale }, wanted);
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

/**
 * Every scope that a run was ever completed for, by source and name, those that are wanted. Reads the ledger of each source,
 * and of the scopes only those of the page. Errors: `cursor.invalid`.
 */
export async function listScopes(
  context: Context,
  { limit, cursor, ...wanted }: ListOptions & ScopeFilter,
): Promise<Listed<ScopeState>> {
  const cursors = createCursors("scopes", wanted, position);
  const after = cursor === undefined ? undefined : cursors.decode(cursor);
  const found: ScopeSummary[] = [];
  for await (const source of readSources(context, { source: wanted.source, from: after?.source })) {
    const isAfter = ({ name }: ScopeSummary) => source !== after?.source || name > after.name;
    const summaries = await readScopesOf(context, source);
    found.push(...summaries.filter((summary) => isAfter(summary) && isWanted(context, summary, wanted)));
    if (found.length > limit) break;
  }
  const shown = found.slice(0, limit);
  const scopes = await context.table.getMany(ScopeItem, shown);
  const now = context.now();
  const items = shown.flatMap((summary, place) => toState(summary, scopes[place], now));
  const last = found.length > limit ? shown.at(-1) : undefined;
  return { items, ...(last ? { cursor: cursors.encode({ source: last.source, name: last.name }) } : {}) };
}
