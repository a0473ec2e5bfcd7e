import { ProblemError } from "@cadastre/contract/errors";
import { remove, replace, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded, recordAs, recordOf } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import { type Actor, type Context, inOrganization } from "../../context.ts";
import { UserItem } from "../../directory/items.ts";
import { readOrganization } from "../../directory/organizations.ts";
import { requireAddress } from "../../limits/address-list.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import type { Opener } from "../../vault/ports.ts";
import { isUsable, methodsOf, readFactors } from "../factors.ts";
import { type LoggedIn, type LoginCall, requiresSecond, toPrincipal } from "../logged-in.ts";
import { unknownBy } from "../record-failure.ts";
import { newSession } from "../sessions.ts";
import { answerOf, type Proved } from "./ask.ts";
import type { ProviderPorts } from "./client.ts";
import { type GroupPorts, groupWrites } from "./give-groups.ts";
import { addIdentity } from "./identities.ts";
import { type IdentityProviderItem, LoginItem, UserIdentityItem } from "./items.ts";
import { userOf } from "./known-user.ts";
import { findProvider } from "./providers.ts";
import { openClientSecret } from "./sealed-secret.ts";
import { placeWrites } from "./session-places.ts";
import { authenticatedAt, methodsBy } from "./strength.ts";
import { readLogin } from "./under-way.ts";

/** How providers are asked, what opens their secrets, and which groups are others' to fill. */
export interface FinishPorts extends ProviderPorts, GroupPorts {
  readonly opener: Opener;
}

/** What a browser brings back: its cookie's text, and the query that the provider sent it with to the page of `provider`. */
export interface Answer {
  readonly provider: string;
  readonly text: string | undefined;
  readonly response: string;
}

/** Uses the login up and records that it failed, in one commit; one that is used up meanwhile was recorded then. */
async function refuse(
  context: Context,
  login: Stored<LoginItem>,
  by: Actor | LoginCall,
  error: unknown,
): Promise<never> {
  const code = error instanceof ProblemError ? error.code : "service.internal";
  const detail = { code, provider: login.provider };
  const entry =
    "principal" in by
      ? ({ action: "identity.link", target: by.principal.id, outcome: "failed", detail } as const)
      : ({ action: "session.create", target: login.id, outcome: "failed", detail } as const);
  const record = "principal" in by ? recordOf(context, by, entry) : recordAs(context, unknownBy(by), entry);
  await context.table.commit([remove(LoginItem, login, login.version), ...(await record)]);
  if (context.attempt) context.attempt.isRefusalRecorded = true;
  throw error;
}

/** Who somebody is by a provider's answer, to a question that this browser was given for that provider, as it still is. */
async function prove(
  context: Context,
  ports: FinishPorts,
  login: LoginItem,
  { provider: id, response }: Answer,
): Promise<{ readonly provider: Stored<IdentityProviderItem>; readonly proved: Proved }> {
  // An answer at another provider's address is one provider's that is passed off as another's (RFC 9700 §4.4).
  if (login.provider !== id)
    throw new ProblemError("auth.invalid", "it is the answer of another provider: begin again");
  const provider = await findProvider(context, id);
  if (provider.issuer !== login.issuer || provider.organization !== login.organization)
    throw new ProblemError("auth.invalid", "the provider is another one meanwhile: begin again");
  const secret = await openClientSecret(ports.opener, provider);
  return { provider, proved: await answerOf(ports, provider, secret, login, response) };
}

/**
 * Logs somebody in by what a provider has sent the browser back with: who has the identity, as it is stored, and nobody else. Where the
 * provider is set so, a user is made for who has none. Its claims decide the groups that they gave before; the session is what one by a
 * password is, a second factor that is due included, unless the provider has proved one. Throws 401 `auth.invalid`, 403 `login.unknown`,
 * `login.refused`, `auth.address`, 409 `user.name_taken`, 503 `identity-provider.unavailable`; each of them uses the login up, with one
 * audit record. Writes the session, its places, the groups, and the end of the login with one audit record; before that a new user with its own.
 */
export async function finishLogin(
  context: Context,
  ports: FinishPorts,
  answer: Answer,
  call: LoginCall,
): Promise<LoggedIn & Pick<LoginItem, "returnTo">> {
  const first = await readLogin(context, answer.text);
  const own = inOrganization(context, first.organization);
  try {
    if (first.session !== undefined)
      throw new ProblemError("auth.invalid", "it was begun to add an identity: begin again");
    const { provider, proved } = await prove(own, ports, first, answer);
    const { user } = await userOf(own, provider, proved, call);
    return await retryOnConflict(async () => {
      const login = await readLogin(context, answer.text);
      return logIn(own, ports, { login, provider, proved, user }, call);
    });
  } catch (error) {
    // What was committed, or is used up, is no more to be used up.
    if (await isStanding(own, first)) return refuse(own, first, call, error);
    throw error;
  }
}

