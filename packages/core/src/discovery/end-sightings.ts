import { packEntries, unpackEntries } from "@cadastre/contract/digest";
import { KINDS } from "@cadastre/contract/kinds/registry";
import { fromScopeName, type Provider } from "@cadastre/contract/scope";
import { check, put, replace, type Stored, type Write } from "@cadastre/store/table";
import * as z from "zod";
import { askedBy, fromAskedBy } from "../asked-by.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { defineJob, type Step, type StepResult } from "../jobs/define.ts";
import { END_SIGHTINGS, EndedSourceItem, readEnded } from "../ledger/ended-sources.ts";
import { blankEntry, type Edit } from "../ledger/entry.ts";
import { readScopesOf } from "../ledger/read.ts";
import { editLedger } from "../ledger/write.ts";
import { applyChanges, GuardError } from "../register/apply.ts";
import { decideAbsence } from "../register/decide.ts";
import { isOwnWord, ResourceItem } from "../register/items.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { ManifestItem, PageItem, ScopeItem } from "./items.ts";
import { readStates, stateOf } from "./manifests.ts";
import { packHashes, type ShardState, toPages, unpackHashes, uploadedDigest } from "./shards.ts";

/** Scopes that one step takes. */
const STEP_SCOPES = 10;

const ending = z.object({
  source: z.string(),
  /** Scopes are taken by name; up to this one they are done. */
  after: z.string(),
  /** Sightings that were ended so far. */
  ended: z.int(),
  /** Who revoked the collector. */
  actor: askedBy,
});
type Ending = z.output<typeof ending>;

/** Whether a scope may hold what belongs to other accounts. */
function isShared(name: string): boolean {
  const { kind, provider } = fromScopeName(name);
  return (KINDS[kind].sharedAt as readonly Provider[]).includes(provider);
}

interface Shard {
  readonly manifest: Stored<ManifestItem>;
  /** Id hashes of what it has of other accounts. */
  readonly others: ReadonlySet<string>;
  /** Those of them that the scope still claims: not what was ended before this was interrupted. */
  readonly claimed: readonly string[];
}

async function readShards(context: Context, { source, name, shardCount }: ScopeItem): Promise<Shard[]> {
  const keys = Array.from({ length: shardCount }, (_, shard) => ({ source, name, shardCount, shard }));
  const manifests = await context.table.getMany(ManifestItem, keys, { consistent: true });
  const { account } = fromScopeName(name);
  const shards: Shard[] = [];
  for (const manifest of manifests) {
    if (!manifest) continue;
    const hashes = unpackEntries(manifest.entries).map(({ idHash }) => ({ idHash }));
    const items = await context.table.getMany(ResourceItem, hashes, { consistent: true });
    const others = items.filter((item) => item !== undefined).filter((item) => !isOwnWord(item, account));
    const claimed = others.filter(({ claims }) => claims.some((one) => one.source === source && one.scope === name));
    if (others.length === 0) continue;
    const idHashes = (some: readonly ResourceItem[]) => some.map(({ idHash }) => idHash);
    shards.push({ manifest, others: new Set(idHashes(others)), claimed: idHashes(claimed) });
  }
  return shards;
}

/** A manifest that has seen nothing of some resources at its last look: whoever goes on with the source is asked for them. */
function unseen({ manifest: { version: _, ...item }, others }: Shard): ManifestItem {
  const missing = new Set([...unpackHashes(item.missing), ...others]);
  return { ...item, digest: uploadedDigest(unpackEntries(item.entries), missing), missing: packHashes([...missing]) };
}

/** A manifest that knows nothing of them. */
function without({ manifest: { version: _, ...item }, others }: Shard): ManifestItem {
  const entries = unpackEntries(item.entries).filter(({ idHash }) => !others.has(idHash));
  const missing = unpackHashes(item.missing).filter((hash) => !others.has(hash));
  return {
    ...item,
    digest: uploadedDigest(entries, new Set(missing)),
    entries: packEntries(entries),
    missing: packHashes(missing),
  };
}

