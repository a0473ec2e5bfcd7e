import { ProblemError } from "@cadastre/contract/errors";
import { organizationName } from "@cadastre/contract/organization";
import { type Context, inOrganization, type Principal } from "../context.ts";
import { findOrganization } from "../directory/organizations.ts";
import { isUnscoped } from "../policies/scopes.ts";

/** Whether a principal administers the system, and so may act in every organization; by a token, when that one has the scope admin. */
export function isSystemAdmin(principal: Principal, now: Date): boolean {
  const { type, roles } = principal;
  const holds = roles.some(
    ({ role, resource, expiresAt }) =>
      role === "SystemAdmin" &&
      resource.type === "system" &&
      (expiresAt === undefined || Date.parse(expiresAt) > now.getTime()),
  );
  return type === "system" || (holds && isUnscoped(principal) && principal.token?.accounts === undefined);
}

/**
 * The id of an organization, named by id or slug, in which a principal may act: its own one, and for who administers the system any. All
 * others are as if they were not there. Throws 404 `organization.not_found`.
 */
export async function requireActable(
  context: Pick<Context, "table" | "now">,
  principal: Principal,
  name: string,
): Promise<string> {
  const isName = organizationName.safeParse(name).success;
  const found = isName ? await findOrganization(context, name) : undefined;
  const isAllowed = found === principal.organization || isSystemAdmin(principal, context.now());
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
