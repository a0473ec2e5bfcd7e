import { ConflictError } from "@cadastre/store/errors";
import { COMMIT_LIMIT, create, put, replace, type Write } from "@cadastre/store/table";
import { type AuditEntry, commitRecorded, RECORD_WRITES } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { recordChange } from "../feed/record-change.ts";
import { type EndedSources, readEnded } from "../ledger/ended-sources.ts";
import { indexDifference, indexWrites } from "../subjects/index-writes.ts";
import { type IndexEntry, IndexItem } from "../subjects/items.ts";
import { notePrefixLengths } from "../subjects/prefix-lengths.ts";
import { type CountedChange, type CountSums, createCountSums } from "./counts.ts";
import type { Change } from "./decide.ts";
import { countedOf, facetsOfItem, resourceEntries } from "./entries.ts";
import { isSighting, ResourceItem, resourceSubject } from "./items.ts";

const ATTEMPTS = 8;

/** Of the writes of a commit, those that are kept for what ends the changes, or for the step. */
const ENDING_WRITES = 1 + RECORD_WRITES;

export interface ChangeCounts {
  created: number;
  updated: number;
  retired: number;
}

/** A change with its writes: `early` may be loaded before (index entries of what is new), `commit` must be one commit. */
interface Prepared {
  readonly change: Change;
  readonly counted: CountedChange;
  readonly prefixes: readonly string[];
  readonly early: readonly IndexEntry[];
  readonly commit: readonly Write[];
  /** Stale index entries beyond what fits in the commit; readers check what they find, so these may go after. */
  readonly late: readonly IndexEntry[];
}

/** The feed item and the event of a change, unless it is none that others care about. */
function eventsOf(context: Context, change: Change, network: string | undefined): Write[] {
  const { type, after, changes, actor, run, at } = change;
  if (type === "noted") return [];
  const { idHash, id, kind, provider, account, region, sequence } = after;
  const place = { kind, provider, account, region, network };
  const subject = resourceSubject(idHash);
  return recordChange(context, { subject, id, type, at, stream: "o", sequence, actor, run, changes, place });
}

function prepare(context: Context, change: Change, room: number): Prepared {
  const { before, after } = change;
  const facets = facetsOfItem(after);
  const events = eventsOf(context, change, facets.network);
  const counted = { before: before && countedOf(before), after: countedOf(after) };
  const next = resourceEntries(after, facets);
  const common = { change, counted, prefixes: facets.prefixes };
  if (!before) return { ...common, early: next, commit: [create(ResourceItem, after), ...events], late: [] };
  const old = resourceEntries(before);
  const own = [replace(ResourceItem, after, before.version), ...events];
  const index = indexWrites(old, next);
  const counts = createCountSums();
  counts.add(counted);
  if (own.length + index.length + counts.size() <= room)
    return { ...common, early: [], commit: [...own, ...index], late: [] };
  const { added, removed } = indexDifference(old, next);
  return { ...common, early: added, commit: own, late: removed };
}

/** Changes that go into one commit beside its guard. */
interface Batch {
  readonly prepared: Prepared[];
  readonly counts: CountSums;
  /** Writes of the changes, without what they count for. */
  size: number;
}

const writesOf = ({ prepared, counts }: Batch): Write[] => [
  ...prepared.flatMap((one) => one.commit),
  ...counts.writes(),
];

/** Cuts prepared changes into commits that fit. */
function toBatches(prepared: readonly Prepared[], room: number): Batch[] {
  const batches: Batch[] = [];
  for (const one of prepared) {
    let last = batches.at(-1);
    last?.counts.add(one.counted);
    if (!last || last.size + one.commit.length + last.counts.size() > room) {
      last?.counts.remove(one.counted);
      last = { prepared: [], counts: createCountSums(), size: 0 };
      last.counts.add(one.counted);
      batches.push(last);
    }
    last.prepared.push(one);
    last.size += one.commit.length;
  }
  return batches;
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
    ended: EndedSources,
  ) => Change | undefined;
  /** The source that says what is decided; whether it may is known. */
  readonly source?: string;
  /** Conditions that must hold for every commit; when one fails, GuardError is thrown and the rest is not written. */
  readonly guard: readonly Write[];
  /**
   * One write that goes into a commit that others follow, so that whoever dies in between leaves what is true then: of the ids in
   * `left` nothing is committed by it.
   */
  readonly step?: (left: ReadonlySet<string>) => Promise<Write>;
  /** Goes into the last commit, with the last changes. At most three writes, the record's included. */
  readonly finish: (counts: ChangeCounts) => Finish | Promise<Finish>;
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

/** Which of the sources that claim the resources have ended; of a resource that one source alone has, nothing is asked. */
async function readEndedOf(
  context: Context,
  stored: readonly (ResourceItem | undefined)[],
  own: string | undefined,
): Promise<EndedSources> {
  const sources = stored.flatMap((item) => (item?.claims ?? []).map(({ source }) => source));
  return readEnded(
    context,
    sources.filter((source) => source !== own),
    { consistent: true },
  );
}

/**
 * Applies changes to resources: each resource with its event, feed item and index in one commit, so that no crash can part
 * them. New resources' index entries are loaded first: an entry without its resource is found by nobody, and one that was
 * loaded for what another writer then made otherwise is shown to nobody. Two writers on one resource: the version decides, the
 * other decides anew. Writes resource, event, feed, index and prefix-length items.
 */
export async function applyChanges(context: Context, options: ApplyOptions): Promise<ChangeCounts> {
  const { table } = context;
  const room = COMMIT_LIMIT - options.guard.length - ENDING_WRITES;
  const applied: Change[] = [];
  let open = [...options.idHashes];
  for (let attempt = 1; ; attempt++) {
    // A change that rests on an old state is refused by its version; that there is nothing to change must not rest on one.
    const stored = await table.getMany(
      ResourceItem,
      open.map((idHash) => ({ idHash })),
      { consistent: true },
    );
    const ended = await readEndedOf(context, stored, options.source);
    const changes = open.flatMap((idHash, at) => options.decide(idHash, stored[at], ended) ?? []);
    const prepared = changes.map((change) => prepare(context, change, room));
    for (const sightings of [false, true]) {
      const own = prepared.filter(({ change }) => isSighting(change.after) === sightings);
      const prefixes = own.flatMap((one) => one.prefixes);
      await notePrefixLengths(context, prefixes, sightings ? "reported" : "observed");
    }
    await table.load(prepared.flatMap((one) => one.early.map((entry) => put(IndexItem, entry))));
    const batches = toBatches(prepared, room);
    const counts = count([...applied, ...changes]);
    const lost: Prepared[] = [];
    for (const [at, batch] of batches.slice(0, -1).entries()) {
      const after = [...lost, ...batches.slice(at + 1).flatMap((later) => later.prepared)];
      const step = await options.step?.(new Set(after.map(({ change }) => change.after.idHash)));
      if (await tryCommit(context, options, writesOf(batch), { writes: step ? [step] : [] }))
        applied.push(...batch.prepared.map((one) => one.change));
      else lost.push(...batch.prepared);
    }
    const end = batches.at(-1);
    if (
      lost.length === 0 &&
      (await tryCommit(context, options, end ? writesOf(end) : [], await options.finish(counts)))
    ) {
      const late = prepared.flatMap((one) => one.late);
      await table.load(late.map((entry) => ({ op: "remove" as const, entity: IndexItem, key: entry })));
      return counts;
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
