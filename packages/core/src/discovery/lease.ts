import type { OpenScope, ScopeVerdict } from "@cadastre/contract/discovery";
import { create, replace, type Stored, type Write } from "@cadastre/store/table";
import { BLANK } from "../ledger/entry.ts";
import { type Lease, ScopeItem } from "./items.ts";
import { announcedDigest } from "./manifests.ts";
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
  /** When the run began to look, by the clock of the API: epoch milliseconds. */
  readonly lookedAt: number;
  /** When the latest look began that found a scope as it was known, which is noted for its set alone; 0 for never. */
  readonly confirmedAt: (scope: string) => number;
  /** The generation that the ledger knows of a scope, or that of those which were forgotten where it knows of none. */
  readonly knownGeneration: (scope: string) => number;
}

/**
 * The generation of a run on a scope: a new one, unless it has the scope open already. A scope that was forgotten and is reported again
 * goes on after what it was, so that no run from before is taken for one of its own.
 */
function generationOf({ run, knownGeneration }: Opener, name: string, scope: ScopeItem | undefined): number {
  return scope?.lease?.run === run
    ? scope.lease.generation
    : Math.max(scope?.generation ?? 0, knownGeneration(name)) + 1;
}

/** Signatures have whole seconds, and a request takes a moment: looks that began closer together are in no order. */
const PRECISION_MILLISECONDS = 2000;

/**
 * Whether a run looked before another one did that has been here: what that one saw is not gone because this one had not seen it
 * yet. Asked once, when the run first opens the scope.
 */
function isOlder({ run, lookedAt, confirmedAt }: Opener, name: string, scope: ScopeItem | undefined): boolean {
  if (scope?.lease?.run === run) return scope.lease.isOlder === true;
  if (scope?.lease === undefined && scope?.outcome?.run === run) return scope.outcome.digest === BLANK;
  return lookedAt + PRECISION_MILLISECONDS < Math.max(scope?.lookedAt ?? 0, confirmedAt(name));
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
    generation: generationOf(opener, incoming.name, scope),
    status: incoming.status,
    errors: incoming.errors,
    resources: incoming.resources,
    digest: incoming.digest,
    wanted: shards,
    digests: Buffer.from(shards.map(digest).join(""), "hex"),
    ...(isOlder(opener, incoming.name, scope) ? { isOlder: true as const } : {}),
  };
}

/** The lease with further shards, as they are known: what it names is asked for what became of it when the run is completed. */
export function withShards(lease: Lease, shards: readonly number[], states: ShardStates): Lease {
  const digests = new Map(lease.wanted.map((shard, place) => [shard, announcedDigest(lease, place)]));
  for (const shard of shards) if (!digests.has(shard)) digests.set(shard, (states.get(shard) ?? NEVER_UPLOADED).digest);
  const named = [...digests].sort(([a], [b]) => a - b);
  return {
    ...lease,
    wanted: named.map(([shard]) => shard),
    digests: Buffer.from(named.map(([, digest]) => digest).join(""), "hex"),
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
  const lookedAt = Math.max(scope?.lookedAt ?? 0, opener.lookedAt);
  if (!scope) {
    const item: ScopeItem = { source: opener.source, name: incoming.name, shardCount, generation, lookedAt, lease };
    return { verdict, generation, write: create(ScopeItem, item) };
  }
  const { version, ...item } = scope;
  return {
    verdict,
    generation,
    write: replace(ScopeItem, { ...item, shardCount, generation, lookedAt, lease }, version),
  };
}
