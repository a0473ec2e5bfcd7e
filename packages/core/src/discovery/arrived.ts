import { ProblemError } from "@cadastre/contract/errors";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { inGroups, inParallel } from "../in-parallel.ts";
import { type Lease, ScopeItem } from "./items.ts";
import { readManifests, readStates, retiredBy, stateOf } from "./manifests.ts";
import type { ShardState } from "./shards.ts";

/** Scopes that are read together, and such groups at a time. */
const GROUP_SCOPES = 100;
const GROUPS_AT_ONCE = 4;

/** A scope that a run has open, and what its uploads came to, by its manifests. */
export interface Arrived {
  readonly scope: Stored<ScopeItem> & { readonly lease: Lease };
  readonly states: Map<number, ShardState>;
  readonly missingShards: number[];
  created: number;
  updated: number;
  /** What the run has retired already, before it was interrupted. */
  retired: number;
}

/** A run's scopes when it is to be completed. Those that a newer run has opened are in neither. */
export interface ArrivedScopes {
  readonly open: readonly Arrived[];
  /** Completed by this very run before it was interrupted. */
  readonly completed: readonly Stored<ScopeItem>[];
}

/** Reads a run's scopes, strongly, with the manifests of all shards that their leases name. */
export async function readArrived(
  context: Context,
  { source, run }: { readonly source: string; readonly run: string },
  names: readonly string[],
): Promise<ArrivedScopes> {
  const groups = await inParallel(inGroups(names, GROUP_SCOPES), GROUPS_AT_ONCE, async (group) => {
    const keys = group.map((name) => ({ source, name }));
    const stored = await context.table.getMany(ScopeItem, keys, { consistent: true });
    const scopes = stored.filter((scope) => scope !== undefined);
    const leased = scopes.flatMap((scope) => (scope.lease?.run === run ? [{ ...scope, lease: scope.lease }] : []));
    const states = await readStates(context, leased);
    const open = new Map(
      leased.map((scope, place): [Stored<ScopeItem>, Arrived] => {
        return [
          scope,
          { scope, states: states[place] ?? new Map(), missingShards: [], created: 0, updated: 0, retired: 0 },
        ];
      }),
    );
    await readManifests(context, leased, ({ scope, shard, announced, manifest }) => {
      const arrived = open.get(scope);
      const state = stateOf(manifest);
      if (!arrived) return;
      arrived.states.set(shard, state);
      if (state.digest !== announced) arrived.missingShards.push(shard);
      arrived.retired += retiredBy(arrived.scope.lease.generation, manifest);
      if (manifest?.run !== run) return;
      arrived.created += manifest.created;
      arrived.updated += manifest.updated;
    });
    const completed = scopes.filter((scope) => scope.lease?.run !== run && scope.outcome?.run === run);
    return { open: [...open.values()], completed };
  });
  return { open: groups.flatMap(({ open }) => open), completed: groups.flatMap(({ completed }) => completed) };
}

/** Throws `discovery.shards_missing` with every scope and shard that has not arrived. */
export function requireArrived(scopes: readonly Arrived[]): void {
  const missing = scopes
    .filter(({ missingShards }) => missingShards.length > 0)
    .map(({ scope, missingShards }) => ({ scope: scope.name, shards: missingShards.toSorted((a, b) => a - b) }));
  if (missing.length === 0) return;
  const total = missing.reduce((sum, { shards }) => sum + shards.length, 0);
  throw new ProblemError("discovery.shards_missing", `${total} shards of ${missing.length} scopes have not arrived`, {
    extra: { missing },
  });
}
