import { ProblemError } from "@cadastre/contract/errors";
import { create, type Write } from "@cadastre/store/table";
import { recordAs } from "../../audit/commit-recorded.ts";
import { type Actor, type Context, inOrganization } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { unknownBy } from "../record-failure.ts";
import { endSession } from "../sessions.ts";
import type { BeginPorts } from "./begin.ts";
import { library, type ProviderPorts, withClient } from "./client.ts";
import { IdentityProviderItem, LogoutTokenItem, ProviderSessionItem } from "./items.ts";
import { verifyLogoutToken } from "./logout-token.ts";
import { findProvider } from "./providers.ts";
import { endWrites, type Meant, MOST_AT_ONCE, sessionsMeant } from "./session-places.ts";

interface Ending {
  readonly provider: IdentityProviderItem;
  readonly meant: Meant;
  readonly by: "back-channel" | "front-channel";
  /** What is used up by it: in the last commit, so that what dies half way is done again. */
  readonly uses: readonly Write[];
}

/** Ends the sessions that a provider means, 25 in a commit, each with its record. What uses nothing and ends nothing writes nothing. */
async function endMeant(context: Context, requestId: string, { provider, meant, by, uses }: Ending): Promise<void> {
  for (let isLast = false; !isLast; ) {
    isLast = await retryOnConflict(async () => {
      const sessions = await sessionsMeant(context, provider.id, meant);
      const [now, isAll] = [sessions.slice(0, MOST_AT_ONCE), sessions.length <= MOST_AT_ONCE];
      const writes = [...endWrites(now), ...(isAll ? uses : [])];
      if (writes.length === 0) return true;
      const users = [...new Set(now.map(({ user }) => user))];
      const record = await recordAs(context, unknownBy({ requestId }), {
        action: "identity-provider.logout",
        target: provider.id,
        detail: { by, sessions: now.map(({ id }) => id), users },
      });
      await context.table.commit([...writes, ...record]);
      return isAll;
    });
  }
}

/** A repeat of a token is refused like one that does not verify. */
const used = () => new ProblemError("identity-provider.logout_token", "the logout token was used");

/**
 * Ends the sessions of a subject of a provider, or those of one session there, by its logout token, which counts once: sessions by password
 * or by another provider go on. Throws 404 `identity-provider.not_found`, 400 `identity-provider.logout_token`, 503
 * `identity-provider.unavailable`. Writes the ends and that the token is used, with one audit record for each 25 sessions.
 */
export async function endByToken(
  context: Context,
  ports: ProviderPorts,
  { provider: id, token, requestId }: { readonly provider: string; readonly token: string; readonly requestId: string },
): Promise<void> {
  const provider = await findProvider(context, id);
  const { jti, expiresAt, ...meant } = await verifyLogoutToken(ports, provider, token);
  const own = inOrganization(context, provider.organization);
  const isUsed = async () =>
    (await own.table.get(LogoutTokenItem, { provider: id, jti }, { consistent: true })) !== undefined;
  if (await isUsed()) throw used();
  const uses = [create(LogoutTokenItem, { provider: id, jti, expiresAt })];
  try {
    await endMeant(own, requestId, { provider, meant, by: "back-channel", uses });
  } catch (error) {
    // The same token at the same time: the other one has done it.
    if (error instanceof ProblemError && error.code === "request.conflict" && (await isUsed())) throw used();
    throw error;
  }
}

/**
 * Ends the sessions of one session of a provider, as a browser that its page sends says: by its issuer and that session's id, which nobody
 * else knows. Throws 404 `identity-provider.not_found`, 422 `request.invalid` for another issuer. Writes as `endByToken`, but nothing where there is none.
 */
export async function endBySid(
  context: Context,
  {
    provider: id,
    iss,
    sid,
    requestId,
  }: { readonly provider: string; readonly iss: string; readonly sid: string; readonly requestId: string },
): Promise<void> {
  const provider = await findProvider(context, id);
  if (provider.issuer !== iss) {
    const message = "is not the issuer of this provider";
    throw new ProblemError("request.invalid", `iss: ${message}`, { errors: [{ path: "iss", message }] });
  }
  const own = inOrganization(context, provider.organization);
  await endMeant(own, requestId, { provider, meant: { sid }, by: "front-channel", uses: [] });
}

/**
 * Ends a session, and answers where to end the one of the provider that it came from (OpenID Connect RP-Initiated Logout 1.0); nothing where
 * it came from none, or the provider has no such place or does not answer. Throws 404 `session.not_found`. Writes the end and one audit record.
 */
export async function endBoth(
  context: Context,
  ports: BeginPorts | undefined,
  actor: Actor,
  { user, id }: { readonly user: string; readonly id: string },
): Promise<string | undefined> {
  const { table } = context;
  const came = await table.get(ProviderSessionItem, { session: id }, { consistent: true });
  await endSession(context, actor, user, id);
  const provider = came && (await table.get(IdentityProviderItem, { id: came.provider }, { consistent: true }));
  if (!provider || !ports) return undefined;
  return withClient(ports, provider, undefined, async (config, { end_session_endpoint: endpoint }) => {
    const { buildEndSessionUrl } = await library();
    if (endpoint === undefined) return undefined;
    const hint = came.idToken === undefined ? {} : { id_token_hint: came.idToken };
    return buildEndSessionUrl(config, { post_logout_redirect_uri: `${ports.origin}/login`, ...hint }).href;
  }).catch(() => undefined);
}
