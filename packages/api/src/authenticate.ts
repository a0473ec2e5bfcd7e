import type { OperatorAction } from "@cadastre/contract/actions";
import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import { ProblemError } from "@cadastre/contract/errors";
import { requireActable } from "@cadastre/core/access/act-in";
import { CollectorRefusedError } from "@cadastre/core/access/authenticate-collector";
import { authenticateToken } from "@cadastre/core/access/authenticate-token";
import { type Actor, type Context, nameOf, type Principal } from "@cadastre/core/context";
import { clientAddress } from "@cadastre/core/limits/client-address";
import { authenticateSession } from "@cadastre/core/login/authenticate-session";
import { stepUpNeeded } from "@cadastre/core/login/step-up";
import { type Decision, decideAccess, type Target } from "@cadastre/core/policies/authorize";
import { decideSigned } from "@cadastre/core/policies/decide-signed";
import type { Restriction, SpaceReach } from "@cadastre/core/restriction";
import type { ApiContext } from "./env.ts";
import type { Operator, Reporting } from "./routes/route.ts";
import { requireCsrf, requireSameOrigin } from "./same-origin.ts";
import { requireSession, type Services } from "./services.ts";
import { readSessionCookie } from "./session-cookie.ts";

/** So much of what a caller calls its program is recorded. */
const MOST_USER_AGENT = 256;

/** The text of `Authorization: Bearer …`. Throws 401 `auth.missing` and `auth.invalid`. */
function bearerOf(header: string | undefined): string {
  if (header === undefined)
    throw new ProblemError("auth.missing", "send an API token: Authorization: Bearer cad_…; or log in");
  const [, text] = /^Bearer +(\S{1,600}) *$/i.exec(header) ?? [];
  if (text === undefined) throw new ProblemError("auth.invalid", "the Authorization header must be: Bearer cad_…");
  return text;
}

