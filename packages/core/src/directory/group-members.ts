import { ProblemError } from "@cadastre/contract/errors";
import { groupMember } from "@cadastre/contract/group";
import type { HeldRole, PrincipalRef } from "@cadastre/contract/principal";
import { check, create, remove } from "@cadastre/store/table";
import type * as z from "zod";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { requireGroup } from "./groups.ts";
import { GroupItem, GroupMemberItem } from "./items.ts";
import { type Changing, type MayChange, principalWrite, requirePrincipal } from "./principals.ts";

export type GroupMember = z.output<typeof groupMember>;

/** Groups that one can be in: all of them are read on each of one's requests. */
export const MOST_GROUPS = 200;

/**
 * Puts a user or service account into a group; one that is in it stays so. Throws 404 `group.not_found`, `user.not_found`,
 * `service-account.not_found`, 409 `group.too_many`, and what `requireMayGive`
 * throws when the actor may not give what the group holds, and `mayChange` when it may not change whom it puts in. Writes the membership, the principal's own item, and one audit record.
 */
export async function addGroupMember(
  context: Context,
  actor: Actor,
  id: string,
  principal: PrincipalRef,
  {
    requireMayGive,
    mayChange,
  }: { readonly requireMayGive?: (roles: readonly HeldRole[]) => Promise<void>; readonly mayChange?: MayChange } = {},
): Promise<void> {
  await retryOnConflict(async () => {
    const { version, roles } = await requireGroup(context, id);
    await requireMayGive?.(roles);
    const stored = await requirePrincipal(context, principal);
    await mayChange?.(stored);
    if (stored.groups.includes(id)) return;
    if (stored.groups.length >= MOST_GROUPS) {
      throw new ProblemError(
        "group.too_many",
        `${principal.id} is in ${stored.groups.length} groups; allowed: ${MOST_GROUPS}`,
      );
    }
    const addedAt = context.now().toISOString();
    const writes = [
      create(GroupMemberItem, { group: id, principal, addedAt }),
      principalWrite(stored, { groups: [...stored.groups, id] }),
      check(GroupItem, { id }, version),
    ];
    await commitRecorded(context, actor, writes, { action: "group.add", target: id, detail: { member: principal.id } });
  });
}

/** Takes one out of a group; one that is not in it stays so. Throws 404 as above. Writes what putting in wrote, and one audit record. */
export async function removeGroupMember(
  context: Context,
  actor: Actor,
  id: string,
  principal: PrincipalRef,
  { mayChange, rests }: Pick<Changing, "mayChange" | "rests"> = {},
): Promise<void> {
  await retryOnConflict(async () => {
    await requireGroup(context, id);
    const stored = await requirePrincipal(context, principal);
    await mayChange?.(stored);
    if (!stored.groups.includes(id)) return;
    const writes = [
      remove(GroupMemberItem, { group: id, principal }),
      principalWrite(stored, { groups: stored.groups.filter((group) => group !== id) }),
      ...((await rests?.()) ?? []),
    ];
    const detail = { member: principal.id };
    await commitRecorded(context, actor, writes, { action: "group.remove", target: id, detail });
  });
}

/** Who is in a group, by id, so users after service accounts. Throws 404 `group.not_found`, 422 `cursor.invalid`. */
export async function listGroupMembers(
  context: Context,
  id: string,
  options: ListOptions,
): Promise<Listed<GroupMember>> {
  await requireGroup(context, id);
  return selectPage(
    context,
    {
      list: "group-members",
      filters: { group: id },
      entity: GroupMemberItem,
      partition: `group#${id}`,
      beginsWith: "member#",
      select: async (items) => items.map((item) => groupMember.parse(item)),
    },
    options,
  );
}
