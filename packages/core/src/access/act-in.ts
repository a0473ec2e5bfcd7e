import { ProblemError } from "@cadastre/contract/errors";
import { organizationName } from "@cadastre/contract/organization";
import { type Context, inOrganization, type Principal } from "../context.ts";
import { findOrganization } from "../directory/organizations.ts";
import { holderOf } from "../policies/authorize.ts";
import { rightsOf } from "../policies/rights.ts";
import { isSame } from "../policies/scope.ts";
import { isUnscoped } from "../policies/scopes.ts";
import { theSystem } from "../policies/things.ts";

type Acting = Pick<Context, "table" | "organization" | "policies" | "now">;

/**
 * Whether a principal administers the system, by a role of its own or of a group, and so may act in every organization; by a token, when that
 * one has the scope admin. Reads what `rightsOf` reads.
 */
export async function isSystemAdmin(context: Acting, principal: Principal): Promise<boolean> {
  if (principal.type === "system") return true;
  const holder = holderOf(principal);
  if (holder === undefined || !isUnscoped(principal) || principal.token?.accounts !== undefined) return false;
  const { links } = await rightsOf(inOrganization(context, principal.organization), holder);
  const { uid } = theSystem();
  return links.some(({ role, place }) => role === "SystemAdmin" && isSame(place, uid));
}

/** Throws 403 `auth.forbidden` for who does not administer the system. */
export async function requireSystemAdmin(context: Acting, principal: Principal): Promise<void> {
  if (await isSystemAdmin(context, principal)) return;
  throw new ProblemError("auth.forbidden", "this needs the role SystemAdmin, and of a token the scope admin");
}

/**
 * The id of an organization, named by id or slug, in which a principal may act: its own one, and for who administers the system any. All
 * others are as if they were not there. Throws 404 `organization.not_found`.
 */
export async function requireActable(context: Acting, principal: Principal, name: string): Promise<string> {
  const isName = organizationName.safeParse(name).success;
  const found = isName ? await findOrganization(context, name) : undefined;
  const isAllowed = found === principal.organization || (await isSystemAdmin(context, principal));
  if (found === undefined || !isAllowed) throw new ProblemError("organization.not_found");
  return found;
}

/** The context in the organization that a request's body names, the caller's where it names none. Throws 404 `organization.not_found`. */
export async function contextIn(
  context: Context,
  principal: Principal,
  organization: string | undefined,
): Promise<Context> {
  if (organization === undefined || organization === context.organization) return context;
  return inOrganization(context, await requireActable(context, principal, organization));
}
