import { ProblemError } from "@cadastre/contract/errors";
import type { HeldRole } from "@cadastre/contract/principal";
import { create, replace, type Write } from "@cadastre/store/table";
import { type Actor, type Context, FIRST_ORGANIZATION, inOrganization } from "../context.ts";
import { GroupItem, GroupMemberItem, ROLE_BINDINGS_PARTITION, RoleBindingItem } from "../directory/items.ts";
import { readPrincipal } from "../directory/principals.ts";
import { decide, type Rule } from "./engine.ts";
import { AdminsTurnItem } from "./items.ts";
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

const isAdmins = ({ role, resource, expiresAt }: Omit<HeldRole, "id">): boolean =>
  role === "SystemAdmin" && resource.type === "system" && expiresAt === undefined;

/** Whether what goes makes anybody administer the system: a binding, a group, or somebody with the groups that it is in. */
async function concernsAdmins(first: Reading, id: string): Promise<boolean> {
  const { table } = first;
  const groupIs = async (group: string) =>
    (await table.get(GroupItem, { id: group }, { consistent: true }))?.roles.some(isAdmins) === true;
  if (id.startsWith("grp_")) return groupIs(id);
  if (!id.startsWith("usr_") && !id.startsWith("sva_")) return true;
  const stored = await readPrincipal(first, { type: id.startsWith("usr_") ? "user" : "service-account", id });
  if (!stored) return false;
  return stored.roles.some(isAdmins) || (await Promise.all(stored.groups.map(groupIs))).includes(true);
}

/**
 * What the commit of a change has to have that takes from those who administer the system: of two such changes, each of which would leave the
 * other's, one has to look again.
 */
async function readTurn({ table, now }: Reading): Promise<Write> {
  const stored = await table.get(AdminsTurnItem, {}, { consistent: true });
  const item = { turnedAt: now().toISOString() };
  return stored ? replace(AdminsTurnItem, item, stored.version) : create(AdminsTurnItem, item);
}

/**
 * Throws 409 `access.last_admin` when after a change nobody who administers the system, and is not disabled, may change policies in the
 * context's organisation any more, from where the actor is and with the strongest proof of who it is. Bindings that end by themselves do
 * not count. Answers writes that belong into the commit of the change, so that it holds there; it is asked in each attempt. Reads the bindings
 * of the first organisation until one is found.
 */
export async function requireAdminLeft(context: Context, actor: Actor, { without, rules }: Change): Promise<Write[]> {
  const first = inOrganization(context, FIRST_ORGANIZATION);
  if (without !== undefined && !(await concernsAdmins(first, without))) return [];
  const turn = await readTurn(first);
  const situation = { ...situationOf(context, actor), strength: 3, ageSeconds: 0 };
  let looked = 0;
  for await (const binding of bindingsIn(first)) {
    const { role, resource, id } = binding;
    if (!isAdmins(binding) || id === without || binding.principal.id === without) continue;
    for (const ref of await holdersOf(first, binding)) {
      const stored = await readPrincipal(first, ref);
      looked += 1;
      if (looked > MOST_LOOKED_AT) break;
      if (ref.id === without || !stored || stored.disabled) continue;
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
      if (isLeft) return [turn];
    }
  }
  throw new ProblemError("access.last_admin", WAY_BACK);
}

/**
 * The same of a user, a service account or a group that goes, or is kept from what it may. Of any but the first organisation nobody
 * administers the system.
 */
export async function requireAdminBeside(context: Context, actor: Actor, id: string): Promise<Write[]> {
  if (context.organization !== FIRST_ORGANIZATION) return [];
  return requireAdminLeft(context, actor, { without: id, rules: toRules(await readPolicies(context)) });
}
