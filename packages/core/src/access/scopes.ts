import { ProblemError } from "@cadastre/contract/errors";
import type { TokenScope } from "@cadastre/contract/token";

/** `admin` includes every scope but `credentials:reveal`, which is always given by name. */
export function hasScope(scopes: readonly TokenScope[], needed: TokenScope): boolean {
  return scopes.includes(needed) || (needed !== "credentials:reveal" && scopes.includes("admin"));
}

/** Throws 403 `auth.forbidden`, naming the scope that is missing. */
export function requireScope(scopes: readonly TokenScope[], needed: TokenScope): void {
  if (!hasScope(scopes, needed)) throw new ProblemError("auth.forbidden", `this needs the scope ${needed}`);
}
