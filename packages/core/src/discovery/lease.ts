import type { OpenScope, ScopeVerdict } from "@cadastre/contract/discovery";
import { create, replace, type Stored, type Write } from "@cadastre/store/table";
import { type Lease, ScopeItem } from "./items.ts";
import { NEVER_UPLOADED, type ShardStates } from "./shards.ts";

/** A scope as a run that opens reports it. */
export type Incoming = OpenScope & { readonly name: string };

/** What a run's shards are compared with: the scope as it is stored, if it ever changed before, and its shards. */
export interface Known {
  readonly scope: Stored<ScopeItem> | undefined;
  readonly states: ShardStates;
}

export const NOT_KNOWN: Known = { scope: undefined, states: new Map() };

/** The run that opens, with the generation that it has or gets on a scope. */
export interface Opener {
  readonly source: string;
  readonly run: string;
}

/** The generation of a run on a scope: a new one, unless it has the scope open already. */
function generationOf({ run }: Opener, scope: ScopeItem | undefined): number {
  return scope?.lease?.run === run ? scope.lease.generation : (scope?.generation ?? 0) + 1;
}

/** The shards whose digest is not the known one. */
export function decideWanted(shards: readonly string[], states: ShardStates): number[] {
  return shards.flatMap((digest, shard) => ((states.get(shard) ?? NEVER_UPLOADED).digest === digest ? [] : [shard]));
}

/**
 * The lease of a run on a scope: the shards that it sends, and those that an uncompleted run before it may have written, which
 * only this run's completion will make known.
 */
export function toLease(opener: Opener, incoming: Incoming, { scope, states }: Known): Lease {
  const wanted = new Set([...decideWanted(incoming.shards, states), ...(scope?.lease?.wanted ?? [])]);
  const shards = [...wanted].sort((a, b) => a - b);
  const digest = (shard: number) => incoming.shards[shard] ?? (states.get(shard) ?? NEVER_UPLOADED).digest;
  return {
    run: opener.run,
    generation: generationOf(opener, scope),
    status: incoming.status,
    errors: incoming.errors,
    resources: incoming.resources,
    digest: incoming.digest,
    wanted: shards,
    digests: Buffer.from(shards.map(digest).join(""), "hex"),
  };
}

export interface Opened {
  readonly verdict: ScopeVerdict;
  readonly generation: number;
  readonly write: Write;
}

/** What a run that opens a scope is told, and the scope with the run's lease. The scope is cut as the run has cut it. */
export function decideLease(opener: Opener, incoming: Incoming, known: Known, shardCount: number): Opened {
  const { scope, states } = known;
  const want = decideWanted(incoming.shards, states);
  const lease = toLease(opener, incoming, known);
  const { generation } = lease;
  const verdict: ScopeVerdict = want.length > 0 ? { verdict: "upload", want } : { verdict: "recorded" };
  if (!scope) {
    const item: ScopeItem = { source: opener.source, name: incoming.name, shardCount, generation, lease };
    return { verdict, generation, write: create(ScopeItem, item) };
  }
  const { version, ...item } = scope;
  return { verdict, generation, write: replace(ScopeItem, { ...item, shardCount, generation, lease }, version) };
}
