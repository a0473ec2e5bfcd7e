import { ProblemError } from "@cadastre/contract/errors";
import { type Group, type GroupPatch, group, type NewGroup } from "@cadastre/contract/group";
import { newId } from "@cadastre/contract/ids";
import { create, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { newRun } from "../jobs/start.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { EMPTY_GROUP } from "./empty-group.ts";
import { GroupItem } from "./items.ts";
import { commitNamed, listNamed } from "./named.ts";
import { placeWrites, renameWrites, unplaceWrites } from "./names.ts";
import { raisePolicyVersion } from "./organizations.ts";
import { type Seen, unbindWrites } from "./principals.ts";

const TYPE = "group" as const;

const viewIn =
  ({ organization }: Context) =>
  (stored: Stored<GroupItem>): Group =>
    group.parse({ ...stored, organization });

/** One group as it is stored. Throws 404 `group.not_found`. */
export async function requireGroup({ table }: Pick<Context, "table">, id: string): Promise<Stored<GroupItem>> {
  const stored = await table.get(GroupItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("group.not_found");
  return stored;
}

/** How a group is changed. */
interface ChangingGroup extends Seen {
  /** Throws when the actor may not change a group that holds these roles. */
  readonly mayChange?: (group: Pick<GroupItem, "roles">) => Promise<void>;
}

function requireSeen({ version }: Seen, stored: Stored<GroupItem>): void {
  if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
}

/** Makes a group, which is empty and has no role. Throws 409 `group.name_taken`. Writes it, its name, its place in the list, and one audit record. */
export async function createGroup(context: Context, actor: Actor, { name }: NewGroup): Promise<Group> {
  const now = context.now();
  const at = now.toISOString();
  const id = newId("group", now);
  const item: GroupItem = { id, name, roles: [], createdAt: at, createdBy: actorName(actor), updatedAt: at };
  await retryOnConflict(async () => {
    const writes = [
      ...placeWrites({ type: TYPE, id, organization: context.organization }, name),
      create(GroupItem, item),
    ];
    const entry = { action: "group.create", target: id, changes: changesBetween(undefined, { name }) } as const;
    await commitNamed(context, actor, { type: TYPE, name }, writes, entry);
  });
  return getGroup(context, id);
}

/** One group. Throws 404 `group.not_found`. */
export async function getGroup(context: Context, id: string): Promise<Group> {
  return viewIn(context)(await requireGroup(context, id));
}

/** Groups, oldest first, or the one that has a name. Throws 422 `cursor.invalid`. */
export function listGroups(
  context: Context,
  options: ListOptions & { readonly name?: string | undefined },
): Promise<Listed<Group>> {
  return listNamed(context, { type: TYPE, entity: GroupItem, toView: viewIn(context) }, options);
}

/** Changes a group's name; the same name writes nothing. Throws 404 `group.not_found`, 409 `group.name_taken`, 412 `request.precondition_failed`. Writes it, its name, and one audit record. */
export async function patchGroup(
  context: Context,
  actor: Actor,
  id: string,
  { name }: GroupPatch,
  seen: ChangingGroup,
): Promise<Group> {
  await retryOnConflict(async () => {
    const { version, ...stored } = await requireGroup(context, id);
    await seen.mayChange?.(stored);
    requireSeen(seen, { ...stored, version });
    if (name === undefined || name === stored.name) return;
    const renaming = renameWrites({ type: TYPE, id, organization: context.organization }, stored.name, name);
    const next = replace(GroupItem, { ...stored, name, updatedAt: context.now().toISOString() }, version);
    const changes = changesBetween({ name: stored.name }, { name });
    const entry = { action: "group.patch", target: id, changes } as const;
    await commitNamed(context, actor, { type: TYPE, name }, [...renaming, next], entry);
  });
  return getGroup(context, id);
}

/**
 * Removes a group: whatever its members held by it they hold no more. That they were in it is cleared away by a job. `also` is what else
 * goes in the commit that removes it, at most 30 writes. Throws 404
 * `group.not_found`, 412 `request.precondition_failed`. Writes the group's end, the job's run, and one audit record.
 */
export async function deleteGroup(
  context: Context,
  actor: Actor,
  id: string,
  seen: ChangingGroup,
  also: () => Promise<readonly Write[]> = async () => [],
): Promise<void> {
  await retryOnConflict(async () => {
    const stored = await requireGroup(context, id);
    await seen.mayChange?.(stored);
    requireSeen(seen, stored);
    const of = { now: context.now(), createdBy: actorName(actor), state: { group: id, done: 0 } };
    const { run, writes } = newRun({ name: EMPTY_GROUP }, of);
    const ended = [
      remove(GroupItem, { id }, stored.version),
      ...unplaceWrites({ type: TYPE, id, organization: context.organization }, stored.name),
      ...unbindWrites(stored),
      ...(stored.roles.length === 0 ? [] : [await raisePolicyVersion(context)]),
    ];
    const detail = { name: stored.name, job: run.id };
    await commitRecorded(context, actor, [...ended, ...writes, ...(await also())], {
      action: "group.delete",
      target: id,
      detail,
    });
  });
  context.onJobStarted?.();
}
