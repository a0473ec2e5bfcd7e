import { ProblemError } from "@cadastre/contract/errors";
import type { Write } from "@cadastre/store/table";
import { readOrganization } from "../directory/organizations.ts";
import { PasswordItem } from "../login/items.ts";
import { mayLogInBy } from "../login/scim-passwords.ts";
import { passwordWrite } from "../login/set-password.ts";
import type { Value } from "./attribute.ts";
import { invalidValue } from "./read-value.ts";
import type { Service } from "./service.ts";

/**
 * What keeps the password that a source has sent for a user where the organization lets such passwords log in: its hash, marked as the source's. There one
 * that breaks the rules is refused, `scim.invalid_value`. Elsewhere it is not kept: it would log in once the organization lets some. Nothing when it
 * is the one that is kept and logs in. Undefined is none.
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
  if (own?.scimPasswords !== true) return [];
  if (stored !== undefined && mayLogInBy(stored, own) && (await passwords.isRight(password, stored))) return [];
  try {
    return [await passwordWrite(context, passwords, { user, userName, password, source: "scim" })];
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== "password.weak") throw error;
    throw invalidValue("password", error.message);
  }
}
