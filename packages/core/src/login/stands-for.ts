import type { Stored } from "@cadastre/store/table";
import { guardSystemAdmins } from "../access/system-admins.ts";
import type { Actor, Context } from "../context.ts";
import type { UserItem } from "../directory/items.ts";
import { requireNoMore } from "../policies/grants.ts";
import { readUser } from "./login-epoch.ts";

/**
 * A user, as who the actor could log in by what it is about to do: so it is for who may do all that the user may. It is asked in the attempt whose
 * commit rests on the user's version, so that nobody becomes more meanwhile. Throws 404 `user.not_found`, 403 `access.exceeds`.
 */
export async function requireStandsFor(context: Context, actor: Actor, id: string): Promise<Stored<UserItem>> {
  const user = await readUser(context, id);
  const { groups, roles } = user;
  await guardSystemAdmins(context, actor)({ groups, roles });
  await requireNoMore(context, actor, { type: "user", id, groups, roles });
  return user;
}
