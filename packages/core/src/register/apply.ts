import { ConflictError } from "@cadastre/store/errors";
import { COMMIT_LIMIT, create, put, replace, type Write } from "@cadastre/store/table";
import { type AuditEntry, commitRecorded, RECORD_WRITES } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { recordChange } from "../feed/record-change.ts";
import { indexDifference, indexWrites } from "../subjects/index-writes.ts";
import { type IndexEntry, IndexItem } from "../subjects/items.ts";
import { notePrefixLengths } from "../subjects/prefix-lengths.ts";
import { countWrites } from "./counts.ts";
import type { Change } from "./decide.ts";
import { countedOf, facetsOfItem, resourceEntries } from "./entries.ts";
import { ResourceItem, resourceSubject } from "./items.ts";

const ATTEMPTS = 8;

export interface ChangeCounts {
  created: number;
  updated: number;
  retired: number;
}

/** A change with its writes: `early` may be loaded before (index entries of what is new), `commit` must be one commit. */
interface Prepared {
  readonly change: Change;
  readonly early: readonly IndexEntry[];
  readonly commit: readonly Write[];
  /** Stale index entries beyond what fits in the commit; readers check what they find, so these may go after. */
  readonly late: readonly IndexEntry[];
}

/** The feed item and the event of a change, unless it is none that others care about. */
function eventsOf(context: Context, { type, after, changes, actor, run, at }: Change): Write[] {
  if (type === "noted") return [];
  const { idHash, id, kind, provider, account, region, sequence } = after;
  const place = { kind, provider, account, region, network: facetsOfItem(after).network };
  const subject = resourceSubject(idHash);
  return recordChange(context, { subject, id, type, at, stream: "o", sequence, actor, run, changes, place });
}

function prepare(context: Context, change: Change, room: number): Prepared {
  const { before, after } = change;
  const events = eventsOf(context, change);
  const [old, next] = [before ? resourceEntries(before) : [], resourceEntries(after)];
  const { added, removed } = indexDifference(old, next);
  if (!before) return { change, early: added, commit: [create(ResourceItem, after), ...events], late: [] };
  const own = [replace(ResourceItem, after, before.version), ...events];
  const index = indexWrites(old, next);
  if (own.length + index.length + countsOf([change]).length <= room)
    return { change, early: [], commit: [...own, ...index], late: [] };
  return { change, early: added, commit: own, late: removed };
}

function countsOf(changes: readonly Change[]): Write[] {
  return countWrites(
    changes.map(({ before, after }) => ({ before: before && countedOf(before), after: countedOf(after) })),
  );
}

/** Everything that a commit of these changes writes beside its guard: the changes, and what they count for. */
const writesOf = (prepared: readonly Prepared[]): Write[] => [
  ...prepared.flatMap((one) => one.commit),
  ...countsOf(prepared.map((one) => one.change)),
];

/** Cuts prepared changes into commits that fit. */
function toCommits(prepared: readonly Prepared[], room: number): Prepared[][] {
  const commits: Prepared[][] = [];
  for (const one of prepared) {
    const last = commits.at(-1);
    if (last && writesOf([...last, one]).length <= room) last.push(one);
    else commits.push([one]);
  }
  return commits;
}

/** What ends the application of changes, in the commit of the last of them. */
export interface Finish {
  readonly writes: readonly Write[];
  /** What was done, when this is the whole of it and not a step of something larger that is recorded itself. */
  readonly entry?: AuditEntry;
}

export interface ApplyOptions {
  readonly actor: Actor;
  /** The ids concerned; decided anew, from what is then stored, whenever another writer was faster. */
  readonly idHashes: readonly string[];
  readonly decide: (
    idHash: string,
    stored: (ResourceItem & { readonly version: number }) | undefined,
  ) => Change | undefined;
  /** Conditions that must hold for every commit; when one fails, GuardError is thrown and the rest is not written. */
  readonly guard: readonly Write[];
  /** Goes into the last commit, after all changes. Large change sets take several commits before it. */
  readonly finish: (counts: ChangeCounts) => Finish;
}

