import { remove } from "@cadastre/store/table";
import { guardSystemAdmins } from "../access/system-admins.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { canonicalName } from "../directory/canonical-name.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { LockoutItem } from "./items.ts";
import { lockoutSlot } from "./lockout.ts";
import { readUser } from "./login-epoch.ts";

/**
 * Lets a user of the context's organization log in again after too many failures, of password and second factor alike. One that is not
 * locked stays as it is. Throws 404 `user.not_found`, 403 `access.exceeds` of who administers the system for who does not. Forgets the failures, and writes one audit record.
 */
export async function unlockUser(
  context: Context,
  loginKey: () => Promise<string>,
  actor: Actor,
  id: string,
): Promise<void> {
  const key = await loginKey();
  await retryOnConflict(async () => {
    const { userName, ...user } = await readUser(context, id);
    await guardSystemAdmins(context, actor)(user);
    const name = `${context.organization}\n${canonicalName(userName)}`;
    const slots = [lockoutSlot(key, { kind: "password", of: name }), lockoutSlot(key, { kind: "factor", of: id })];
    const writes = slots.map((slot) => remove(LockoutItem, { slot }));
    await commitRecorded(context, actor, writes, { action: "user.unlock", target: id });
  });
}
