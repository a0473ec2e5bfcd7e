import { parsePrefix } from "@cadastre/net/prefix";
import type { ItemOf } from "@cadastre/store/entity";
import { ConflictError } from "@cadastre/store/errors";
import { COMMIT_LIMIT, create, put, remove, replace, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Change } from "./decide.ts";
import { facetsOfItem, indexDifference } from "./entries.ts";
import { EventItem, IndexItem, PrefixLengthItem, ResourceItem } from "./items.ts";

const ATTEMPTS = 8;

export interface ChangeCounts {
  created: number;
  updated: number;
  retired: number;
}

/** A change with its writes: `early` may be loaded before (index entries of what is new), `commit` must be one commit. */
interface Prepared {
  readonly change: Change;
  readonly early: readonly IndexItem[];
  readonly commit: readonly Write[];
  /** Stale index entries beyond what fits in the commit; readers check what they find, so these may go after. */
  readonly late: readonly IndexItem[];
}

function prepare(change: Change, room: number): Prepared {
  const { before, after, event } = change;
  const events = event ? [put(EventItem, event)] : [];
  const { added, removed } = indexDifference(before, after);
  if (!before) return { change, early: added, commit: [create(ResourceItem, after), ...events], late: [] };
  const own = [replace(ResourceItem, after, before.version), ...events];
  const index = [...added.map((entry) => put(IndexItem, entry)), ...removed.map((entry) => remove(IndexItem, entry))];
  if (own.length + index.length <= room) return { change, early: [], commit: [...own, ...index], late: [] };
  return { change, early: added, commit: own, late: removed };
}

/** Records the prefix lengths that the changes bring into use, before anything with them can be found. */
async function noteLengths(context: Context, changes: readonly Change[]): Promise<void> {
  const lengths = new Map<string, ItemOf<typeof PrefixLengthItem>>();
  for (const { after } of changes) {
    for (const text of facetsOfItem(after).prefixes) {
      const { family, length } = parsePrefix(text);
      lengths.set(`${family}/${length}`, { family, length });
    }
  }
  if (lengths.size === 0) return;
  const known = await context.table.query(PrefixLengthItem, { partition: "prefix-lengths" });
  for (const { family, length } of known.items) lengths.delete(`${family}/${length}`);
  await context.table.load([...lengths.values()].map((item) => put(PrefixLengthItem, item)));
}

/** Cuts prepared changes into commits that fit, each with the guard in front. */
function toCommits(prepared: readonly Prepared[], room: number): Prepared[][] {
  const commits: Prepared[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const one of prepared) {
    if (size + one.commit.length > room) {
      commits.push([]);
      size = 0;
    }
    commits.at(-1)?.push(one);
    size += one.commit.length;
  }
  return commits;
}

export interface ApplyOptions {
  /** The ids concerned; decided anew, from what is then stored, whenever another writer was faster. */
  readonly idHashes: readonly string[];
  readonly decide: (
    idHash: string,
    stored: (ResourceItem & { readonly version: number }) | undefined,
  ) => Change | undefined;
  /** Conditions that must hold for every commit; when one fails, GuardError is thrown and the rest is not written. */
  readonly guard: readonly Write[];
  /** Goes into the last commit, after all changes. Large change sets take several commits before it. */
  readonly last: (counts: ChangeCounts) => readonly Write[];
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
 * Applies changes to resources: each resource with its event and its index in one commit, so that no crash can part them.
 * New resources' index entries are loaded first: an entry without its resource is found by nobody. Two writers on one
 * resource: the version decides, the other decides anew. Writes resource, event, index and prefix-length items.
 */
export async function applyChanges(context: Context, options: ApplyOptions): Promise<ChangeCounts> {
  const { table } = context;
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
    const room = COMMIT_LIMIT - options.guard.length;
    const prepared = changes.map((change) => prepare(change, room));
    await noteLengths(context, changes);
    await table.load(prepared.flatMap((one) => one.early.map((entry) => put(IndexItem, entry))));
    const lost: string[] = [];
    const commits = toCommits(prepared, room);
    const tail = commits.at(-1) ?? [];
    const tailWrites = tail.flatMap((one) => one.commit);
    const final = options.last(count([...applied, ...changes]));
    const joined = lost.length === 0 && tailWrites.length + final.length <= room;
    for (const commit of joined ? commits.slice(0, -1) : commits) {
      if (
        await tryCommit(
          context,
          options.guard,
          commit.flatMap((one) => one.commit),
        )
      )
        applied.push(...commit.map((one) => one.change));
      else lost.push(...commit.map((one) => one.change.after.idHash));
    }
    if (lost.length === 0) {
      const done = await tryCommit(context, options.guard, joined ? tailWrites : [], final);
      if (done) {
        await table.load(
          prepared.flatMap((one) =>
            one.late.map((entry) => ({ op: "remove" as const, entity: IndexItem, key: entry })),
          ),
        );
        return count(joined ? [...applied, ...tail.map((one) => one.change)] : applied);
      }
    }
    if (attempt === ATTEMPTS) throw new ConflictError([{ index: 0, reason: "busy" }]);
    const settled = new Set(applied.map((change) => change.after.idHash));
    open = open.filter((idHash) => !settled.has(idHash));
  }
}

/**
 * True when committed, false when another writer of a resource was faster. Throws GuardError when a guard is what failed, and
 * the ConflictError when one of `final` did: that is the caller's to decide anew.
 */
async function tryCommit(
  context: Context,
  guard: readonly Write[],
  writes: readonly Write[],
  final: readonly Write[] = [],
): Promise<boolean> {
  if (writes.length + final.length === 0) return true;
  try {
    await context.table.commit([...guard, ...writes, ...final]);
    return true;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const refused = error.refusals.filter((refusal) => refusal.reason !== "busy");
    if (refused.some((refusal) => refusal.index < guard.length)) throw new GuardError();
    if (refused.some((refusal) => refusal.index >= guard.length + writes.length)) throw error;
    return false;
  }
}