/** The principal in this request; from now on the log says who it is. */
function actorOf(c: ApiContext, principal: Principal): Actor {
  const address = c.get("address");
  const userAgent = c.req.header("user-agent")?.slice(0, MOST_USER_AGENT).toWellFormed();
  const actor = {
    principal,
    requestId: c.get("requestId"),
    ...(address === undefined ? {} : { address }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
  c.set("actor", nameOf(principal));
  c.set("caller", actor);
  return actor;
}

/** Refuses who calls from where nobody may. Throws 403 `auth.address`. */
export function requireAllowedOrigin(c: ApiContext): void {
  if (c.get("origin")?.isAllowed === false) throw new ProblemError("auth.address");
}

/** Where a request came from: as the runtime knows it, and where proxies are trusted as they say it. */
export function addressOf(
  { env, req }: ApiContext,
  { trustedProxies }: Pick<Services, "trustedProxies">,
): string | undefined {
  const peer = env?.remoteAddress ?? env?.requestContext?.http?.sourceIp;
  return clientAddress({ peer, forwardedFor: req.header("x-forwarded-for"), trusted: trustedProxies });
}

/** Names the organization in which one acts who may act in all of them. */
const ORGANIZATION_HEADER = "cadastre-organization";

/**
 * In which organization a caller acts: its own, or the one that it names, when it administers the system. For anybody else no other one is
 * there. Throws 404 `organization.not_found`.
 */
async function actedIn(c: ApiContext, { context }: Services, principal: Principal): Promise<string> {
  const named = c.req.header(ORGANIZATION_HEADER);
  return named === undefined ? principal.organization : requireActable(context, principal, named);
}

/** Notes beside the request that its token was used. */
function noteUse(c: ApiContext, { noteTokenUse }: Services, { token }: Principal): void {
  const expiresAt = token?.expiresAt;
  if (token === undefined || expiresAt === undefined) return;
  c.get("beside")?.(() => noteTokenUse({ id: token.id, expiresAt }));
}

/**
 * Who a request is from. Where there is an Authorization header, it decides alone and no cookie counts: no page of another site can send one.
 * Otherwise the session's cookie, with what proves that our own page sends it where the request may change something. Throws the `auth.*`
 * codes of status 401, 403 `auth.csrf` and `auth.address`.
 */
async function authenticate(c: ApiContext, services: Services): Promise<Operator> {
  const { context, givenToken } = services;
  const header = c.req.header("authorization");
  const text = header === undefined ? readSessionCookie(c.req.header("cookie") ?? null) : undefined;
  const address = c.get("address");
  if (text === undefined) {
    const principal = await authenticateToken(context, bearerOf(header), givenToken, address);
    noteUse(c, services, principal);
    return { actor: actorOf(c, principal) };
  }
  const { principal, session } = await authenticateSession(context, text, address);
  const actor = actorOf(c, principal);
  if (!READING.includes(c.req.method)) {
    requireSameOrigin(c.req.raw, services.relyingParty?.origins);
    requireCsrf(c.req.raw, text);
  }
  return { actor, session: { text, item: session } };
}

/** Methods that change nothing. */
const READING: readonly string[] = ["GET", "HEAD"];

/** Who an operator's request is from, and where it acts. Throws what `authenticate` throws, 401 `auth.step_up`, 404 `organization.not_found`. */
export async function authenticateOperator(
  c: ApiContext,
  services: Services,
): Promise<Operator & { readonly organization: string }> {
  const operator = await authenticate(c, services);
  if (operator.session?.item.isPending) throw stepUpNeeded(undefined);
  return { ...operator, organization: await actedIn(c, services, operator.actor.principal) };
}

/** The same of a request about what is one's own. Throws 403 `auth.session` too, for a token where only a session does. */
export async function authenticateSelf(
  c: ApiContext,
  services: Services,
  { by, pending }: Extract<Endpoint["access"], { kind: "self" }>,
): Promise<Operator & { readonly organization: string }> {
  const operator = await authenticate(c, services);
  if (by === "session") requireSession(operator.session);
  if (operator.session?.item.isPending && !pending) throw stepUpNeeded(undefined);
  return { ...operator, organization: operator.actor.principal.organization };
}

/** Refuses before the body is read what cannot be a collector's request. */
export function requireSigned(c: ApiContext): void {
  if (c.req.header("signature") !== undefined && c.req.header("signature-input") !== undefined) return;
  throw new ProblemError("signature.missing", "send signature and signature-input (RFC 9421)");
}

/** What the request is about: what its path names, the parts of it joined by slashes. */
export function targetOf(c: ApiContext, type: Target["type"]): Target {
  const named = Object.values<string>(c.req.param());
  return named.length === 0 ? { type } : { type, id: named.join("/") };
}

/** Which collector a request is from, by its URL and headers as received; only then is its body read. Throws the `signature.*` codes and 403 `collector.*`. */
export async function authenticateReporting(
  c: ApiContext,
  services: Services,
  body: () => Promise<Uint8Array>,
): Promise<Reporting> {
  const { method, url, headers } = c.req.raw;
  try {
    const { collector, principal, signedAt } = await services.authenticateCollector({ method, url, headers, body });
    return { actor: actorOf(c, principal), collector, signedAt };
  } catch (error) {
    // It is known whom to record the refusal of.
    if (error instanceof CollectorRefusedError) actorOf(c, error.principal);
    throw error;
  }
}

/** A caller that may do what it asks for, and what it may see. */
export interface Authorized<Caller> {
  readonly caller: Caller;
  readonly restriction?: Restriction | undefined;
  readonly spaces?: SpaceReach | undefined;
}

/**
 * A request for things of two kinds, which is decided of each: what the caller may not ask of one kind it sees nothing of. The token's own word
 * is told when it says no to both.
 */
async function withAlso(
  context: Context,
  actor: Actor,
  first: Decision,
  { action, resource }: { readonly action: OperatorAction; readonly resource: Target["type"] },
): Promise<Decision> {
  const second = await decideAccess(context, actor, action, { type: resource });
  const { token, session } = actor.principal;
  const cursorKey = token?.cursorKey ?? session?.cursorKey;
  if (!first.allowed && !second.allowed) return first;
  const restriction = first.allowed ? first.restriction : { accounts: [], cursorKey };
  const spaces = second.allowed ? second.spaces : { isDefault: false, except: [], cursorKey };
  return {
    allowed: true,
    policies: [...new Set([first, second].flatMap(({ allowed, policies }) => (allowed ? policies : [])))],
    ...(restriction && { restriction }),
    ...(spaces && { spaces }),
  };
}

/**
 * That the caller may, in the organization of the context, and what it may see; from now on the caller carries by which bindings and policies
 * that was decided. What is one's own nobody needs to be allowed. Throws 403 `auth.forbidden`.
 */
export async function authorizeCaller<Caller extends { readonly actor: Actor }>(
  c: ApiContext,
  { access }: Endpoint,
  context: Context,
  caller: Caller,
): Promise<Authorized<Caller>> {
  // What is one's own nobody needs to be allowed.
  if (access.kind !== "operator" && access.kind !== "provisioning") return { caller };
  const first = await decideAccess(context, caller.actor, access.action, targetOf(c, access.resource));
  const also = access.kind === "operator" ? access.also : undefined;
  const decision = also ? await withAlso(context, caller.actor, first, also) : first;
  const { policies } = decision;
  const actor: Actor = policies.length === 0 ? caller.actor : { ...caller.actor, decision: { policies } };
  c.set("caller", actor);
  // What was read also tells of what is there and not shown: who may not see all is told no number.
  const isToldAll = decision.allowed ? !decision.restriction && !decision.spaces : decision.byToken === true;
  c.set("showsCost", actor.principal.token?.accounts === undefined && isToldAll);
  if (!decision.allowed) throw new ProblemError("auth.forbidden", decision.reason);
  return { caller: { ...caller, actor }, restriction: decision.restriction, spaces: decision.spaces };
}

/** The same of a collector, of whose accounts policies may keep it from some. Throws 403 `auth.forbidden`. */
export async function authorizeReporting(
  c: ApiContext,
  { action }: Extract<Endpoint["access"], { kind: "signed" }>,
  context: Context,
  caller: Reporting,
): Promise<Reporting> {
  const { actor, collector } = caller;
  const decision = await decideSigned(context, actor, action, collector);
  if (decision.allowed) return { ...caller, collector: { ...collector, keptFrom: decision.keptFrom } };
  c.set("caller", { ...actor, decision: { policies: decision.policies } });
  throw new ProblemError("auth.forbidden", decision.reason);
}
