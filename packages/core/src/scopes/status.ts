import type { ScopeState } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { fromScopeName } from "@cadastre/contract/scope";
import * as z from "zod";
import type { Context } from "../context.ts";
import { hasValues, type Listed, type ListOptions } from "../lists.ts";
import { isVisible } from "../restriction.ts";
import { BucketItem, type ScopeEntry, SourceItem, SweepItem } from "./items.ts";

/** Where a status list goes on: after this bucket's scope of this source. */
const position = z.object({ source: z.string(), after: z.string() });
type Position = z.output<typeof position>;

function fromCursor(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  try {
    return position.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch {
    throw new ProblemError("cursor.invalid");
  }
}

const toCursor = (of: Position) => Buffer.from(JSON.stringify(of)).toString("base64url");

/** When each set of a source's scopes was last reported whole. */
async function sweptAt(context: Context, source: string): Promise<Map<string, string>> {
  const swept = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = await context.table.query(SweepItem, {
      partition: `source#${source}`,
      sort: { beginsWith: "sweep#" },
      cursor,
    });
    for (const sweep of page.items) swept.set(sweep.set, sweep.at);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return swept;
}

async function entriesOf(context: Context, source: string): Promise<ScopeEntry[]> {
  const entries: ScopeEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await context.table.query(BucketItem, {
      partition: `source#${source}`,
      sort: { beginsWith: "bucket#" },
      cursor,
    });
    entries.push(...page.items.flatMap((item) => item.scopes));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const later = (a: string | undefined, b: string | undefined) => (a === undefined || (b !== undefined && b > a) ? b : a);

/** A scope as it is shown. An unchanged run writes no scope: that it saw the scope follows from the sweep of its set. */
export function toScopeState(source: string, entry: ScopeEntry, sweptAt: string | undefined, now: Date): ScopeState {
  const lastRunAt = later(entry.runAt, sweptAt) as string;
  const lastSuccessAt = entry.status === "complete" ? later(entry.successAt, sweptAt) : entry.successAt;
  return {
    source,
    ...fromScopeName(entry.name),
    status: entry.status,
    errors: entry.errors ?? [],
    resources: entry.resources,
    generation: entry.generation,
    lastRunAt,
    ...(lastSuccessAt
      ? { lastSuccessAt, ageSeconds: Math.max(0, Math.round((now.getTime() - Date.parse(lastSuccessAt)) / 1000)) }
      : {}),
    ...(entry.changeAt ? { lastChangeAt: entry.changeAt } : {}),
    missing: entry.missing,
    ...(entry.hold ? { hold: entry.hold } : {}),
  };
}

export interface ScopeFilter {
  readonly source?: string | undefined;
  readonly provider?: ScopeState["provider"] | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly kind?: ScopeState["kind"] | undefined;
  readonly status?: ScopeState["status"] | undefined;
}

/** Scopes that were ever reported and match all of the filters, by source and name. Throws 422 `cursor.invalid`. */
export async function listScopes(
  context: Context,
  { limit, cursor, source: wantedSource, ...wanted }: ListOptions & ScopeFilter,
): Promise<Listed<ScopeState>> {
  const from = fromCursor(cursor);
  const now = context.now();
  const items: ScopeState[] = [];
  let sourceCursor: string | undefined;
  do {
    const sort = wantedSource ? { from: wantedSource, to: wantedSource } : from ? { from: from.source } : undefined;
    const sources = await context.table.query(SourceItem, {
      partition: "sources",
      cursor: sourceCursor,
      ...(sort ? { sort } : {}),
    });
    for (const { source } of sources.items) {
      const entries = await entriesOf(context, source);
      const swept = await sweptAt(context, source);
      for (const entry of entries) {
        if (from && source === from.source && entry.name <= from.after) continue;
        const state = toScopeState(source, entry, swept.get(entry.set), now);
        if (!isVisible(context, state) || !hasValues(state, wanted)) continue;
        if (items.length === limit) {
          const last = items.at(-1) as ScopeState;
          const { provider, account, region, kind } = last;
          return {
            items,
            cursor: toCursor({ source: last.source, after: `${provider}/${account}/${region}/${kind}` }),
          };
        }
        items.push(state);
      }
    }
    sourceCursor = sources.cursor;
  } while (sourceCursor !== undefined);
  return { items };
}

/** When a source last reported anything at all. */
export async function lastReportAt(context: Context, source: string): Promise<string | undefined> {
  return [...(await sweptAt(context, source)).values()].sort().at(-1);
}

/** The states of the named scopes of a source, for what shows when a resource was last seen. */
export async function scopeStates(context: Context, source: string): Promise<Map<string, ScopeState>> {
  const [entries, swept] = await Promise.all([entriesOf(context, source), sweptAt(context, source)]);
  const now = context.now();
  return new Map(entries.map((entry) => [entry.name, toScopeState(source, entry, swept.get(entry.set), now)]));
}
