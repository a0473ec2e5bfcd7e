import type { ScopeError, ScopeStatus } from "@cadastre/contract/scope";
import { ConflictError } from "@cadastre/store/errors";
import { create, replace, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { BucketItem, type ScopeEntry, SweepItem } from "../scopes/items.ts";
import { byBucket } from "./buckets.ts";
import { addMarks, type Marks, markOn, settleMarks } from "./dirty.ts";
import type { RunScope } from "./items.ts";
import { inParts } from "./parts.ts";

const ATTEMPTS = 8;

/** A scope whose observation is now the register's. */
export interface Settled {
  readonly name: string;
  readonly digest: string;
  readonly generation: number;
  readonly status: ScopeStatus;
  readonly errors: readonly ScopeError[];
  readonly resources: number;
  readonly missing: number;
  readonly changed: boolean;
  readonly hold: string | undefined;
}

export interface SweptRun {
  readonly run: string;
  readonly source: string;
  readonly set: string;
  /** Empty when the run did not become the state of all its scopes: the next one is then compared scope by scope. */
  readonly root: string;
  readonly buckets: Uint8Array;
}

/** What a bucket may take of an item's 400 KB. */
const BUCKET_BYTES = 350_000;
/** How many errors of each scope a bucket shows, and how many characters of each, when all of them do not fit. */
const ERROR_LIMITS = [
  { errors: 3, characters: 200 },
  { errors: 1, characters: 80 },
  { errors: 0, characters: 0 },
];

/** The states with as much of their errors as one item holds: the scopes of an estate may all fail at once, and say much. */
function fitErrors(scopes: ScopeEntry[]): ScopeEntry[] {
  let fitting = scopes;
  for (const { errors: most, characters } of ERROR_LIMITS) {
    if (Buffer.byteLength(JSON.stringify(fitting)) <= BUCKET_BYTES) break;
    fitting = scopes.map(({ errors = [], ...scope }) => {
      const some = errors.slice(0, most).map((error) => ({
        ...error,
        message: [...error.message].slice(0, characters).join(""),
      }));
      return some.length > 0 ? { ...scope, errors: some } : scope;
    });
  }
  return fitting;
}

const NOTHING = new Uint8Array();

/** The state of a scope after a run, from the state before. An older generation changes nothing. */
export function decideEntry(before: ScopeEntry | undefined, after: Settled, set: string, at: string): ScopeEntry {
  if (before && before.generation > after.generation) return { ...before, set };
  const successAt = after.status === "complete" ? at : before?.successAt;
  const changeAt = after.changed ? at : before?.changeAt;
  return {
    name: after.name,
    digest: after.digest,
    set,
    status: after.status,
    ...(after.errors.length > 0 ? { errors: [...after.errors] } : {}),
    resources: after.resources,
    missing: after.missing,
    generation: after.generation,
    runAt: at,
    ...(successAt ? { successAt } : {}),
    ...(changeAt ? { changeAt } : {}),
    ...(after.hold ? { hold: after.hold } : {}),
  };
}

/** A scope that is as it was, now reported in another set. */
function decideMoved(before: ScopeEntry, set: string, at: string): ScopeEntry {
  return { ...before, set, runAt: at, ...(before.status === "complete" ? { successAt: at } : {}) };
}

/**
 * Makes a run the known state of its scopes: their buckets, the sweep of its set, and whatever else must hold with them, in
 * one commit when they fit. Sweeps of other sets that lose a scope to this one are emptied in it, so that none of them is taken for current.
 */
export async function settle(
  context: Context,
  run: SweptRun,
  same: readonly RunScope[],
  settled: readonly Settled[],
  more: readonly Write[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await trySettle(context, run, same, settled, more, attempt > 1);
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function trySettle(
  context: Context,
  run: SweptRun,
  same: readonly RunScope[],
  settled: readonly Settled[],
  more: readonly Write[],
  consistent: boolean,
): Promise<void> {
  const { table } = context;
  const { source, set } = run;
  const at = context.now().toISOString();
  const after = new Map(settled.map((scope) => [scope.name, scope]));
  const moved = new Map(same.map((scope) => [scope.name, scope.digest]));
  const concerned = [...byBucket([...settled, ...same])];
  const stored = await table.getMany(
    BucketItem,
    concerned.map(([bucket]) => ({ source, bucket })),
    { consistent },
  );
  const left = new Map<string, string[]>();
  let current = run.root !== "";
  const buckets = concerned.map(([bucket, members], index): Write => {
    const item = stored[index];
    const entries = new Map((item?.scopes ?? []).map((entry) => [entry.name, entry]));
    for (const { name } of members) {
      const before = entries.get(name);
      if (before && before.set !== set) left.set(before.set, [...(left.get(before.set) ?? []), name]);
      const scope = after.get(name);
      if (scope ? before && before.generation > scope.generation : before?.digest !== moved.get(name)) current = false;
      if (scope) entries.set(name, decideEntry(before, scope, set, at));
      else if (before) entries.set(name, decideMoved(before, set, at));
    }
    const next: BucketItem = {
      source,
      bucket,
      scopes: fitErrors([...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1))),
    };
    return item ? replace(BucketItem, next, item.version) : create(BucketItem, next);
  });
  const sweeps = await table.getMany(
    SweepItem,
    [set, ...left.keys()].map((of) => ({ source, set: of })),
    { consistent },
  );
  const [own, ...others] = sweeps;
  let marks = own?.dirty ?? {};
  for (const other of others) {
    for (const [by, names] of marksOfOthers(other?.dirty ?? {}, left.get(other?.set ?? "") ?? [], run.run)) {
      marks = addMarks(marks, names, by, false);
    }
  }
  const emptied = others.flatMap((other): Write[] => {
    if (!other) return [];
    const { version, ...item } = other;
    const gone = new Set(left.get(other.set));
    const kept = Object.fromEntries(Object.entries(item.dirty).filter(([name]) => !gone.has(name)));
    return [replace(SweepItem, { ...item, root: "", buckets: NOTHING, dirty: kept }, version)];
  });
  const toSweep = (before: Marks): SweepItem => {
    const dirty = settleMarks(before, (name) => after.has(name), run.run);
    const root = current && Object.keys(dirty).length === 0 ? run.root : "";
    return { source, set, root, buckets: current ? run.buckets : NOTHING, dirty, run: run.run, at };
  };
  const write = (sweep: SweepItem) => (own ? replace(SweepItem, sweep, own.version) : create(SweepItem, sweep));
  const whole = inParts([...buckets, write(toSweep(marks)), ...emptied, ...more]);
  if (whole.length === 1) {
    await table.commit(whole[0] ?? []);
    return;
  }

  // Too much for one commit: until the last one no sweep speaks for any of these scopes, so a crash in between loses nothing.
  const open: SweepItem = { source, set, root: "", buckets: NOTHING, dirty: marks, run: run.run, at };
  await table.commit([write(open), ...emptied]);
  const held = await table.get(SweepItem, { source, set }, { consistent: true });
  for (const part of inParts(buckets)) await table.commit(part);
  if (held) await table.commit([replace(SweepItem, toSweep(held.dirty), held.version), ...more]);
}

/** Runs that have opened some of the scopes after this one, or in another set: their marks go with the scopes. */
function marksOfOthers(marks: Marks, names: readonly string[], run: string): Map<string, string[]> {
  const others = names.filter((name) => (markOn(marks, name) ?? run) !== run);
  return Map.groupBy(others, (name) => markOn(marks, name) as string);
}
