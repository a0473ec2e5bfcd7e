import { ProblemError } from "@cadastre/contract/errors";
import { type Actor, type Context, FIRST_ORGANIZATION, inOrganization } from "../context.ts";
import { GroupMemberItem, ROLE_BINDINGS_PARTITION, RoleBindingItem } from "../directory/items.ts";
import { readPrincipal } from "../directory/principals.ts";
import { situationOf } from "./authorize.ts";
import { decide, type Rule } from "./engine.ts";
import { placedHolder, toLinks } from "./rights.ts";
import { toCedarType } from "./schema.ts";
import { anOrganization } from "./things.ts";

/** Administrators that are looked at before it is said that nobody would be left. */
const MOST_LOOKED_AT = 200;

const WAY_BACK =
  "nobody would be left who administers the system and may change policies; bind SystemAdmin to somebody else before. Who is locked out gets in again by the recovery invocation (docs/operations.md), whose account no policy binds";

type Reading = Pick<Context, "table" | "organization" | "now">;

/** Role bindings of the context's organisation, oldest first, strongly consistent. */
async function* bindingsIn({ table }: Reading): AsyncGenerator<RoleBindingItem> {
  let cursor: string | undefined;
  do {
    const page = await table.query(RoleBindingItem, { partition: ROLE_BINDINGS_PARTITION, cursor, consistent: true });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Users and service accounts that a binding makes administrators: its holder, or those who are in the group. */
async function holdersOf({ table }: Reading, { principal }: RoleBindingItem) {
  if (principal.type !== "group") return [principal];
  const query = { partition: `group#${principal.id}`, sort: { beginsWith: "member#" }, limit: MOST_LOOKED_AT };
  const page = await table.query(GroupMemberItem, { ...query, consistent: true });
  return page.items.map((member) => member.principal);
}

/** What is about to be changed: the binding that goes, and the policies that stand then in the context's organisation. */
export interface Change {
  readonly without?: string;
  readonly rules: readonly Rule[];
}

/**
 * Throws 409 `access.last_admin` when after a change nobody who administers the system, and is not disabled, may change policies in the
 * context's organisation any more, from where the actor is and with the strongest proof of who it is. Bindings that end by themselves do
 * not count. Reads the bindings of the first organisation until one is found.
 */
export async function requireAdminLeft(context: Context, actor: Actor, { without, rules }: Change): Promise<void> {
  const first = inOrganization(context, FIRST_ORGANIZATION);
  const situation = { ...situationOf(context, actor), strength: 3, ageSeconds: 0 };
  let looked = 0;
  for await (const binding of bindingsIn(first)) {
    const { role, resource, expiresAt, id } = binding;
    if (role !== "SystemAdmin" || resource.type !== "system" || expiresAt !== undefined || id === without) continue;
    for (const ref of await holdersOf(first, binding)) {
      const stored = await readPrincipal(first, ref);
      looked += 1;
      if (looked > MOST_LOOKED_AT) break;
      if (!stored || stored.disabled) continue;
      // An account of a recovery is no way of administering: it is there to give the role to somebody.
      if ("recovery" in stored && stored.recovery) continue;
      const who = placedHolder({ ...ref, groups: stored.groups });
      const uid =
        binding.principal.type === "group" ? { type: toCedarType("group"), id: binding.principal.id } : who.uid;
      const links = toLinks(uid, [{ id, role, resource }], context.now());
      const isLeft = [true, false].some(
        (byToken) =>
          decide(
            { links, rules },
            {
              who,
              action: "policies:write",
              what: anOrganization(context.organization),
              situation: { ...situation, byToken },
            },
          ).allowed,
      );
      if (isLeft) return;
    }
  }
  throw new ProblemError("access.last_admin", WAY_BACK);
}
