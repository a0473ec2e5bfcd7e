import { ProblemError } from "@cadastre/contract/errors";
import type { HeldRole } from "@cadastre/contract/principal";
import type { ScimLink } from "@cadastre/contract/scim-source";
import { check, type Stored, type Write } from "@cadastre/store/table";
import { guardSystemAdmins } from "../access/system-admins.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { requireGroup } from "../directory/groups.ts";
import { GroupItem, UserItem } from "../directory/items.ts";
import { requirePrincipal } from "../directory/principals.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import type { Values } from "./attribute.ts";
import { openPiece, placeResource } from "./resource-writes.ts";
import { requireSource } from "./sources.ts";

/** What a source is told of a user that it did not make. */
function saidOf({ displayName, email, disabled }: UserItem, externalId: string | undefined): Values {
  return {
    active: !disabled,
    ...(externalId === undefined ? {} : { externalId }),
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { emails: [{ value: email, type: "work", primary: true }] }),
  };
}

/** What is given to a source, as it stands: what the source is told of it, and that it stays so until the commit. */
interface Given {
  readonly type: "User" | "Group";
  readonly id: string;
  readonly values: Values;
  readonly guard: Write;
}

/** What throws when the actor could not give a group's roles, which whoever is in it holds, or may do less than a user, for whom the source can set a password. */
export interface LinkGuards {
  readonly requireMayGive: (roles: readonly HeldRole[]) => Promise<void>;
  readonly requireNoMore: (user: Stored<UserItem>) => Promise<void>;
}

async function readGiven(
  context: Context,
  actor: Actor,
  link: ScimLink,
  { requireMayGive, requireNoMore }: LinkGuards,
): Promise<Given> {
  const mayChange = guardSystemAdmins(context, actor);
  const { user: id, group: groupId = "", externalId } = link;
  if (id !== undefined) {
    const user = (await requirePrincipal(context, { type: "user", id })) as Stored<UserItem>;
    await mayChange(user);
    await requireNoMore(user);
    return { type: "User", id, values: saidOf(user, externalId), guard: check(UserItem, { id }, user.version) };
  }
  const group = await requireGroup(context, groupId);
  await mayChange(group);
  await requireMayGive(group.roles);
  const values = externalId === undefined ? {} : { externalId };
  return { type: "Group", id: groupId, values, guard: check(GroupItem, { id: groupId }, group.version) };
}

/**
 * Gives a user or a group to a source, which sees and changes it from now on: an admin's word, since no name and no address alone says who somebody
 * is. Of a group's members the source sees those that it has. Throws 404 `scim-source.not_found`, `user.not_found`, `group.not_found`, 403
 * `access.exceeds` and what `guards` throw, 409 `scim-source.linked` when a source has it. Writes what the source has of it, and one audit
 * record.
 */
export async function linkResource(
  context: Context,
  actor: Actor,
  source: string,
  link: ScimLink,
  guards: LinkGuards,
): Promise<void> {
  await retryOnConflict(async () => {
    await requireSource(context, source);
    const { type, id, values, guard } = await readGiven(context, actor, link, guards);
    const at = context.now().toISOString();
    const piece = await openPiece(context, { source, type });
    const item = { id, source, type, piece, values, createdAt: at, updatedAt: at };
    try {
      await commitRecorded(context, actor, [...placeResource(item), guard], {
        action: "scim-source.link",
        target: source,
        detail: { ...link },
      });
    } catch (error) {
      if (isTaken(error, 0)) throw new ProblemError("scim-source.linked", undefined, { cause: error });
      throw error;
    }
  });
}
