import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import { ProblemError } from "@cadastre/contract/errors";
import { CollectorRefusedError } from "@cadastre/core/access/authenticate-collector";
import { authenticateToken } from "@cadastre/core/access/authenticate-token";
import { authorize, type Target } from "@cadastre/core/access/authorize";
import { type Actor, nameOf, type Principal } from "@cadastre/core/context";
import type { Restriction } from "@cadastre/core/restriction";
import type { ApiContext } from "./env.ts";
import type { Operator, Reporting, Route } from "./routes/route.ts";
import type { Services } from "./services.ts";

/** The text of `Authorization: Bearer …`. Throws 401 `auth.missing` and `auth.invalid`. */
function bearerOf(header: string | undefined): string {
  if (header === undefined) throw new ProblemError("auth.missing", "send an API token: Authorization: Bearer cad_…");
  const [, text] = /^Bearer +(\S{1,600}) *$/i.exec(header) ?? [];
  if (text === undefined) throw new ProblemError("auth.invalid", "the Authorization header must be: Bearer cad_…");
  return text;
}

/** The principal in this request; from now on the log says who it is. */
function actorOf(c: ApiContext, principal: Principal): Actor {
  c.set("actor", nameOf(principal));
  return { principal, requestId: c.get("requestId") };
}

/** Refuses who calls from where nobody may. Throws 403 `auth.address`. */
export function requireAllowedOrigin(c: ApiContext): void {
  if (c.get("origin")?.isAllowed === false) throw new ProblemError("auth.address");
}

/** Who an operator's request is from. Throws the `auth.*` codes of status 401. */
export async function authenticateOperator(c: ApiContext, { context, givenToken }: Services): Promise<Operator> {
  const principal = await authenticateToken(context, bearerOf(c.req.header("authorization")), givenToken);
  return { actor: actorOf(c, principal) };
}

/** Refuses before the body is read what cannot be a collector's request. */
export function requireSigned(c: ApiContext): void {
  if (c.req.header("signature") !== undefined && c.req.header("signature-input") !== undefined) return;
  throw new ProblemError("signature.missing", "send signature and signature-input (RFC 9421)");
}

/** What the request is about: what its path names, the parts of it joined by slashes. */
function targetOf(c: ApiContext, type: Target["type"]): Target {
  const named = Object.values(c.req.param() as Record<string, string>);
  return named.length === 0 ? { type } : { type, id: named.join("/") };
}

/** Lets the route record a denial before it is answered. */
async function denied(c: ApiContext, route: Route, services: Services, actor: Actor, error: ProblemError) {
  const { access } = route.endpoint;
  if (access.kind === "public") return;
  await route.onDenied?.(services, actor, { code: error.code, target: targetOf(c, access.resource) });
}

/** Which collector a request is from, by its URL and headers as received. Throws the `signature.*` codes and 403 `collector.*`. */
export async function authenticateReporting(
  c: ApiContext,
  route: Route,
  services: Services,
  body: Uint8Array,
): Promise<Reporting> {
  const { method, url, headers } = c.req.raw;
  try {
    const { collector, principal, signedAt } = await services.authenticateCollector({ method, url, headers, body });
    return { actor: actorOf(c, principal), collector, signedAt };
  } catch (error) {
    if (error instanceof CollectorRefusedError) await denied(c, route, services, actorOf(c, error.principal), error);
    throw error;
  }
}

/** That the caller may, and what it may see. Throws 403 `auth.forbidden`. */
export async function authorizeCaller(
  c: ApiContext,
  route: Route,
  services: Services,
  actor: Actor,
): Promise<Restriction | undefined> {
  const { access }: Endpoint = route.endpoint;
  if (access.kind === "public") return undefined;
  try {
    return authorize(actor.principal, access.action, targetOf(c, access.resource));
  } catch (error) {
    if (error instanceof ProblemError) await denied(c, route, services, actor, error);
    throw error;
  }
}
