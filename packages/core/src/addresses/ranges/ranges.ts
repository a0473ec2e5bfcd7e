import type { NewRange, Range } from "@cadastre/contract/addresses/range";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { create, put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace } from "../spaces/gate.ts";
import { requireSpace } from "../spaces/read.ts";
import { createEdit, type Edit, MOST_WRITES } from "../tree/edit.ts";
import { auditTarget, spacePartition } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";
import { RANGES, RangeIdItem, RangeItem } from "./items.ts";
import { placeRange } from "./place-range.ts";

async function requireRange({ table }: Context, space: string, id: string): Promise<Stored<RangeItem>> {
  const place = await table.get(RangeIdItem, { id }, { consistent: true });
  const item = place?.space === space ? await table.get(RangeItem, place, { consistent: true }) : undefined;
  if (item?.id !== id) throw new ProblemError("range.not_found");
  return item;
}

interface Seen {
  /** The version that the caller saw (If-Match). */
  readonly version?: number | undefined;
}

function requireSeen({ version }: Seen, stored: Stored<RangeItem>): void {
  if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
}

/** All writes of a change of a range, when they fit one commit. Throws 409 `ip.too_much_inside`. */
function fitting(own: readonly Write[], edit: Edit, checks: readonly Write[]): Write[] {
  const writes = [...own, ...edit.writes(own.length + checks.length), ...checks];
  if (writes.length <= MOST_WRITES) return writes;
  const detail = "the range goes over more parts of prefixes than one step takes; note it in parts";
  throw new ProblemError("ip.too_much_inside", detail);
}

/**
 * Notes a range. Throws 404 `space.not_found`, 409 `space.deleting`, `range.overlaps`, `ip.too_much_inside`. Writes it, where it is, the windows of
 * the prefixes that it goes over, and one audit record.
 */
export async function createRange(context: Context, actor: Actor, space: string, input: NewRange): Promise<Range> {
  const at = context.now().toISOString();
  const id = newId("range", context.now());
  const item: RangeItem = { ...input, id, space, createdOn: at, createdBy: actorName(actor), modifiedOn: at };
  await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    await settle(context, space);
    const edit = createEdit(context.table, space);
    const checks = await placeRange(context, edit, space, item, "put");
    const own = [create(RangeItem, item), create(RangeIdItem, item), gate];
    const changes = changesBetween(undefined, { space, ...input });
    const entry = { action: "range.create", target: auditTarget(item), changes } as const;
    await commitRecorded(context, actor, fitting(own, edit, checks), entry);
  });
  return requireRange(context, space, id);
}

/** One range. Throws 404 `space.not_found`, `range.not_found`. */
export async function getRange(context: Context, space: string, id: string): Promise<Range> {
  await requireSpace(context, space);
  return requireRange(context, space, id);
}

/** The ranges of a space in the order of their first addresses. Throws 404 `space.not_found`, 422 `cursor.invalid`. */
export async function listRanges(context: Context, space: string, options: ListOptions): Promise<Listed<Range>> {
  await requireSpace(context, space);
  const partition = spacePartition(space);
  const select = async (items: readonly Stored<RangeItem>[]) => items;
  return selectPage(
    context,
    { list: "ranges", filters: { space }, entity: RangeItem, partition, beginsWith: RANGES, select },
    options,
  );
}

/**
 * Says something else of a range: its addresses, its flags. Throws 404 `space.not_found`, `range.not_found`, 412 `request.precondition_failed`, and
 * what `createRange` throws. Writes what that writes; nothing when nothing changes.
 */
export async function replaceRange(
  context: Context,
  actor: Actor,
  space: string,
  id: string,
  input: NewRange,
  seen: Seen,
): Promise<Range> {
  await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    await settle(context, space);
    const stored = await requireRange(context, space, id);
    requireSeen(seen, stored);
    const { version, ...before } = stored;
    const modifiedOn = laterOf(context.now().toISOString(), stored.modifiedOn);
    const item = { ...before, ...input, modifiedOn };
    const changes = changesBetween({ ...before, modifiedOn }, item);
    if (changes.length === 0) return;
    const edit = createEdit(context.table, space);
    const checks = [
      ...(await placeRange(context, edit, space, stored, "take")),
      ...(await placeRange(context, edit, space, item, "put")),
    ];
    const written =
      item.start === stored.start
        ? [replace(RangeItem, item, version)]
        : [remove(RangeItem, stored, version), create(RangeItem, item), put(RangeIdItem, item)];
    const entry = { action: "range.replace", target: auditTarget(item), changes } as const;
    await commitRecorded(context, actor, fitting([...written, gate], edit, checks), entry);
  });
  return requireRange(context, space, id);
}

/**
 * Removes a range. Throws 404 `space.not_found`, `range.not_found`, 412 `request.precondition_failed`. Writes the windows of the prefixes that it goes
 * over, and one audit record.
 */
export async function deleteRange(
  context: Context,
  actor: Actor,
  space: string,
  id: string,
  seen: Seen,
): Promise<void> {
  await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    await settle(context, space);
    const stored = await requireRange(context, space, id);
    requireSeen(seen, stored);
    const edit = createEdit(context.table, space);
    const checks = await placeRange(context, edit, space, stored, "take");
    const own = [remove(RangeItem, stored, stored.version), remove(RangeIdItem, stored), gate];
    const { start, end, name } = stored;
    const entry = { action: "range.delete", target: auditTarget(stored), detail: { space, start, end, name } } as const;
    await commitRecorded(context, actor, fitting(own, edit, checks), entry);
  });
}
