import { ConflictError } from "@cadastre/store/errors";
import { COMMIT_LIMIT, check, remove, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { EventItem } from "../feed/items.ts";
import { inGroups } from "../in-parallel.ts";
import type { Forget, Forgotten } from "../jobs/forget.ts";
import { SaidItem } from "../said/items.ts";
import { subjectPartition } from "../subject.ts";
import { IndexItem } from "../subjects/items.ts";
import { ownerEntries, partitions, subjectOf } from "../subjects/keys.ts";
import { createCountSums } from "./counts.ts";
import { countedOf, indexedAs, resourceEntries } from "./entries.ts";
import { ResourceItem, resourceSubject } from "./items.ts";
import type { StoredResource } from "./view.ts";

const AT_ONCE = 20;
/** Writes of each commit beside what it removes: the runner's guard, the resource and what is said of it. */
const OWN_WRITES = 3;

async function readEvents({ table }: Context, partition: string): Promise<Write[]> {
  const removals: Write[] = [];
  let cursor: string | undefined;
  do {
    const page = await table.query(EventItem, { partition, sort: { beginsWith: "event#" }, cursor, consistent: true });
    removals.push(...page.items.map((event) => remove(EventItem, event)));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return removals;
}

/**
 * Removes one resource with all that is its own: events, what people said of it, index entries, its share of the counts. Each
 * commit holds only while the resource is as it was read and the runner has the lease, and the resource goes last: killed
 * between two commits, the next run goes on with it. False when it stays: it has returned, was spoken of, or a guest of a shared one has it.
 */
async function forgetResource(
  context: Context,
  resource: StoredResource,
  { endedBefore, guard }: Forget,
): Promise<boolean> {
  // Somebody sees it still, of whom it would have to be asked for anew when its owner has it again.
  if (resource.claims.length > 0) return false;
  const subject = resourceSubject(resource.idHash);
  const said = await context.table.get(SaidItem, { subject }, { consistent: true });
  if (said && said.changedAt >= endedBefore.toISOString()) return false;
  const entries = [...resourceEntries(resource), ...ownerEntries(indexedAs(resource), said?.owner ?? "")];
  const removals = [
    ...entries.map((entry) => remove(IndexItem, entry)),
    ...(await readEvents(context, subjectPartition(subject))),
  ];
  const counts = createCountSums();
  counts.add({ before: countedOf(resource) });
  const groups = inGroups(removals, COMMIT_LIMIT - OWN_WRITES - counts.size());
  const isIt = check(ResourceItem, resource, resource.version);
  const isSaid = said ? check(SaidItem, said, said.version) : check(SaidItem, { subject }, "absent");
  try {
    for (const some of groups.slice(0, -1)) await context.table.commit([guard, isIt, isSaid, ...some]);
    const last = [
      remove(ResourceItem, resource, resource.version),
      said ? remove(SaidItem, said, said.version) : isSaid,
      ...counts.writes(),
      ...(groups.at(-1) ?? []),
    ];
    await context.table.commit([guard, ...last]);
    return true;
  } catch (error) {
    if (error instanceof ConflictError && error.refusals.every(({ index, reason }) => index > 0 && reason !== "busy"))
      return false;
    throw error;
  }
}

/**
 * Removes resources that were retired before a time and of which nobody has said anything since, up to 20 a call. Reads those
 * alone that are due, by when they were retired. Repeated, it finds what is left. Writes resource, event, said, index and count
 * items.
 */
export async function forgetResources(context: Context, forget: Forget): Promise<Forgotten> {
  const { endedBefore, after } = forget;
  const sort = { ...(after === undefined ? {} : { after }), before: endedBefore.toISOString() };
  const page = await context.table.query(IndexItem, {
    partition: partitions.gone(),
    sort,
    limit: AT_ONCE,
    consistent: true,
  });
  const keys = page.items.map((entry) => ({ idHash: subjectOf(entry).key }));
  const resources = await context.table.getMany(ResourceItem, keys, { consistent: true });
  let removed = 0;
  for (const [at, entry] of page.items.entries()) {
    const resource = resources[at];
    if (resource?.retiredAt !== undefined && resource.retiredAt < endedBefore.toISOString()) {
      if (await forgetResource(context, resource, forget)) removed += 1;
      // What was interrupted may have left an entry of an earlier time.
    } else await context.table.commit([forget.guard, remove(IndexItem, entry)]);
  }
  const next = page.cursor === undefined ? undefined : page.items.at(-1)?.s;
  return { removed, ...(next === undefined ? {} : { next }) };
}
