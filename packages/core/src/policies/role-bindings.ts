import { accountName } from "@cadastre/contract/account";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import type { HeldRole, Role } from "@cadastre/contract/principal";
import { ROLE_PLACES } from "@cadastre/contract/role";
import { type NewRoleBinding, type RoleBinding, type RoleHolder, roleBinding } from "@cadastre/contract/role-binding";
import { check, create, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { AccountItem } from "../accounts/items.ts";
import { AddressSpaceItem } from "../addresses/spaces/items.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context, FIRST_ORGANIZATION } from "../context.ts";
import { GroupItem, ROLE_BINDINGS_PARTITION, RoleBindingItem } from "../directory/items.ts";
import { raisePolicyVersion } from "../directory/organizations.ts";
import { principalWrite, readPrincipal } from "../directory/principals.ts";
import { hasValues, type Listed, type ListOptions, selectPage } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { accountFacts } from "./account-facts.ts";
import { giftOf, requireMayGive } from "./grants.ts";
import { requireAdminLeft } from "./lockout.ts";
import { readPolicies, toRules } from "./rights.ts";
import { SYSTEM_ID } from "./things.ts";

/** Roles that one can hold: all of them are read on each of one's requests. */
const MOST_ROLES = 40;

const toView = (stored: Stored<RoleBindingItem>): RoleBinding => roleBinding.parse(stored);

const invalid = (path: string, message: string): ProblemError =>
  new ProblemError("request.invalid", `${path}: ${message}`, { errors: [{ path, message }] });

/** Who gives and takes roles in some accounts alone knows of the bindings to those. */
function isVisibleBinding({ restriction }: Context, { resource }: Pick<RoleBindingItem, "resource">): boolean {
  if (restriction === undefined) return true;
  return resource.type === "account" && restriction.accounts.some((one) => one === resource.id);
}

/** What somebody is given, where it is kept: with who holds it. */
interface Held {
  readonly roles: readonly HeldRole[];
  /** The holder's own item with other roles in it, and for a group what has everybody read it again. */
  readonly writes: (roles: HeldRole[]) => Promise<Write[]>;
}

async function readHeld(context: Context, { type, id }: RoleHolder): Promise<Held | undefined> {
  if (type === "group") {
    const group = await context.table.get(GroupItem, { id }, { consistent: true });
    if (!group) return undefined;
    const { version, ...item } = group;
    return {
      roles: item.roles,
      writes: async (roles) => [replace(GroupItem, { ...item, roles }, version), await raisePolicyVersion(context)],
    };
  }
  const stored = await readPrincipal(context, { type, id } as Exclude<RoleHolder, { type: "group" }>);
  return stored && { roles: stored.roles, writes: async (roles) => [principalWrite(stored, { roles })] };
}

/**
 * That what a role is bound to is there and stays there, as a write of the commit. Throws 422 `request.invalid` for what is not: a binding
 * to nothing would be one to whatever gets the id later.
 */
async function requirePlace(context: Context, role: Role, { type, id }: HeldRole["resource"]): Promise<Write[]> {
  const { organization } = context;
  const places = ROLE_PLACES[role];
  if (!places.includes(type)) throw invalid("resource.type", `${role} can be bound to ${places.join(", ")}`);
  const missing = () => invalid("resource.id", `there is no ${type} ${id}`);
  switch (type) {
    case "system":
      // The system belongs to none of the organisations; who administers it is of the first.
      if (id !== SYSTEM_ID || organization !== FIRST_ORGANIZATION) throw missing();
      return [];
    case "organization":
      if (id !== organization) throw missing();
      return [];
    case "account": {
      if (!accountName.safeParse(id).success) throw missing();
      const facts = await accountFacts(context, id);
      if (facts === undefined) throw missing();
      return [check(AccountItem, facts, facts.version)];
    }
    case "address-space": {
      const space = await context.table.get(AddressSpaceItem, { id }, { consistent: true });
      if (space === undefined || space.deletion !== undefined) throw missing();
      return [check(AddressSpaceItem, { id }, space.version)];
    }
    case "project":
      throw missing();
  }
}

/** When it ends, in UTC; it has not ended yet. */
function endOf({ now }: Context, expiresAt: string | undefined): string | undefined {
  if (expiresAt === undefined) return undefined;
  const end = new Date(expiresAt);
  if (end.getTime() <= now().getTime()) throw invalid("expiresAt", "this time is over");
  return end.toISOString();
}

/**
 * Gives somebody a role. Throws 403 `access.exceeds` for what the actor does not hold itself by a role there and for so long, 422
 * `request.invalid` for somebody or something that is not there, 409 `role-binding.too_many`. Writes the holder's own item, the
 * binding's place in the list, for a group the organisation's policy version, and one audit record.
 */
export async function createRoleBinding(context: Context, actor: Actor, input: NewRoleBinding): Promise<RoleBinding> {
  const { principal, role, resource } = input;
  const now = context.now();
  const expiresAt = endOf(context, input.expiresAt);
  const held: HeldRole = { id: newId("roleBinding", now), role, resource, ...(expiresAt && { expiresAt }) };
  await retryOnConflict(async () => {
    if (!isVisibleBinding(context, { resource }))
      throw new ProblemError("auth.forbidden", `you give and take no roles in ${resource.type} ${resource.id}`);
    const place = await requirePlace(context, role, resource);
    await requireMayGive(context, actor, [giftOf(context, held)]);
    const holder = await readHeld(context, principal);
    if (!holder) throw invalid("principal.id", `there is no ${principal.type} ${principal.id}`);
    const lasting = holder.roles.filter(({ expiresAt: end }) => end === undefined || end > now.toISOString());
    if (lasting.length >= MOST_ROLES)
      throw new ProblemError("role-binding.too_many", `${principal.id} holds ${MOST_ROLES} roles, which is the most`);
    const item = { ...held, principal, createdAt: now.toISOString(), createdBy: actorName(actor) };
    const writes = [create(RoleBindingItem, item), ...place, ...(await holder.writes([...lasting, held]))];
    await commitRecorded(context, actor, writes, {
      action: "role-binding.create",
      target: held.id,
      changes: changesBetween(undefined, { principal, role, resource, expiresAt }),
    });
  });
  return getRoleBinding(context, held.id);
}

async function read(context: Context, id: string): Promise<Stored<RoleBindingItem>> {
  const stored = await context.table.get(RoleBindingItem, { id }, { consistent: true });
  if (!stored || !isVisibleBinding(context, stored)) throw new ProblemError("role-binding.not_found");
  return stored;
}

/** One role binding. Throws 404 `role-binding.not_found`. */
export async function getRoleBinding(context: Context, id: string): Promise<RoleBinding> {
  return toView(await read(context, id));
}

/** Role bindings, oldest first, also those that have ended. Throws 422 `cursor.invalid`. */
export function listRoleBindings(
  context: Context,
  {
    principal,
    role,
    ...options
  }: ListOptions & { readonly principal?: string | undefined; readonly role?: Role | undefined },
): Promise<Listed<RoleBinding>> {
  const isWanted = (stored: Stored<RoleBindingItem>) =>
    isVisibleBinding(context, stored) &&
    hasValues(stored, { role }) &&
    (principal === undefined || stored.principal.id === principal);
  return selectPage(
    context,
    {
      list: "role-bindings",
      filters: { principal, role },
      entity: RoleBindingItem,
      partition: ROLE_BINDINGS_PARTITION,
      select: async (items) => items.map((stored) => (isWanted(stored) ? toView(stored) : undefined)),
    },
    options,
  );
}

/**
 * Takes a role away: it is gone with the holder's next request. Throws 404 `role-binding.not_found`, 403 `auth.forbidden` for one that the
 * actor's own place does not reach, 409 `access.last_admin`. Writes what giving it wrote, and one audit record.
 */
export async function deleteRoleBinding(context: Context, actor: Actor, id: string): Promise<void> {
  await retryOnConflict(async () => {
    const { version, principal, role, resource, expiresAt } = await read(context, id);
    // Who administers an organisation does not take from those who administer the system.
    if (resource.type === "system")
      await requireMayGive(context, actor, [{ ...giftOf(context, { role, resource }), actions: ["bindings:write"] }]);
    const isAdmins = role === "SystemAdmin" && expiresAt === undefined;
    const rules = isAdmins ? toRules(await readPolicies(context)) : [];
    const turn = isAdmins ? await requireAdminLeft(context, actor, { without: id, rules }) : [];
    const holder = await readHeld(context, principal);
    const left = holder ? await holder.writes(holder.roles.filter((held) => held.id !== id)) : [];
    await commitRecorded(context, actor, [remove(RoleBindingItem, { id }, version), ...left, ...turn], {
      action: "role-binding.delete",
      target: id,
      changes: changesBetween({ principal, role, resource, expiresAt }, undefined),
    });
  });
}
