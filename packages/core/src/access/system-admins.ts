import { ProblemError } from "@cadastre/contract/errors";
import type { HeldRole } from "@cadastre/contract/principal";
import { type Actor, type Context, FIRST_ORGANIZATION } from "../context.ts";
import { GroupItem } from "../directory/items.ts";
import { isSystemAdmin } from "./act-in.ts";

/** Somebody, or a group, with the roles that it holds and the groups that it is in. */
interface Holder {
  readonly roles: readonly HeldRole[];
  readonly groups?: readonly string[];
}

async function someAdministers({ table, now }: Context, holders: readonly Holder[]): Promise<boolean> {
  const ids = [...new Set(holders.flatMap(({ groups = [] }) => groups))];
  const keys = ids.map((id) => ({ id }));
  const groups = await table.getMany(GroupItem, keys, { consistent: true });
  const at = now().toISOString();
  const held = [...holders, ...groups].flatMap((one) => one?.roles ?? []);
  return held.some(({ role, expiresAt }) => role === "SystemAdmin" && (expiresAt === undefined || expiresAt > at));
}

/**
 * Makes what is asked of holders that are about to be changed, whether the actor may: who does not administer the system changes nobody who does,
 * and no group that makes one, in no way: not by a name, a place in a group, a link, a token, a password or a source. What it makes throws 403
 * `access.exceeds`. It is asked in the attempt whose commit rests on the holders' versions. Reads the groups that they are in, unless the
 * actor administers the system.
 */
export function guardSystemAdmins(context: Context, { principal }: Actor): (...holders: Holder[]) => Promise<void> {
  return async (...holders) => {
    // Who administers the system is of the first organization.
    if (context.organization !== FIRST_ORGANIZATION) return;
    if ((await isSystemAdmin(context, principal)) || !(await someAdministers(context, holders))) return;
    throw new ProblemError("access.exceeds", "it administers the system: only who does changes it");
  };
}
