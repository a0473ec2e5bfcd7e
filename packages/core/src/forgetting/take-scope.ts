import { fromScopeName } from "@cadastre/contract/scope";
import { create, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../context.ts";
import { HoldItem, type Lease, ScopeItem } from "../discovery/items.ts";
import { recordHold, scopeSubject } from "../discovery/record-turns.ts";
import { EMPTY_DIGEST, type ScopeId } from "../discovery/shards.ts";
import { laterOf, recordChange } from "../feed/record-change.ts";
import { blankEntry, type Edit, GONE, pageOf, type ScopeEntry } from "../ledger/entry.ts";
import { endGaps, followHold } from "../ledger/gaps.ts";
import { StaleItem } from "../ledger/items.ts";
import { editLedger, noteForgotten, readSource } from "../ledger/write.ts";
import type { Taken } from "./clear-scope.ts";

/** Who forgets, under which run of the job, and what guards its commits. */
export interface Forgetting {
  readonly job: string;
  readonly actor: Actor;
  readonly guard: readonly Write[];
}

/** No set is reported by this: the scope's own is written with its page, and another is not there. */
const ownOf = (context: Context) => ({ set: "", at: context.now().getTime(), isReported: false });

/** As of a run that saw nothing: whoever opens the scope next looks at every shard, since any may have been written to. */
function leaseOf(job: string, generation: number, shardCount: number): Lease {
  const wanted = Array.from({ length: shardCount }, (_, shard) => shard);
  return {
    run: job,
    generation,
    status: "complete",
    errors: [],
    resources: 0,
    digest: "",
    wanted,
    digests: Buffer.from(EMPTY_DIGEST.repeat(shardCount), "hex"),
  };
}

/** Nobody need decide on losses of what is forgotten. */
async function liftHold(context: Context, actor: Actor, id: string | undefined): Promise<Write[]> {
  const hold = id === undefined ? undefined : await context.table.get(HoldItem, { id }, { consistent: true });
  if (hold?.state !== "pending") return [];
  const at = context.now().toISOString();
  const { version, ...item } = hold;
  const lifted: HoldItem = { ...item, state: "lifted", decidedAt: at, decidedBy: actorName(actor) };
  return [
    replace(HoldItem, lifted, version),
    ...recordHold(context, actor, lifted, { type: "lifted", at }),
    followHold({ source: hold.source, name: hold.scope }, false, at),
  ];
}

/**
 * Takes a scope, as a newer run does: from here on nothing of an older one takes effect, and whoever reports the scope is compared
 * with what is left of it, shard by shard. Its hold is lifted. One commit: scope, hold, feed, ledger. `isMeant` is asked with the entry as it
 * is then. Answers whether it was taken. Throws ConflictError when another was faster.
 */
export async function takeScope(
  context: Context,
  { source, name }: ScopeId,
  { job, actor, guard }: Forgetting,
  isMeant: (entry: ScopeEntry, setAt: number | undefined) => boolean,
): Promise<boolean> {
  const scope = await context.table.get(ScopeItem, { source, name }, { consistent: true });
  let generation: number | undefined;
  const edit: Edit = (entry, setAt) => {
    if (!entry || !isMeant(entry, setAt)) return undefined;
    generation = Math.max(scope?.generation ?? 0, entry.generation) + 1;
    return blankEntry({ name, set: entry.set, generation })(entry, setAt);
  };
  const ledger = await editLedger(context, source, new Map([[name, edit]]), ownOf(context));
  if (generation === undefined) return false;
  const { version, hold, ...item } = scope ?? { source, name, shardCount: 1, version: 0, hold: undefined };
  const next: ScopeItem = { ...item, generation, lease: leaseOf(job, generation, item.shardCount) };
  const lifted = await liftHold(context, actor, hold);
  const write = scope ? replace(ScopeItem, next, version) : create(ScopeItem, next);
  await context.table.commit([...guard, write, ...lifted, ...ledger]);
  return true;
}

/** The scope while this forgetting has it; undefined once a run, or another forgetting, has opened it. */
export async function readTaken(
  context: Context,
  { source, name }: ScopeId,
  { job, actor, guard }: Forgetting,
): Promise<Taken | undefined> {
  const scope = await context.table.get(ScopeItem, { source, name }, { consistent: true });
  return scope?.lease?.run === job ? { scope, job, actor, guard } : undefined;
}

/** The writes that tell that a scope is forgotten, after all that was told of it. */
function tell(
  context: Context,
  { scope, actor, job }: Taken,
  entry: ScopeEntry,
  markedAt: string | undefined,
): Write[] {
  const subject = scopeSubject(scope);
  return recordChange(context, {
    subject,
    id: subject.key,
    type: "forgotten",
    at: laterOf(laterOf(context.now().toISOString(), scope.outcome?.runAt), markedAt),
    stream: "o",
    sequence: scope.generation,
    actor: actorName(actor),
    run: job,
    changes: entry.status === undefined ? [] : [{ path: "status", before: entry.status }],
    place: fromScopeName(scope.name),
  });
}

/**
 * Ends a scope of which nothing is left: in one commit its item, its entry in the ledger and what counts it, its gaps, its stale mark, with its
 * change in the feed. Answers whether it was: not when a run is about to open it. Throws ConflictError when another was faster.
 */
export async function endScope(context: Context, taken: Taken): Promise<boolean> {
  const { scope, guard } = taken;
  const { source, name, generation, version } = scope;
  let ended: ScopeEntry | undefined;
  const edit: Edit = (entry) => {
    ended = entry?.generation === generation ? entry : undefined;
    return ended && GONE;
  };
  const ledger = await editLedger(context, source, new Map([[name, edit]]), ownOf(context));
  if (ended === undefined) return false;
  const mark = await readMark(context, scope);
  const known = await readSource(context, source);
  await context.table.commit([
    ...guard,
    remove(ScopeItem, { source, name }, version),
    ...ledger,
    ...endGaps({ source, name }),
    ...(mark ? [remove(StaleItem, mark, mark.version)] : []),
    ...(known ? [noteForgotten(known, generation)] : []),
    ...tell(context, taken, ended, mark?.markedAt),
  ]);
  return true;
}

function readMark({ table }: Context, { source, name }: ScopeId): Promise<Stored<StaleItem> | undefined> {
  return table.get(StaleItem, { source, name, page: pageOf(name) }, { consistent: true });
}
