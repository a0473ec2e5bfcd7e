import { unpackEntries } from "@cadastre/contract/digest";
import { fromScopeName } from "@cadastre/contract/scope";
import { check, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../context.ts";
import { ManifestItem, PageItem, ScopeItem } from "../discovery/items.ts";
import { EMPTY_DIGEST, packHashes } from "../discovery/shards.ts";
import { inGroups } from "../in-parallel.ts";
import { applyChanges } from "../register/apply.ts";
import { readClaimed } from "../register/claimed.ts";
import { decideForgotten } from "../register/decide.ts";

/** A step takes shards until it has so many resources. */
const STEP_RESOURCES = 500;
/** So many entries of the index, and items of a scope, one step looks at. */
const STEP_ENTRIES = 500;
const COMMIT_ITEMS = 80;

/** A scope that a forgetting has taken, and how all it writes is guarded and told. */
export interface Taken {
  readonly scope: Stored<ScopeItem>;
  /** The run of the job. */
  readonly job: string;
  readonly actor: Actor;
  /** Of the job's runner. */
  readonly guard: readonly Write[];
}

/** How far the clearing of a scope is: what of it is done, and where to go on. */
export type ClearingAt =
  | { readonly part: "shards"; readonly shard: number }
  /** What no manifest knows of, because the run that made it died before it wrote one. */
  | { readonly part: "strays"; readonly status: "active" | "retired"; readonly after?: string | undefined }
  | { readonly part: "rest" };

export interface Cleared {
  readonly retired: number;
  /** Undefined when nothing is left but the scope itself. */
  readonly next: ClearingAt | undefined;
}

const guardsOf = ({ scope, guard }: Taken): Write[] => [...guard, check(ScopeItem, scope, scope.version)];

/** Takes the scope's claims from resources; what nobody else claims is retired. Answers how many were. */
async function endClaims(
  context: Context,
  taken: Taken,
  idHashes: readonly string[],
  writes: readonly Write[] = [],
): Promise<number> {
  const { scope, job, actor } = taken;
  const at = context.now().toISOString();
  const look = { source: scope.source, scope: fromScopeName(scope.name), run: job, actor: actorName(actor), at };
  const { retired } = await applyChanges(context, {
    actor,
    idHashes,
    guard: guardsOf(taken),
    decide: (_, stored) => decideForgotten(stored, look),
    finish: () => ({ writes }),
  });
  return retired;
}

/**
 * One shard, in two commits or more. First the manifest says that none of it was there at the last look: whoever opens the scope from
 * now on is asked for all of it, whatever it had been before, and however far this comes. Then the claims go, and with the last of them the manifest.
 */
async function clearShard(context: Context, taken: Taken, shard: number): Promise<{ known: number; retired: number }> {
  const { source, name, shardCount } = taken.scope;
  const key = { source, name, shardCount, shard };
  const manifest = await context.table.get(ManifestItem, key, { consistent: true });
  if (!manifest) return { known: 0, retired: 0 };
  const idHashes = unpackEntries(manifest.entries).map(({ idHash }) => idHash);
  const { version, ...item } = manifest;
  const missing = packHashes(idHashes);
  const unseen: ManifestItem = {
    ...item,
    digest: EMPTY_DIGEST,
    missing,
    run: "",
    created: 0,
    updated: 0,
    unchanged: 0,
  };
  await context.table.commit([...guardsOf(taken), replace(ManifestItem, unseen, version)]);
  const stored = await context.table.get(ManifestItem, key, { consistent: true });
  const retired = await endClaims(context, taken, idHashes, [remove(ManifestItem, key, stored?.version ?? version)]);
  return { known: idHashes.length, retired };
}

async function clearShards(context: Context, taken: Taken, from: number): Promise<Cleared> {
  let [retired, known] = [0, 0];
  for (let shard = from; shard < taken.scope.shardCount; shard++) {
    if (known >= STEP_RESOURCES) return { retired, next: { part: "shards", shard } };
    const one = await clearShard(context, taken, shard);
    retired += one.retired;
    known += one.known;
  }
  return { retired, next: { part: "strays", status: "active" } };
}

async function clearStrays(
  context: Context,
  taken: Taken,
  { status, after }: Extract<ClearingAt, { part: "strays" }>,
): Promise<Cleared> {
  const { claimed, next } = await readClaimed(context, taken.scope, { status, after, limit: STEP_ENTRIES });
  const retired = claimed.length === 0 ? 0 : await endClaims(context, taken, claimed);
  if (next !== undefined) return { retired, next: { part: "strays", status, after: next } };
  return { retired, next: status === "active" ? { part: "strays", status: "retired" } : { part: "rest" } };
}

/** Removes what is left of any cut: what another one left behind would be taken for known, should the scope be reported again. */
async function clearRest(context: Context, taken: Taken): Promise<Cleared> {
  const partition = `scope#${taken.scope.source}/${taken.scope.name}`;
  const pages = await context.table.query(PageItem, { partition, limit: STEP_ENTRIES, consistent: true });
  const manifests = await context.table.query(ManifestItem, { partition, limit: STEP_ENTRIES, consistent: true });
  const writes = [
    ...pages.items.map((page) => remove(PageItem, page)),
    ...manifests.items.map((manifest) => remove(ManifestItem, manifest)),
  ];
  for (const some of inGroups(writes, COMMIT_ITEMS)) await context.table.commit([...guardsOf(taken), ...some]);
  const isLeft = pages.cursor !== undefined || manifests.cursor !== undefined;
  return { retired: 0, next: isLeft ? { part: "rest" } : undefined };
}

/**
 * Clears some of a scope: first what its shards know, then what no shard knows of, then what is left of cuts. Bounded, and may be
 * repeated. Each commit rests on the scope as it was taken: throws GuardError or ConflictError when a run has opened it since.
 */
export function clearSome(context: Context, taken: Taken, at: ClearingAt): Promise<Cleared> {
  switch (at.part) {
    case "shards":
      return clearShards(context, taken, at.shard);
    case "strays":
      return clearStrays(context, taken, at);
    case "rest":
      return clearRest(context, taken);
  }
}
