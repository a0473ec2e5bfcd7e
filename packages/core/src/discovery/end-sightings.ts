import { packEntries, shardDigest, unpackEntries } from "@cadastre/contract/digest";
import { KINDS } from "@cadastre/contract/kinds/registry";
import { fromScopeName, type Provider } from "@cadastre/contract/scope";
import { check, put, replace, type Stored, type Write } from "@cadastre/store/table";
import * as z from "zod";
import { type Actor, actorName, type Context, FIRST_ORGANIZATION } from "../context.ts";
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
import { readStates } from "./manifests.ts";
import { packHashes, type ShardState, toPages, unpackHashes } from "./shards.ts";

/** Scopes that one step takes. */
const STEP_SCOPES = 10;

const ending = z.object({
  source: z.string(),
  /** Scopes are taken by name; up to this one they are done. */
  after: z.string(),
  /** Sightings that were ended so far. */
  ended: z.int(),
  /** Who revoked the collector. */
  actor: z.object({ type: z.enum(["token", "collector", "system"]), id: z.string() }),
});
type Ending = z.output<typeof ending>;

/** Whether a scope may hold what belongs to other accounts. */
function isShared(name: string): boolean {
  const { kind, provider } = fromScopeName(name);
  return (KINDS[kind].sharedAt as readonly Provider[]).includes(provider);
}

interface Shard {
  readonly manifest: Stored<ManifestItem>;
  /** Id hashes of what the scope sees of other accounts. */
  readonly sightings: ReadonlySet<string>;
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
    const seen = items.filter(
      (item) =>
        item !== undefined &&
        !isOwnWord(item, account) &&
        item.claims.some((claim) => claim.source === source && claim.scope === name),
    );
    const sightings = new Set(seen.flatMap((item) => item?.idHash ?? []));
    if (sightings.size > 0) shards.push({ manifest, sightings });
  }
  return shards;
}

/** A manifest that knows nothing of some resources: whoever goes on with the source is asked for them anew. */
function without({ manifest: { version: _, ...item }, sightings }: Shard): ManifestItem {
  const entries = unpackEntries(item.entries).filter(({ idHash }) => !sightings.has(idHash));
  const missing = unpackHashes(item.missing).filter((hash) => !sightings.has(hash));
  const present = entries.filter(({ idHash }) => !missing.includes(idHash));
  return {
    ...item,
    digest: shardDigest(packEntries(present)),
    entries: packEntries(entries),
    missing: packHashes(missing),
  };
}

/** Ends what one scope sees of others. The ledger forgets its digest first, so that a run that comes next compares it anew. */
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
  const absence = { source, scope: fromScopeName(name), run, actor: actorName(actor), at: at.toISOString() };
  let count = 0;
  for (const shard of shards) {
    const next = without(shard);
    states.set(next.shard, { digest: next.digest, missing: unpackHashes(next.missing).length });
    const pages = toPages(scope, scope.shardCount, states, [next.shard]).map((page) => put(PageItem, page));
    await applyChanges(context, {
      actor,
      idHashes: [...shard.sightings],
      guard,
      decide: (_, stored, ended) => decideAbsence(stored, absence, ended),
      finish: () => ({ writes: [replace(ManifestItem, next, shard.manifest.version), ...pages] }),
    });
    count += shard.sightings.size;
  }
  return count;
}

async function tryStep(context: Context, { id, state, guard }: Step<Ending>): Promise<StepResult<Ending>> {
  const { source } = state;
  const progress = (done: number) => ({ done, unit: "sightings" });
  // Another collector was approved under the name: it goes on with the source.
  if (!(await readEnded(context, [source], { consistent: true })).has(source))
    return { state, progress: progress(state.ended), done: true };
  const known = (await readScopesOf(context, source)).map(({ name }) => name);
  const left = known.filter((name) => name > state.after && isShared(name));
  const actor = { principal: { ...state.actor, organization: FIRST_ORGANIZATION, attributes: {} }, requestId: id };
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
