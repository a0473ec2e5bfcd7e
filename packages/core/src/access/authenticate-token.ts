import { ProblemError } from "@cadastre/contract/errors";
import { type Context, inOrganization, type Principal } from "../context.ts";
import { UserItem } from "../directory/items.ts";
import { isProviderEnded, readOrganization } from "../directory/organizations.ts";
import { nameOfPrincipal, readPrincipal } from "../directory/principals.ts";
import { requireAddress } from "../limits/address-list.ts";
import { SessionItem } from "../sessions/items.ts";
import { TokenItem } from "./items.ts";
import { hashTokenText, idOfTokenText, isTokenText } from "./token-text.ts";

/** A token whose text came from configuration and need not have our form, so that its id is not in it. */
export interface GivenToken {
  readonly text: string;
  readonly tokenId: string;
}

/** Compared with when no such token is stored, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = hashTokenText("");

const invalid = () => new ProblemError("auth.invalid", "the API token is not valid");

/**
 * Says whose token a text is, by strongly consistent reads: one of the token, and only for who holds its secret one of its principal and one of
 * the organization. Malformed, mistyped, unknown and wrong are one and the same answer, 401 `auth.invalid`; 401 `auth.revoked` (also
 * when the principal was disabled) and `auth.expired` only for who holds the secret. `given` is the token of
 * the local configuration, if there is one; its stored hash, expiry and revocation count like any other's. 403 `auth.address` where the
 * token, or the organization, does not let `address` in.
 */
export async function authenticateToken(
  context: Context,
  text: string,
  given?: GivenToken,
  address?: string,
): Promise<Principal> {
  const isGiven = given !== undefined && isTokenText(text, hashTokenText(given.text));
  const id = isGiven ? given.tokenId : idOfTokenText(text);
  if (id === undefined) throw invalid();
  const stored = await context.table.get(TokenItem, { id }, { consistent: true });
  const isRight = isTokenText(text, stored?.secretHash ?? NO_HASH);
  if (!stored || !isRight) throw invalid();
  if (stored.revokedAt !== undefined) throw new ProblemError("auth.revoked", `revoked at ${stored.revokedAt}`);
  if (Date.parse(stored.expiresAt) <= context.now().getTime()) {
    throw new ProblemError("auth.expired", `expired at ${stored.expiresAt}`);
  }
  return readStanding(context, stored, address);
}

/**
 * Whether the session that a token ends with was ended, or its user has another password or second factor since, or the provider that it came of was removed: two more reads, for such a token
 * alone, or three. That nobody has used it for a while does not end the token; that both end in time is in the token's own end.
 */
async function isSessionOver({ table, ...context }: Context, { session }: TokenItem): Promise<boolean> {
  if (session === undefined) return false;
  const own = inOrganization({ ...context, table }, session.organization);
  const [stored, user] = await Promise.all([
    table.get(SessionItem, { id: session.id }, { consistent: true }),
    own.table.get(UserItem, { id: session.user }, { consistent: true }),
  ]);
  if (!stored || !user || (user.loginEpoch ?? 0) !== session.loginEpoch) return true;
  if (stored.provider === undefined) return false;
  const organization = await readOrganization(own, session.organization);
  return organization === undefined || isProviderEnded(organization, stored);
}

/** The principal as it stands now: what was given before it was disabled is of no use any more. */
async function readStanding(context: Context, token: TokenItem, address: string | undefined): Promise<Principal> {
  const { id, organization, scopes, accounts, cursorKey, epoch, expiresAt } = token;
  const [standing, known, isOver] = await Promise.all([
    readPrincipal(inOrganization(context, organization), token.principal),
    readOrganization(context, organization),
    isSessionOver(context, token),
  ]);
  if (!standing || !known || standing.disabled || standing.epoch !== epoch) {
    throw new ProblemError("auth.revoked", "whose it is was disabled or removed");
  }
  if (isOver) throw new ProblemError("auth.revoked", "the login session that it ends with was ended");
  requireAddress(address, token.addresses === undefined ? undefined : { allow: token.addresses });
  requireAddress(address, known.addresses);
  return {
    ...token.principal,
    name: nameOfPrincipal(standing),
    organization,
    groups: standing.groups,
    roles: standing.roles,
    policyVersion: known.policyVersion,
    ...("recovery" in standing && standing.recovery ? { isRecovery: true } : {}),
    token: { id, scopes, ...(accounts === undefined ? {} : { accounts }), cursorKey, expiresAt },
  };
}
