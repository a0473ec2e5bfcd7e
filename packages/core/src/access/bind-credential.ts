import { ProblemError } from "@cadastre/contract/errors";
import { check, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { CredentialItem } from "../vault/items.ts";

/**
 * The writes by which a commit relies on a credential that a collector is bound to: that it is stored and not revoked.
 * A collector can fetch what it is bound to, so who binds must be one who may reveal: 403 `auth.forbidden` otherwise.
 * Throws 404 `credential.not_found` and 409 `credential.revoked` too.
 */
export async function bindCredential(
  context: Context,
  id: string | undefined,
  mayReveal: boolean,
): Promise<readonly Write[]> {
  if (id === undefined) return [];
  if (!mayReveal) {
    throw new ProblemError("auth.forbidden", "to bind a credential to a collector needs the scope credentials:reveal");
  }
  const stored = await context.table.get(CredentialItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("credential.not_found");
  if (stored.revokedAt !== undefined) throw new ProblemError("credential.revoked");
  return [check(CredentialItem, { id }, stored.version)];
}
