import { ProblemError } from "@cadastre/contract/errors";
import type { PrincipalRef } from "@cadastre/contract/principal";
import { type NewToken, TOKEN_SECONDS } from "@cadastre/contract/token";
import { check, type Write } from "@cadastre/store/table";
import type { Actor, Context, Principal } from "../context.ts";
import { ServiceAccountItem, UserItem } from "../directory/items.ts";
import { requirePrincipal } from "../directory/principals.ts";
import { addressesBeyond } from "../limits/address-list.ts";
import { requireNoMore } from "../policies/grants.ts";
import { isUnscoped, mayByScope } from "../policies/scopes.ts";
import { TokenItem } from "./items.ts";
import { guardSystemAdmins } from "./system-admins.ts";

/** What of a token its granter does not have: nothing can be given but what one has. */
function notGiven(
  { restriction }: Context,
  granter: Principal,
  { scopes, accounts = [] }: Pick<NewToken, "scopes" | "accounts">,
): string[] {
  const within = restriction?.accounts ?? granter.token?.accounts;
  const has = (scope: NewToken["scopes"][number]) =>
    // Of a source's next token nobody needs to be a source: it serves that one's service account alone.
    scope === "admin" || scope === "scim:provision" ? isUnscoped(granter) : mayByScope(granter, scope);
  return [
    ...scopes.filter((scope) => !has(scope)),
    ...(within === undefined ? [] : accounts.filter((account) => !within.includes(account))),
  ];
}

/** Throws 403 `token.scope` for scopes or accounts that the granter does not have. */
export function requireGiven(context: Context, granter: Principal, given: Pick<NewToken, "scopes" | "accounts">): void {
  const missing = notGiven(context, granter, given);
  if (missing.length > 0) throw new ProblemError("token.scope", `your token does not have ${missing.join(", ")}`);
}

/** Throws 403 `token.principal` for a granter that a token narrows. `what` is not for it to make. */
export function requireUnscoped(granter: Principal, what: string): void {
  if (!isUnscoped(granter)) throw new ProblemError("token.principal", `${what} needs the scope admin`);
}

interface Granted {
  /** From where what it makes can be used, when it is limited itself. */
  readonly addresses?: readonly string[] | undefined;
  /** The login session that it ends with, and all that it makes. */
  readonly session?: TokenItem["session"];
  /** The most seconds that what it makes can live. */
  readonly longest: number;
  readonly parent?: string;
  /** Holds while the granter is as it was read: it cannot be revoked without taking this one along. */
  readonly guard: readonly Write[];
}

/** How long a new token can live, and what its being made rests on: no longer than its granter, while that is not revoked. Throws 401 `auth.revoked`. */
export async function readGranted({ table, now }: Context, { token }: Principal): Promise<Granted> {
  if (token === undefined) return { longest: Number.POSITIVE_INFINITY, guard: [] };
  const { id } = token;
  const granter = await table.get(TokenItem, { id }, { consistent: true });
  if (!granter || granter.revokedAt !== undefined) throw new ProblemError("auth.revoked");
  const longest = Math.floor((Date.parse(granter.expiresAt) - now().getTime()) / 1000);
  const { addresses, session, version } = granter;
  return {
    longest,
    parent: id,
    guard: [check(TokenItem, { id }, version)],
    ...(addresses === undefined ? {} : { addresses }),
    ...(session === undefined ? {} : { session }),
  };
}

/**
 * From where a new token can be used: as is wanted, within where its granter can. Throws 403 `token.scope` for an address beyond. Both lists
 * are canonical.
 */
export function addressesOf(
  { addresses: limits }: Pick<Granted, "addresses">,
  wanted: readonly string[] | undefined,
): readonly string[] | undefined {
  if (limits === undefined || wanted === undefined) return wanted ?? limits;
  const beyond = addressesBeyond(wanted, limits);
  if (beyond.length === 0) return wanted;
  throw new ProblemError("token.scope", `your token cannot be used from ${beyond.join(", ")}`);
}

/** How long a new token lives: as is wanted, or as is usual and its granter allows. Throws 422 `request.invalid` for one that would outlive that. */
export function secondsOf({ longest }: Granted, wanted: number | undefined): number {
  if ((wanted ?? 0) <= longest) return wanted ?? Math.min(TOKEN_SECONDS, longest);
  const message = `your own token ends in ${longest} seconds, and what it makes no later`;
  throw new ProblemError("request.invalid", `expiresInSeconds: ${message}`, {
    errors: [{ path: "expiresInSeconds", message }],
  });
}

/** Throws 403 `token.scope` unless a token that can be used from there, or everywhere, is within where its granter can. */
export function requireAddressesGiven(
  { addresses }: Pick<Granted, "addresses">,
  given: readonly string[] | undefined,
): void {
  if (addresses !== undefined && given === undefined)
    throw new ProblemError("token.scope", "your token cannot be used from everywhere, and what it makes neither");
  addressesOf({ addresses }, given);
}

/**
 * Whose the new token is, as it stands, and that it stays so. A token of another is of a service account alone, since nobody acts in another
 * person's name, and of one that may do no more than who makes it; the service itself may make any. Throws 403 `token.principal`,
 * `access.exceeds`, 404 `service-account.not_found`.
 */
export async function readOwner(
  context: Context,
  actor: Actor,
  wanted: PrincipalRef | undefined,
): Promise<{ readonly principal: PrincipalRef; readonly epoch: number; readonly guard: Write }> {
  const { type, id } = actor.principal;
  const own = type === "user" || type === "service-account" ? { type, id } : undefined;
  const principal = wanted ?? own;
  if (principal === undefined) throw new ProblemError("token.principal", "say whose token it is");
  if (principal.id !== id && type !== "system") {
    if (principal.type !== "service-account")
      throw new ProblemError("token.principal", "a token of another can only be a service account's");
    requireUnscoped(actor.principal, "a token of a service account");
  }
  const stored = await requirePrincipal(context, principal);
  // Whoever has another's token can do what that one may.
  if (principal.id !== id) {
    await guardSystemAdmins(context, actor)(stored);
    await requireNoMore(context, actor, { ...stored, ...principal });
  }
  const { epoch, version, disabled } = stored;
  if (disabled) throw new ProblemError("token.principal", `${principal.id} is disabled`);
  const entity = principal.type === "user" ? UserItem : ServiceAccountItem;
  return { principal, epoch, guard: check(entity, { id: principal.id }, version) };
}
