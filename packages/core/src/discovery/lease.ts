import { HASH_BYTES, MOST_SHARDS } from "@cadastre/contract/digest";
import type { OpenScope, ScopeVerdict } from "@cadastre/contract/discovery";
import { ConflictError } from "@cadastre/store/errors";
import { create, replace, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { type Lease, ManifestItem, PageItem, ScopeItem } from "./items.ts";
import {
  dropCut,
  EMPTY_DIGEST,
  NEVER_UPLOADED,
  recut,
  type ScopeId,
  type ShardState,
  type ShardStates,
  toStates,
} from "./shards.ts";

export type Incoming = OpenScope & { readonly name: string };

type StoredScope = ScopeItem & { readonly version: number };

/** What a run's shards are compared with: the scope as it is stored, if it ever changed before. */
interface Known {
  readonly scope: StoredScope | undefined;
  readonly states: ShardStates;
}

export type Cut = { readonly shardCount: number } & (
  | { readonly act: "compare" }
  | { readonly act: "recut" }
  | { readonly act: "reshard" }
);

/**
 * How a scope is cut from now on. It grows at once; it shrinks only to a quarter and only when all of it was seen, so that a
 * scope that swings about a threshold is not cut back and forth: until then the collector is asked to cut it as it is stored.
 */
export function decideCut(stored: number | undefined, incoming: Pick<OpenScope, "status" | "shards">): Cut {
  const count = incoming.shards.length;
  if (count === 0) return { act: "compare", shardCount: stored ?? 1 };
  if (stored === undefined || stored === count) return { act: "compare", shardCount: count };
  if (count > stored || (incoming.status === "complete" && count * 4 <= stored))
    return { act: "recut", shardCount: count };
  return { act: "reshard", shardCount: stored };
}

/** With so many resources that are known but no longer seen, and those that are, a manifest is at half of what an item holds. */
const MOST_MISSING = 4000;

/**
 * A scope that is never complete, or held, keeps all that it ever had: its shards grow with what is missing from them. It is
 * cut finer before they do not fit in an item, and not cut coarser until what is missing is gone.
 */
function decideRoom(cut: Cut, incoming: Incoming, { scope, states }: Known): Cut {
  const stored = scope?.shardCount;
  if (stored === undefined || incoming.shards.length === 0 || cut.act === "reshard") return cut;
  const most = Math.max(0, ...[...states.values()].map((state) => state.missing));
  const shrinks = cut.shardCount < stored;
  if (shrinks) return most * (stored / cut.shardCount) > MOST_MISSING ? { act: "reshard", shardCount: stored } : cut;
  const crowded = most > MOST_MISSING && cut.shardCount === stored && stored < MOST_SHARDS;
  return crowded ? { act: "reshard", shardCount: stored * 2 } : cut;
}

/** The shards whose digest is not the known one. */
export function decideWanted(shards: readonly string[], states: ShardStates): number[] {
  return shards.flatMap((digest, shard) => ((states.get(shard) ?? NEVER_UPLOADED).digest === digest ? [] : [shard]));
}

/**
 * The lease of a run on a scope: the shards that it sends, and those that an uncompleted run before it may have written, which
 * only this run's completion will make known.
 */
function toLease(run: string, generation: number, incoming: Incoming, wanted: readonly number[], known: Known): Lease {
  const shards = [...new Set([...wanted, ...(known.scope?.lease?.wanted ?? [])])].sort((a, b) => a - b);
  const digest = (shard: number) => incoming.shards[shard] ?? (known.states.get(shard) ?? NEVER_UPLOADED).digest;
  return {
    run,
    generation,
    status: incoming.status,
    errors: incoming.errors,
    resources: incoming.resources,
    digest: incoming.digest,
    wanted: shards,
    digests: Buffer.from(shards.map(digest).join(""), "hex"),
  };
}

async function readKnown(context: Context, source: string, name: string): Promise<Known> {
  const [scope, pages] = await Promise.all([
    context.table.get(ScopeItem, { source, name }, { consistent: true }),
    readPages(context, source, name),
  ]);
  if (!scope) return { scope, states: new Map() };
  const states = toStates(pages, scope.shardCount);
  if (scope.lease) await readAhead(context, scope, scope.lease, states);
  return { scope, states };
}

/** A run that was never completed may have written manifests that the pages do not know of. */
async function readAhead(
  context: Context,
  scope: ScopeItem,
  lease: Lease,
  states: Map<number, ShardState>,
): Promise<void> {
  await readManifests(context, scope, lease, (manifest, shard) => {
    states.set(shard, {
      digest: manifest?.digest ?? EMPTY_DIGEST,
      missing: (manifest?.missing.byteLength ?? 0) / HASH_BYTES,
    });
  });
}

const AT_ONCE_MANIFESTS = 64;

/** Reads the manifests of a lease's shards, some at a time; `take` gets each with the digest that the lease announced. */
export async function readManifests(
  context: Context,
  scope: ScopeItem,
  lease: Lease,
  take: (manifest: ManifestItem | undefined, shard: number, digest: string) => void,
  options: { consistent: boolean } = { consistent: true },
): Promise<void> {
  for (let at = 0; at < lease.wanted.length; at += AT_ONCE_MANIFESTS) {
    const shards = lease.wanted.slice(at, at + AT_ONCE_MANIFESTS);
    const keys = shards.map((shard) => ({
      source: scope.source,
      name: scope.name,
      shardCount: scope.shardCount,
      shard,
    }));
    const manifests = await context.table.getMany(ManifestItem, keys, options);
    for (const [index, shard] of shards.entries()) take(manifests[index], shard, digestAt(lease, at + index));
  }
}

/** The announced digest of the shard at this place of the lease's list. */
export function digestAt(lease: Lease, at: number): string {
  return Buffer.from(lease.digests)
    .subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
    .toString("hex");
}

export async function readPages(context: Context, source: string, name: string): Promise<PageItem[]> {
  const pages: PageItem[] = [];
  let cursor: string | undefined;
  do {
    const page = await context.table.query(PageItem, {
      partition: ScopeItem.keyOf({ source, name }).pk,
      sort: { beginsWith: "page#" },
      cursor,
      consistent: true,
    });
    pages.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
}

export interface OpenedScopes {
  readonly verdicts: ReadonlyMap<string, ScopeVerdict>;
  /** Not empty: nothing is opened; the collector must cut these scopes otherwise first. */
  readonly resharded: ReadonlyMap<string, ScopeVerdict>;
  readonly writes: readonly Write[];
  /** What the last completed run made of each scope, if one did: it may not be settled yet. */
  readonly outcomes: ReadonlyMap<string, NonNullable<ScopeItem["outcome"]>>;
}

const AT_ONCE = 16;

/** Reads the changed scopes and prepares their leases. Writes nothing itself, unless a scope must be cut anew. */
export async function openScopes(
  context: Context,
  source: string,
  run: string,
  changed: readonly Incoming[],
): Promise<OpenedScopes> {
  const verdicts = new Map<string, ScopeVerdict>();
  const resharded = new Map<string, ScopeVerdict>();
  const writes: Write[] = [];
  const outcomes = new Map<string, NonNullable<ScopeItem["outcome"]>>();
  for (let at = 0; at < changed.length; at += AT_ONCE) {
    const some = changed.slice(at, at + AT_ONCE);
    const known = await Promise.all(some.map((scope) => readKnown(context, source, scope.name)));
    for (const [index, incoming] of some.entries()) {
      const stored = known[index] as Known;
      const cut = decideRoom(decideCut(stored.scope?.shardCount, incoming), incoming, stored);
      if (cut.act === "reshard") {
        resharded.set(incoming.name, { verdict: "reshard", shardCount: cut.shardCount });
        continue;
      }
      const compared =
        cut.act === "recut" ? await cutAnew(context, source, run, stored, incoming, cut.shardCount) : stored;
      const { scope, states } = compared;
      const generation = scope?.lease?.run === run ? scope.lease.generation : (scope?.generation ?? 0) + 1;
      const wanted = decideWanted(incoming.shards, states);
      verdicts.set(incoming.name, wanted.length > 0 ? { verdict: "upload", want: wanted } : { verdict: "recorded" });
      const item: ScopeItem = {
        ...(scope ? withoutVersion(scope) : { source, name: incoming.name }),
        shardCount: cut.shardCount,
        generation,
        lease: toLease(run, generation, incoming, wanted, compared),
      };
      if (scope?.outcome) outcomes.set(incoming.name, scope.outcome);
      writes.push(scope ? replace(ScopeItem, item, scope.version) : create(ScopeItem, item));
    }
  }
  return { verdicts, resharded, writes, outcomes };
}

function withoutVersion(scope: StoredScope): ScopeItem {
  const { version: _, ...item } = scope;
  return item;
}

/** Takes the scope for the run first, so that no older run still writes manifests of the old cut, then cuts. */
async function cutAnew(
  context: Context,
  source: string,
  run: string,
  known: Known,
  incoming: Incoming,
  shardCount: number,
): Promise<Known> {
  const { table } = context;
  const { scope } = known;
  if (!scope) return known;
  const id = { source, name: incoming.name };
  const generation = scope.lease?.run === run ? scope.lease.generation : scope.generation + 1;
  const lease = toLease(run, generation, { ...incoming, shards: [] }, [], known);
  const taken: ScopeItem = { ...withoutVersion(scope), generation, lease };
  await table.commit([replace(ScopeItem, taken, scope.version)]);
  const held = await requireTaken(context, id, run);
  const states = await recut(context, id, scope.shardCount, shardCount);
  const cut: ScopeItem = { ...taken, shardCount, lease: { ...lease, wanted: [], digests: new Uint8Array() } };
  await table.commit([replace(ScopeItem, cut, held.version)]);
  await dropCut(context, id, scope.shardCount);
  return { scope: await requireTaken(context, id, run), states };
}

/** The scope as this run has just written it; another run in between is a conflict like any other. */
async function requireTaken(context: Context, id: ScopeId, run: string): Promise<StoredScope> {
  const scope = await context.table.get(ScopeItem, id, { consistent: true });
  if (scope?.lease?.run === run) return scope;
  throw new ConflictError([{ index: 0, reason: "version" }]);
}
