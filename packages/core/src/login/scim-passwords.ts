import type { OrganizationItem } from "../directory/items.ts";
import type { PasswordItem } from "./items.ts";

/**
 * Whether a password may log in: one that SCIM set only where the organization lets those, and has let them ever since it was set. What was
 * set before is not what it has let in.
 */
export function mayLogInBy(
  { source, setAt }: Pick<PasswordItem, "source" | "setAt">,
  organization: Pick<OrganizationItem, "scimPasswords" | "scimPasswordsSince"> | undefined,
): boolean {
  if (source !== "scim") return true;
  return organization?.scimPasswords === true && setAt >= (organization.scimPasswordsSince ?? "");
}
