import { ProblemError } from "@cadastre/contract/errors";
import type { Write } from "@cadastre/store/table";
import { readOrganization } from "../directory/organizations.ts";
import { PasswordItem } from "../login/items.ts";
import { passwordWrite } from "../login/set-password.ts";
import type { Value } from "./attribute.ts";
import { invalidValue } from "./read-value.ts";
import type { Service } from "./service.ts";

/**
 * What keeps the password that a source has sent for a user: its hash, marked as the source's, which logs in only where the organization lets such
 * passwords. There one that breaks the rules is refused, `scim.invalid_value`; elsewhere it is left away, since it would be of no use, and so is one
 * that would take the place of what the user or an admin has chosen. Nothing when it is the one that is kept. Undefined is none.
 */
export async function passwordWrites(
  { context, passwords }: Service,
  { id: user, userName }: { readonly id: string; readonly userName: string },
  password: Value | undefined,
): Promise<readonly Write[]> {
  if (typeof password !== "string") return [];
  const { organization, table } = context;
  const [stored, own] = await Promise.all([
    table.get(PasswordItem, { user }, { consistent: true }),
    readOrganization(context, organization),
  ]);
  const isAllowed = own?.scimPasswords === true;
  if (!isAllowed && stored !== undefined && stored.source !== "scim") return [];
  if (stored !== undefined && (await passwords.isRight(password, stored))) return [];
  try {
    return [await passwordWrite(context, passwords, { user, userName, password, source: "scim" })];
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== "password.weak") throw error;
    if (!isAllowed) return [];
    throw invalidValue("password", error.message);
  }
}
