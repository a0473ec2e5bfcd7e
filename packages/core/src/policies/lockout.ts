import { ProblemError } from "@cadastre/contract/errors";
import { type Actor, type Context, FIRST_ORGANIZATION, inOrganization } from "../context.ts";
import { GroupMemberItem, ROLE_BINDINGS_PARTITION, RoleBindingItem } from "../directory/items.ts";
import { readPrincipal } from "../directory/principals.ts";
import { decide, type Rule } from "./engine.ts";
import { placedHolder, readPolicies, toLinks, toRules } from "./rights.ts";
import { toCedarType } from "./schema.ts";
import { situationOf } from "./situation.ts";
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

/** What is about to be changed: the binding, the group or the principal that goes, and the policies that stand then in the context's organisation. */
interface Change {
  /** Its id. */
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
  // Whoever does not administer the system can go whoever is left.
  let isConcerned = without === undefined;
  for await (const binding of bindingsIn(first)) {
    const { role, resource, expiresAt, id } = binding;
    if (role !== "SystemAdmin" || resource.type !== "system" || expiresAt !== undefined) continue;
    if (id === without || binding.principal.id === without) {
      isConcerned = true;
      continue;
    }
    for (const ref of await holdersOf(first, binding)) {
      const stored = await readPrincipal(first, ref);
      looked += 1;
      if (looked > MOST_LOOKED_AT) break;
      if (ref.id === without) {
        isConcerned = true;
        continue;
      }
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
  if (isConcerned) throw new ProblemError("access.last_admin", WAY_BACK);
}

/**
 * Throws 409 `access.last_admin` when without a user, a service account or a group nobody is left who administers the system. Of any but the
 * first organisation nobody does.
 */
export async function requireAdminBeside(context: Context, actor: Actor, id: string): Promise<void> {
  if (context.organization !== FIRST_ORGANIZATION) return;
  await requireAdminLeft(context, actor, { without: id, rules: toRules(await readPolicies(context)) });
}
