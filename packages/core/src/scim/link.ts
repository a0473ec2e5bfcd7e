import { ProblemError } from "@cadastre/contract/errors";
import type { ScimLink } from "@cadastre/contract/scim-source";
import { check, type Stored } from "@cadastre/store/table";
import { guardSystemAdmins } from "../access/system-admins.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { UserItem } from "../directory/items.ts";
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

/**
 * Gives a user to a source, which sees and changes it from now on: an admin's word, since no name and no address alone says who somebody is.
 * Throws 404 `scim-source.not_found`, `user.not_found`, 409 `scim-source.linked` when a source has the user. Writes what the source has
 * of it, and one audit record.
 */
export async function linkUser(
  context: Context,
  actor: Actor,
  source: string,
  { user: id, externalId }: ScimLink,
): Promise<void> {
  await retryOnConflict(async () => {
    await requireSource(context, source);
    const user = (await requirePrincipal(context, { type: "user", id })) as Stored<UserItem>;
    await guardSystemAdmins(context, actor)(user);
    const at = context.now().toISOString();
    const piece = await openPiece(context, { source, type: "User" });
    const item = {
      id,
      source,
      type: "User",
      piece,
      values: saidOf(user, externalId),
      createdAt: at,
      updatedAt: at,
    } as const;
    const writes = [...placeResource(item), check(UserItem, { id }, user.version)];
    try {
      await commitRecorded(context, actor, writes, {
        action: "scim-source.link",
        target: source,
        detail: { user: id, ...(externalId === undefined ? {} : { externalId }) },
      });
    } catch (error) {
      if (isTaken(error, 0)) throw new ProblemError("scim-source.linked", undefined, { cause: error });
      throw error;
    }
  });
}