const isStanding = async ({ table }: Context, { id, version }: Stored<LoginItem>): Promise<boolean> =>
  (await table.get(LoginItem, { id }, { consistent: true }))?.version === version;

interface Entering {
  readonly login: Stored<LoginItem>;
  readonly provider: Stored<IdentityProviderItem>;
  readonly proved: Proved;
  /** Whose the identity is, and its id. */
  readonly user: { readonly id: string; readonly identity: string };
}

/** One attempt at the commit of a login, of all that is read anew. */
async function logIn(own: Context, ports: FinishPorts, entering: Entering, call: LoginCall) {
  const { login, provider, proved } = entering;
  const { id, identity } = entering.user;
  const [stored, kept, organization, factors] = await Promise.all([
    own.table.get(UserItem, { id }, { consistent: true }),
    own.table.get(UserIdentityItem, { user: id, id: identity }, { consistent: true }),
    readOrganization(own, own.organization),
    readFactors(own, id),
  ]);
  if (!stored || !kept || !organization)
    throw new ProblemError("auth.invalid", "the identity was taken away: begin again");
  if (stored.disabled) throw new ProblemError("login.refused", "the user is disabled; ask an admin");
  requireAddress(call.address, organization.addresses);
  const { version, ...user } = stored;
  const groups = await groupWrites(own, ports, {
    user,
    gave: kept.groups,
    provider,
    claims: proved.claims,
    requestId: call.requestId,
  });
  const methods = methodsBy(proved.signed);
  const isDue = !methods.includes("oidc-mfa") && (factors.some(isUsable) || requiresSecond(organization));
  const { address, userAgent, requestId } = call;
  const proof = {
    methods,
    isPending: isDue,
    provider: provider.id,
    authenticatedAt: authenticatedAt(proved.signed, own.now()),
  };
  const session = newSession(own, user, { ...proof, address, userAgent });
  const next = { ...user, groups: [...groups.groups] };
  const { version: seen, ...before } = kept;
  const usedAt = own.now().toISOString();
  const writes: Write[] = [
    ...session.writes,
    remove(LoginItem, login, login.version),
    // At its version: one that is taken away meanwhile lets nobody in.
    replace(UserIdentityItem, { ...before, groups: [...groups.gives], usedAt }, seen),
    ...(groups.writes.length === 0 ? [] : [replace(UserItem, next, version), ...groups.writes]),
    ...placeWrites(session.item, provider.id, proved),
  ];
  await commitRecorded(own, { principal: toPrincipal(next, own, session), requestId }, writes, {
    action: "session.create",
    target: session.item.id,
    changes: changesBetween({ groups: user.groups }, { groups: next.groups }),
    detail: { methods, provider: provider.id, ...(isDue ? { isPending: true } : {}) },
  });
  const { returnTo } = login;
  return {
    ...session,
    context: own,
    user: { ...next, version },
    ...(isDue ? { due: methodsOf(factors) } : {}),
    ...(returnTo === undefined ? {} : { returnTo }),
  };
}

/**
 * Gives the user of a session the identity that it has begun to add. Throws 401 `auth.invalid` also for another session than the one that
 * began, 409 `identity.taken`, `identity.too_many`. Writes what `addIdentity` writes, with the end of the login.
 */
export async function finishLink(
  context: Context,
  ports: FinishPorts,
  { actor, session, user }: { readonly actor: Actor; readonly session: string; readonly user: string },
  answer: Answer,
): Promise<{ readonly identity: string; readonly returnTo?: string | undefined }> {
  const login = await readLogin(context, answer.text);
  try {
    if (login.session !== session || login.organization !== context.organization)
      throw new ProblemError("auth.invalid", "another session has begun it: begin again");
    const { provider, proved } = await prove(context, ports, login, answer);
    const { issuer } = provider;
    const also = [remove(LoginItem, login, login.version)];
    const { id } = await addIdentity(context, actor, { user, issuer, subject: proved.subject, also });
    return { identity: id, returnTo: login.returnTo };
  } catch (error) {
    if (await isStanding(context, login)) return refuse(context, login, actor, error);
    throw error;
  }
}
