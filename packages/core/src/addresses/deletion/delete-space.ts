import { MOST_COUNTED, type Space, type SpaceRemoval } from "@cadastre/contract/addresses/space";
import { ProblemError } from "@cadastre/contract/errors";
import type { AnyEntity } from "@cadastre/store/entity";
import { check, create, type Query, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { KEPT_SECONDS } from "../../jobs/end.ts";
import { JobCancelItem, JobRunItem } from "../../jobs/items.ts";
import { isCancelWanted, readRun } from "../../jobs/read.ts";
import { runNow } from "../../jobs/run-now.ts";
import { newRun } from "../../jobs/start.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { closingWrites } from "../spaces/gate.ts";
import { AddressSpaceItem } from "../spaces/items.ts";
import { requireSpace } from "../spaces/read.ts";
import { toSpaceView } from "../spaces/spaces.ts";
import { IpItem, spacePartition } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";
import { boundsOf } from "../tree/ranges.ts";
import { SPACE_CONTENTS } from "./contents.ts";
import { type DeletionState, emptySpace } from "./empty-space.ts";

/** A space with little in it is gone when whoever asked has its answer. */
const MOST_SECONDS_AT_ONCE = 5;

interface Seen {
  /** The version that the caller saw (If-Match). */
  readonly version?: number | undefined;
}

function requireSeen({ version }: Seen, stored: Stored<AddressSpaceItem>): void {
  if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
}

async function countOf({ table }: Context, entity: AnyEntity, query: Omit<Query, "cursor" | "limit">) {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await table.query(entity, { ...query, cursor, limit: MOST_COUNTED + 1 - count });
    count += page.items.length;
    cursor = page.cursor;
  } while (cursor !== undefined && count <= MOST_COUNTED);
  return count > MOST_COUNTED ? { count: MOST_COUNTED, more: true as const } : { count };
}

async function contentsOf(context: Context, space: string): Promise<SpaceRemoval["contents"]> {
  const prefixes = { partition: spacePartition(space), sort: boundsOf(undefined) };
  const counted = SPACE_CONTENTS.filter(({ of }) => of !== undefined);
  const contents = [
    { of: "prefixes", ...(await countOf(context, IpItem, prefixes)) },
    ...(await Promise.all(
      counted.map(async ({ of = "", entity, partition, sort }) => {
        const query = { partition: partition(space), ...(sort ? { sort } : {}) };
        return { of, ...(await countOf(context, entity, query)) };
      }),
    )),
  ];
  return contents.filter(({ count }) => count > 0);
}

/**
 * What would go with an address space: of each sort 10,000 are counted at the most. Writes nothing. Throws 404 `space.not_found`, 412
 * `request.precondition_failed`.
 */
export async function previewDeletion(context: Context, id: string, seen: Seen = {}): Promise<SpaceRemoval> {
  requireSeen(seen, await requireSpace(context, id));
  await settle(context, id);
  return { contents: await contentsOf(context, id) };
}

/** The run that deletes a space, where one is at it. */
async function readDeleting(context: Context, { deletion }: AddressSpaceItem) {
  const run = deletion && (await readRun(context, deletion.job));
  return run?.endedAt === undefined ? run : undefined;
}

/**
 * Decides that an address space is deleted. From that commit on nothing comes in: what was decided before fails by the gate. One that is being deleted
 * answers the run that is at it, or has another one go on with what was stopped. Throws 404 `space.not_found`, 412 `request.precondition_failed`. Writes
 * the space, its gate, the run, and one audit record; the job removes all else.
 */
export async function deleteSpace(context: Context, actor: Actor, id: string, seen: Seen = {}): Promise<SpaceRemoval> {
  const job = await retryOnConflict(async () => {
    const stored = await requireSpace(context, id);
    requireSeen(seen, stored);
    const running = await readDeleting(context, stored);
    if (running) return running.id;
    const now = context.now();
    const createdBy = actorName(actor);
    const state: DeletionState = { space: id, by: createdBy, part: 0, done: 0 };
    const { run, writes } = newRun(emptySpace, { now, createdBy, state });
    const { version, ...item } = stored;
    const deletion = { since: now.toISOString(), ...item.deletion, job: run.id };
    const all = [replace(AddressSpaceItem, { ...item, deletion }, version), ...closingWrites(context, id), ...writes];
    const detail = { name: stored.name, job: run.id };
    await commitRecorded(context, actor, all, { action: "space.delete", target: id, detail });
    return run.id;
  });
  await settle(context, id);
  const contents = await contentsOf(context, id);
  await runNow(context, emptySpace, job, new Date(context.now().getTime() + MOST_SECONDS_AT_ONCE * 1000));
  return { contents, job };
}

/** What has a run stop before its next step. */
async function stoppingWrites(context: Context, actor: Actor, job: string): Promise<Write[]> {
  const run = await readRun(context, job);
  if (!run || run.endedAt !== undefined || (await isCancelWanted(context, job))) return [];
  const now = context.now();
  const cancel = {
    id: job,
    requestedAt: now.toISOString(),
    requestedBy: actorName(actor),
    expiresAtSeconds: Math.floor(now.getTime() / 1000) + KEPT_SECONDS,
  };
  return [create(JobCancelItem, cancel), check(JobRunItem, { id: job }, "present")];
}

/**
 * Keeps what is left of an address space that is being deleted, and opens it again: each commit of the job rests on the space as it was, so that none
 * comes after. Throws 404 `space.not_found`, 409 `space.not_deleting`, and `space.deleting` once its prefixes are gone. Writes the space, a cancel item
 * of the run, and one audit record.
 */
export async function keepSpace(context: Context, actor: Actor, id: string): Promise<Space> {
  await retryOnConflict(async () => {
    const { version, ...stored } = await requireSpace(context, id);
    const { deletion, ...item } = stored;
    if (deletion === undefined) throw new ProblemError("space.not_deleting");
    if (deletion.isFinal) throw new ProblemError("space.deleting", "its prefixes are gone, and so will be the rest");
    const stop = await stoppingWrites(context, actor, deletion.job);
    const detail = { name: item.name, job: deletion.job };
    await commitRecorded(context, actor, [replace(AddressSpaceItem, item, version), ...stop], {
      action: "space.keep",
      target: id,
      detail,
    });
  });
  return toSpaceView(await requireSpace(context, id));
}