/**
 * Ends what one scope sees of others. First the ledger forgets its digest and its shards have seen nothing of it, so that a run that
 * comes next is asked for all of it, however far this comes; then the claims go.
 */
async function endScope(
  context: Context,
  { source, name, run, actor }: { source: string; name: string; run: string; actor: Actor },
  guards: readonly Write[],
): Promise<number> {
  const scope = await context.table.get(ScopeItem, { source, name }, { consistent: true });
  const shards = scope ? await readShards(context, scope) : [];
  if (!scope || shards.length === 0) return 0;
  const at = context.now();
  const guard = [...guards, check(ScopeItem, scope, scope.version)];
  const blank: Edit = (entry, setAt) => entry && blankEntry({ name, set: entry.set, generation: 0 })(entry, setAt);
  // No set is reported by this: the scope's own is written with its page, and another is not there.
  const own = { set: "", at: at.getTime(), isReported: false };
  await context.table.commit([...guard, ...(await editLedger(context, source, new Map([[name, blank]]), own))]);
  const [states = new Map<number, ShardState>()] = await readStates(context, [scope]);
  const toWrites = (next: ManifestItem, version: number): Write[] => {
    states.set(next.shard, stateOf(next));
    const pages = toPages(scope, scope.shardCount, states, [next.shard]);
    return [replace(ManifestItem, next, version), ...pages.map((page) => put(PageItem, page))];
  };
  const absence = { source, scope: fromScopeName(name), run, actor: actorName(actor), at: at.toISOString() };
  let count = 0;
  for (const shard of shards) {
    const { manifest, claimed } = shard;
    await context.table.commit([...guard, ...toWrites(unseen(shard), manifest.version)]);
    const now = await context.table.get(ManifestItem, manifest, { consistent: true });
    await applyChanges(context, {
      actor,
      idHashes: claimed,
      guard,
      decide: (_, stored, ended) => decideAbsence(stored, absence, ended),
      finish: () => ({ writes: toWrites(without(shard), now?.version ?? manifest.version) }),
    });
    count += claimed.length;
  }
  return count;
}

async function tryStep(context: Context, { id, state, guard }: Step<Ending>): Promise<StepResult<Ending>> {
  const { source } = state;
  const progress = (done: number) => ({ done, unit: "sightings" });
  // Another collector was approved under the name: it goes on with the source.
  if (!(await readEnded(context, [source], { consistent: true })).has(source))
    return { state, progress: progress(state.ended), done: true };
  // Strongly: a scope that is overlooked is never looked at again.
  const known = (await readScopesOf(context, source, { consistent: true })).map(({ name }) => name);
  const left = known.filter((name) => name > state.after && isShared(name));
  const actor = fromAskedBy(context, state.actor, id);
  const guards = [guard, check(EndedSourceItem, { source }, "present")];
  let { after, ended } = state;
  for (const name of left.slice(0, STEP_SCOPES)) {
    ended += await endScope(context, { source, name, run: id, actor }, guards);
    after = name;
  }
  return { state: { ...state, after, ended }, progress: progress(ended), done: left.length <= STEP_SCOPES };
}

/**
 * What a revoked collector saw of other accounts' property ends with it: its claims go, and what nobody else has is retired. What
 * it saw of its own accounts stays, unconfirmed, since nobody has said that it is gone. It stops when another collector was
 * approved under the name, which goes on with the source and is asked for everything that was ended.
 */
export const endSightings = defineJob({
  name: END_SIGHTINGS,
  about: "Ends what a revoked collector alone saw of other accounts; until then it is shown, unconfirmed",
  leaseSeconds: 60,
  state: ending,
  step: (context, step) =>
    retryOnConflict(() => tryStep(context, step), {
      detail: "others keep changing the scopes",
      also: (error) => error instanceof GuardError,
    }),
});
