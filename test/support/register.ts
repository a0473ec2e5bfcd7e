import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import type { Context } from "@cadastre/core/context";
import { listScopes } from "@cadastre/core/discovery/list-scopes";
import { resourceEntries } from "@cadastre/core/register/entries";
import { listHistory } from "@cadastre/core/register/history";
import { ResourceItem } from "@cadastre/core/register/items";
import { findResources } from "@cadastre/core/register/search";
import { IndexItem } from "@cadastre/core/subjects/items";
import { partitions, subjectOf } from "@cadastre/core/subjects/keys";
import { parseSearch } from "@cadastre/core/subjects/parse-search";

/** Natural ids that a search finds, all pages of it, sorted. */
export async function found(context: Context, q: string, limit = 500): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await findResources(context, parseSearch(q, context.now()), { limit, cursor });
    ids.push(...page.items.map((item) => item.id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids.sort();
}

export async function scopesByName(context: Context) {
  const { items } = await listScopes(context, { limit: 10_000 });
  return new Map(items.map((scope) => [`${scope.provider}/${scope.account}/${scope.region}/${scope.kind}`, scope]));
}

export async function historyTypes(context: Context, id: string): Promise<string[]> {
  const { items } = await listHistory(context, id, { limit: 100 });
  return items.map((event) => event.type).reverse();
}

interface ResourceSnapshot {
  readonly status: "active" | "retired";
  readonly hash: string;
  readonly name: string;
  readonly claims: readonly string[];
  readonly events: readonly string[];
  readonly indexed: boolean;
}

/**
 * What the register says, without when it was said: every resource that the kind index knows, its number of events, and whether the index
 * has exactly what it should for it. Two registers that answer alike have the same snapshot.
 */
export async function snapshot(context: Context) {
  const all: Record<string, ResourceSnapshot> = {};
  for (const status of ["active", "retired"] as const) {
    for (const kind of KIND_NAMES) {
      let cursor: string | undefined;
      do {
        const page = await context.table.query(IndexItem, { partition: partitions.list(status, kind), cursor });
        for (const entry of page.items) {
          const resource = await context.table.get(ResourceItem, { idHash: subjectOf(entry).key });
          if (!resource || resource.status !== status) continue;
          const present = await context.table.getMany(IndexItem, resourceEntries(resource));
          all[resource.id] = {
            status,
            hash: resource.contentHash,
            name: resource.name,
            claims: resource.claims.map((claim) => `${claim.source}:${claim.scope}`).sort(),
            events: await historyTypes(context, resource.id),
            indexed: present.every((item) => item !== undefined),
          };
        }
        cursor = page.cursor;
      } while (cursor !== undefined);
    }
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the register says is there now, without how it came to be. Two registers that were shown the same at last say the same. */
export async function present(context: Context) {
  const active = Object.entries(await snapshot(context)).filter(([, { status }]) => status === "active");
  return Object.fromEntries(active.map(([id, { events: _, ...resource }]) => [id, resource]));
}