/** A guard did not hold: whoever applies has lost its right to. What was committed before stays and is consistent. */
export class GuardError extends Error {
  constructor() {
    super("the guard of a commit did not hold");
    this.name = "GuardError";
  }
}

function count(changes: readonly Change[]): ChangeCounts {
  const of = (...types: Change["type"][]) => changes.filter((change) => types.includes(change.type)).length;
  return { created: of("created", "returned"), updated: of("updated"), retired: of("retired") };
}

/**
 * Applies changes to resources: each resource with its event, feed item and index in one commit, so that no crash can part
 * them. New resources' index entries are loaded first: an entry without its resource is found by nobody, and one that was
 * loaded for what another writer then made otherwise is shown to nobody. Two writers on one resource: the version decides, the
 * other decides anew. Writes resource, event, feed, index and prefix-length items.
 */
export async function applyChanges(context: Context, options: ApplyOptions): Promise<ChangeCounts> {
  const { table } = context;
  const room = COMMIT_LIMIT - options.guard.length;
  const applied: Change[] = [];
  let open = [...options.idHashes];
  for (let attempt = 1; ; attempt++) {
    // A change that rests on an old state is refused by its version; that there is nothing to change must not rest on one.
    const stored = await table.getMany(
      ResourceItem,
      open.map((idHash) => ({ idHash })),
      { consistent: true },
    );
    const changes = open.flatMap((idHash, at) => options.decide(idHash, stored[at]) ?? []);
    const prepared = changes.map((change) => prepare(context, change, room));
    await notePrefixLengths(
      context,
      changes.flatMap(({ after }) => facetsOfItem(after).prefixes),
    );
    await table.load(prepared.flatMap((one) => one.early.map((entry) => put(IndexItem, entry))));
    const commits = toCommits(prepared, room);
    const finish = options.finish(count([...applied, ...changes]));
    const tail = writesOf(commits.at(-1) ?? []);
    const isJoined = tail.length + finish.writes.length + (finish.entry ? RECORD_WRITES : 0) <= room;
    const lost: Prepared[] = [];
    for (const some of isJoined ? commits.slice(0, -1) : commits) {
      if (await tryCommit(context, options, writesOf(some), { writes: [] }))
        applied.push(...some.map((one) => one.change));
      else lost.push(...some);
    }
    if (lost.length === 0 && (await tryCommit(context, options, isJoined ? tail : [], finish))) {
      const late = prepared.flatMap((one) => one.late);
      await table.load(late.map((entry) => ({ op: "remove" as const, entity: IndexItem, key: entry })));
      return count(isJoined ? [...applied, ...(commits.at(-1) ?? []).map((one) => one.change)] : applied);
    }
    if (attempt === ATTEMPTS) throw new ConflictError([{ index: 0, reason: "busy" }]);
    const done = new Set(applied.map((change) => change.after.idHash));
    open = open.filter((idHash) => !done.has(idHash));
  }
}

/**
 * True when committed, false when another writer of a resource was faster. Throws GuardError when a guard is what failed, and
 * the ConflictError when one of `finish` did: that is the caller's to decide anew.
 */
async function tryCommit(
  context: Context,
  { actor, guard }: Pick<ApplyOptions, "actor" | "guard">,
  writes: readonly Write[],
  finish: Finish,
): Promise<boolean> {
  const all = [...writes, ...finish.writes];
  if (all.length === 0 && !finish.entry) return true;
  try {
    if (finish.entry) await commitRecorded(context, actor, [...guard, ...all], finish.entry);
    else await context.table.commit([...guard, ...all]);
    return true;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const refused = error.refusals.filter((refusal) => refusal.reason !== "busy");
    if (refused.some((refusal) => refusal.index < guard.length)) throw new GuardError();
    if (refused.some((refusal) => refusal.index >= guard.length + writes.length)) throw error;
    return false;
  }
}
