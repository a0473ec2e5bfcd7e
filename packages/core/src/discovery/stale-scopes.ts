import { fromScopeName } from "@cadastre/contract/scope";
import { ConflictError } from "@cadastre/store/errors";
import { check, create, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../context.ts";
import { laterOf, recordChange } from "../feed/record-change.ts";
import { inGroups } from "../in-parallel.ts";
import { defineJob } from "../jobs/define.ts";
import { pageOf, type ScopeEntry } from "../ledger/entry.ts";
import { followStale } from "../ledger/gaps.ts";
import { entriesOf, SetItem, STALE, StaleItem, type StoredSet, stalePage, unpackDigests } from "../ledger/items.ts";
import { readAllSets, readPages, readSources, toReported } from "../ledger/read.ts";
import { scopeSubject } from "./record-turns.ts";
import { decideMarks, decidePlan, isAllMarked, type MarkChange, type StalePlan } from "./stale-marks.ts";

/** What one step does at the most: sources in which nothing is to be done, or pages, or marks. */
const STEP_SOURCES = 20;
const STEP_PAGES = 16;
const STEP_MARKS = 300;
/** A mark takes four writes, and shares its commit with two guards. */
const COMMIT_MARKS = 24;

const state = z.object({
  /** Sources up to this one are done. */
  after: z.string().optional(),
  /** The source that is being looked through, what is left of it, and the sets to be noted as marked whole at its end. */
  walk: z.object({ source: z.string(), pages: z.array(z.int()), sets: z.record(z.string(), z.int()) }).optional(),
  marked: z.int(),
  returned: z.int(),
});
type State = z.output<typeof state>;
type Walk = NonNullable<State["walk"]>;
type Mark = Stored<StaleItem>;

async function readMarks({ table }: Context, source: string, beginsWith: string): Promise<Mark[]> {
  const marks: Mark[] = [];
  let cursor: string | undefined;
  do {
    const page = await table.query(StaleItem, { partition: `ledger#${source}`, sort: { beginsWith }, cursor });
    marks.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return marks;
}

/** What is to be looked at of a source. Most times nothing: that costs the bytes of its sets and marks. */
async function readPlan(context: Context, source: string): Promise<StalePlan | undefined> {
  const sets = await readAllSets(context, source);
  if (isAllMarked(sets)) return undefined;
  const pagesOf = (set: StoredSet) => unpackDigests(set.digests).keys();
  return decidePlan(sets, pagesOf, await readMarks(context, source, STALE), context.now().getTime());
}

/** The next source that has something to do, of as many as one step looks at. */
async function findWalk(context: Context, before: State): Promise<State & { readonly isEnd: boolean }> {
  let looked = 0;
  let after = before.after;
  for await (const source of readSources(context, { from: after })) {
    if (source === before.after) continue;
    const plan = await readPlan(context, source);
    if (plan) return { ...before, walk: { source, ...mutable(plan) }, isEnd: false };
    after = source;
    if (++looked === STEP_SOURCES) return { ...before, after, isEnd: false };
  }
  return { ...before, ...(after === undefined ? {} : { after }), isEnd: true };
}

const mutable = ({ pages, sets }: StalePlan) => ({ pages: [...pages], sets: { ...sets } });

const markOf = (source: string, { name, set }: ScopeEntry) => ({ source, name, page: pageOf(name), set });

/** The writes that change a mark and tell of it. */
function writesOf(context: Context, source: string, set: StoredSet | undefined, change: MarkChange<Mark>): Write[] {
  const { entry, mark, becomes } = change;
  if (becomes === "moved")
    return [replace(StaleItem, { ...markOf(source, entry), markedAt: mark.markedAt }, mark.version)];
  const isStale = becomes === "stale";
  const before = isStale ? toReported(entry, set).at : Date.parse(mark.markedAt);
  // A millisecond later, so that a scope's turns have different times whatever the clock says.
  const at = laterOf(context.now().toISOString(), new Date(before + 1).toISOString());
  const subject = scopeSubject({ source, name: entry.name });
  const told = recordChange(context, {
    subject,
    id: subject.key,
    type: isStale ? "stale" : entry.status,
    at,
    stream: "o",
    sequence: entry.generation,
    actor: "system",
    changes: [{ path: "stale", before: !isStale, after: isStale }],
    place: fromScopeName(entry.name),
  });
  const gap = followStale({ source, name: entry.name }, isStale, at);
  if (isStale) return [create(StaleItem, { ...markOf(source, entry), markedAt: at }), gap, ...told];
  return [remove(StaleItem, mark, mark.version), gap, ...told];
}

/** Commits changes of marks of one set, each with what it tells; false when the set was reported meanwhile, or another did it. */
async function tryMark(context: Context, guard: readonly Write[], writes: readonly Write[]): Promise<boolean> {
  try {
    await context.table.commit([...guard, ...writes]);
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}

interface Walked {
  readonly walk: Walk;
  readonly marked: number;
  readonly returned: number;
}

/** Sees to the marks of some pages, the first ones that are left. What one step does not manage is left to the next. */
async function walkPages(context: Context, { source, pages, sets: open }: Walk, runGuard: Write): Promise<Walked> {
  const sets = await readAllSets(context, source);
  const now = context.now().getTime();
  const left = new Map(Object.entries(open));
  let [marked, returned, done] = [0, 0, 0];
  for (const page of pages.slice(0, STEP_PAGES)) {
    if (marked + returned >= STEP_MARKS) break;
    const stored = await readPages(context, source, [page], { consistent: true });
    const marks = new Map((await readMarks(context, source, stalePage(page))).map((mark) => [mark.name, mark]));
    const { changes, awake } = decideMarks(entriesOf(stored.get(page)), sets, marks, now);
    for (const set of awake) left.delete(set);
    for (const [name, ofSet] of Map.groupBy(changes, ({ entry }) => entry.set)) {
      const set = sets.get(name);
      const guard = [runGuard, ...(set ? [check(SetItem, { source, set: name }, set.version)] : [])];
      for (const some of inGroups(ofSet, COMMIT_MARKS)) {
        const writes = some.flatMap((change) => writesOf(context, source, set, change));
        if (!(await tryMark(context, guard, writes))) {
          left.delete(name);
          break;
        }
        marked += some.filter(({ becomes }) => becomes === "stale").length;
        returned += some.filter(({ becomes }) => becomes === "back").length;
      }
    }
    done++;
  }
  return { walk: { source, pages: pages.slice(done), sets: Object.fromEntries(left) }, marked, returned };
}

/** Notes at sets that all their scopes are marked, where they are still as they were before the walk. */
async function noteMarked(context: Context, { source, sets: walked }: Walk, runGuard: Write): Promise<void> {
  const sets = await readAllSets(context, source);
  for (const [name, seen] of Object.entries(walked)) {
    const stored = sets.get(name);
    if (stored?.version !== seen) continue;
    const { version, ...set } = stored;
    await tryMark(context, [runGuard], [replace(SetItem, { ...set, marked: true }, version)]);
  }
}

/**
 * Tells of scopes that are not reported any more, and of those that are again. A run writes nothing for it: what it reports is
 * in its set's time, and what has a mark is told when this job comes round next. Lists say at once what is stale, by the time.
 * A step is bounded; done again, it finds what is left.
 */
export const staleScopes = defineJob({
  name: "stale-scopes",
  about:
    "Tells which scopes no collector reports any more, and which it does again; until then the feed of changes does not have it",
  schedule: "*/5 * * * *",
  initial: { marked: 0, returned: 0 },
  leaseSeconds: 60,
  state,
  async step(context, { state: before, guard }) {
    const { walk, ...rest } = before;
    let next: State;
    let isEnd = false;
    if (!walk) {
      ({ isEnd, ...next } = await findWalk(context, before));
    } else if (walk.pages.length > 0) {
      const { walk: left, marked, returned } = await walkPages(context, walk, guard);
      next = { ...rest, walk: left, marked: rest.marked + marked, returned: rest.returned + returned };
    } else {
      await noteMarked(context, walk, guard);
      next = { ...rest, after: walk.source };
    }
    const message = `${next.marked} stale, ${next.returned} reported again`;
    return { state: next, progress: { done: next.marked + next.returned, unit: "scopes", message }, done: isEnd };
  },
});
