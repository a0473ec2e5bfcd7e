import { BootstrapItem } from "../access/items.ts";
import { type Context, systemActor } from "../context.ts";
import { UserItem } from "../directory/items.ts";
import { PasswordItem } from "./items.ts";
import { createLoginLink, type GivenLink } from "./login-links.ts";

const ACTOR = systemActor("setup");

/**
 * A link by which the first admin sets a password, for as long as that one has none: there is no default password. Undefined once it is
 * set, and where that user is disabled or gone. Each call makes one. Writes its hash and one audit record.
 */
export async function createSetupLink(context: Context): Promise<GivenLink | undefined> {
  const made = await context.table.get(BootstrapItem, { source: "admin" }, { consistent: true });
  if (made?.user === undefined) return undefined;
  const [user, password] = await Promise.all([
    context.table.get(UserItem, { id: made.user }, { consistent: true }),
    context.table.get(PasswordItem, { user: made.user }, { consistent: true }),
  ]);
  if (!user || user.disabled || password) return undefined;
  return createLoginLink(context, ACTOR, { user: user.id, purpose: "setup" });
}
