import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import { ProblemError } from "@cadastre/contract/errors";
import { requireActable } from "@cadastre/core/access/act-in";
import { CollectorRefusedError } from "@cadastre/core/access/authenticate-collector";
import { authenticateToken } from "@cadastre/core/access/authenticate-token";
import { type Actor, type Context, nameOf, type Principal } from "@cadastre/core/context";
import { decideAccess, type Target } from "@cadastre/core/policies/authorize";
import type { Restriction } from "@cadastre/core/restriction";
import type { ApiContext } from "./env.ts";
import type { Operator, Reporting } from "./routes/route.ts";
import type { Services } from "./services.ts";

/** The text of `Authorization: Bearer …`. Throws 401 `auth.missing` and `auth.invalid`. */
function bearerOf(header: string | undefined): string {
  if (header === undefined) throw new ProblemError("auth.missing", "send an API token: Authorization: Bearer cad_…");
  const [, text] = /^Bearer +(\S{1,600}) *$/i.exec(header) ?? [];
  if (text === undefined) throw new ProblemError("auth.invalid", "the Authorization header must be: Bearer cad_…");
  return text;
}

/** Where a request comes from, as the runtime knows it. */
export const addressOf = ({ env }: ApiContext): string | undefined =>
  env?.remoteAddress ?? env?.requestContext?.http?.sourceIp;

/** The principal in this request; from now on the log says who it is. */
function actorOf(c: ApiContext, principal: Principal): Actor {
  const actor = { principal, requestId: c.get("requestId"), address: addressOf(c) };
  c.set("actor", nameOf(principal));
  c.set("caller", actor);
  return actor;
}

/** Refuses who calls from where nobody may. Throws 403 `auth.address`. */
export function requireAllowedOrigin(c: ApiContext): void {
  if (c.get("origin")?.isAllowed === false) throw new ProblemError("auth.address");
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

/** Who an operator's request is from, and where it acts. Throws the `auth.*` codes of status 401, 404 `organization.not_found`. */
export async function authenticateOperator(
  c: ApiContext,
  services: Services,
): Promise<Operator & { readonly organization: string }> {
  const { context, givenToken } = services;
  const principal = await authenticateToken(context, bearerOf(c.req.header("authorization")), givenToken);
  const actor = actorOf(c, principal);
  return { actor, organization: await actedIn(c, services, principal) };
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
}

/**
 * That the caller may, in the organization of the context, and what it may see; from now on the caller carries by which bindings and policies
 * that was decided. Throws 403 `auth.forbidden`.
 */
export async function authorizeCaller<Caller extends { readonly actor: Actor }>(
  c: ApiContext,
  { access }: Endpoint,
  context: Context,
  caller: Caller,
): Promise<Authorized<Caller>> {
  if (access.kind === "public") return { caller };
  const decision = await decideAccess(context, caller.actor, access.action, targetOf(c, access.resource));
  const { policies } = decision;
  const actor: Actor = policies.length === 0 ? caller.actor : { ...caller.actor, decision: { policies } };
  c.set("caller", actor);
  if (!decision.allowed) throw new ProblemError("auth.forbidden", decision.reason);
  return { caller: { ...caller, actor }, restriction: decision.restriction };
}
