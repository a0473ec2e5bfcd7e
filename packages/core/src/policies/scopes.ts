import type { OperatorAction } from "@cadastre/contract/actions";
import type { Principal } from "../context.ts";

type Scoped = Pick<Principal, "type" | "token">;

const BY_NAME: readonly OperatorAction[] = ["credentials:reveal", "scim:provision"];

/**
 * Whether what a caller was authenticated by lets it do this at all: a token narrows what its principal may do, and nothing else does.
 * `admin` stands for each action but `credentials:reveal` and `scim:provision`, which are always given by name.
 */
export function mayByScope({ type, token }: Scoped, action: OperatorAction): boolean {
  if (type === "collector") return false;
  if (token === undefined) return true;
  return token.scopes.includes(action) || (!BY_NAME.includes(action) && token.scopes.includes("admin"));
}

/** Whether nothing narrows a caller, so that all that its principal may do it may do, too. */
export const isUnscoped = ({ type, token }: Scoped): boolean =>
  type !== "collector" && (token?.scopes.includes("admin") ?? true);
