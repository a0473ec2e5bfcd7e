import { ProblemError } from "@cadastre/contract/errors";
import { BusyError, ConflictError } from "@cadastre/store/errors";
import { replace, type Stored } from "@cadastre/store/table";
import { type Context, inOrganization, type Principal } from "../context.ts";
import { UserItem } from "../directory/items.ts";
import { isProviderEnded, readOrganization } from "../directory/organizations.ts";
import { requireAddress } from "../limits/address-list.ts";
import { SessionItem } from "../sessions/items.ts";
import { hashSecretText, idOfSecretText, isSecretText } from "./secret-text.ts";
import { endOf, USE_SECONDS } from "./sessions.ts";

export interface AuthenticatedSession {
  readonly principal: Principal;
  readonly session: Stored<SessionItem>;
}

/** Compared with when no such session is stored, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = hashSecretText("");

const invalid = () => new ProblemError("auth.invalid", "the session is not valid: log in");

/** Writes that it was used, when that was last written some time ago. Whoever is faster has written the same. */
async function noteUse({ table, now }: Context, { version, ...session }: Stored<SessionItem>): Promise<void> {
  const at = now();
  if (at.getTime() - Date.parse(session.usedAt) < USE_SECONDS * 1000) return;
  try {
    await table.commit([replace(SessionItem, { ...session, usedAt: at.toISOString() }, version)]);
  } catch (error) {
    if (!(error instanceof ConflictError || error instanceof BusyError)) throw error;
  }
}

/**
 * Says whose session a cookie's text is, by three strongly consistent reads: of the session, and for who has its secret of its user and of
 * the organization. What has another form is refused without a read. Throws 401 `auth.invalid`; for who has the secret 401 `auth.expired`
 * and `auth.revoked` (its user was disabled, or has another password or second factor since), and 403 `auth.address` where the
 * organization's lists do not let `address` in. Writes its last use, every five minutes at most.
 */
export async function authenticateSession(
  context: Context,
  text: string,
  address: string | undefined,
): Promise<AuthenticatedSession> {
  const id = idOfSecretText(text, "session");
  if (id === undefined) throw invalid();
  const stored = await context.table.get(SessionItem, { id }, { consistent: true });
  const isRight = isSecretText(text, stored?.secretHash ?? NO_HASH);
  if (!stored || !isRight) throw invalid();
  if (endOf(stored) <= context.now().toISOString())
    throw new ProblemError("auth.expired", "the session has ended: log in");
  const principal = await readStanding(context, stored, address);
  await noteUse(inOrganization(context, stored.organization), stored);
  return { principal, session: stored };
}

/** Whose a session is, as that one stands now. Throws 401 `auth.revoked`, 403 `auth.address`. */
async function readStanding(context: Context, stored: SessionItem, address: string | undefined): Promise<Principal> {
  const own = inOrganization(context, stored.organization);
  const [user, organization] = await Promise.all([
    own.table.get(UserItem, { id: stored.user }, { consistent: true }),
    readOrganization(context, stored.organization),
  ]);
  const isStanding =
    user !== undefined && !user.disabled && user.epoch === stored.epoch && (user.loginEpoch ?? 0) === stored.loginEpoch;
  if (!isStanding || !organization || isProviderEnded(organization, stored))
    throw new ProblemError("auth.revoked", "the session was ended: log in");
  requireAddress(address, organization.addresses);
  return toPrincipal(user, stored, organization.policyVersion);
}

/** The same for who does not have its secret, but was allowed to act for it, however long nobody has used it. Throws 401 `auth.revoked`, 403 `auth.address`. */
export async function readSession(
  context: Context,
  id: string,
  address: string | undefined,
): Promise<AuthenticatedSession> {
  const session = await context.table.get(SessionItem, { id }, { consistent: true });
  if (!session) throw new ProblemError("auth.revoked", "the session was ended");
  return { principal: await readStanding(context, session, address), session };
}

function toPrincipal(
  { id, userName, groups, roles }: UserItem,
  session: SessionItem,
  policyVersion: number,
): Principal {
  const { strength, authenticatedAt, isPending, cursorKey } = session;
  return {
    type: "user",
    id,
    name: userName,
    organization: session.organization,
    groups,
    roles,
    policyVersion,
    session: { id: session.id, strength, authenticatedAt, isPending, cursorKey },
  };
}
