import { ProblemError } from "@cadastre/contract/errors";
import type { TokenScope } from "@cadastre/contract/token";
import { CollectorRefusedError } from "@cadastre/core/access/authenticate-collector";
import { authenticateToken } from "@cadastre/core/access/authenticate-token";
import { requireScope } from "@cadastre/core/access/scopes";
import { nameOf } from "@cadastre/core/context";
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

/** Who an operator's request is from, and that the token may. Throws the `auth.*` codes. */
export async function authenticateOperator(c: ApiContext, route: Route, services: Services): Promise<Operator> {
  if (route.auth.kind !== "token") throw new Error("not a route for operators");
  const text = bearerOf(c.req.header("authorization"));
  const principal = await authenticateToken(services.context, text, services.givenToken);
  c.set("actor", nameOf(principal));
  const actor = { principal, requestId: c.get("requestId") };
  const scopes = (principal.attributes.scopes ?? []) as readonly TokenScope[];
  try {
    requireScope(scopes, route.auth.scope);
  } catch (error) {
    await route.onDenied?.(services, actor, {
      code: "auth.forbidden",
      params: c.req.param() as Record<string, string>,
    });
    throw error;
  }
  return { actor, scopes };
}

/** Refuses before the body is read what cannot be a collector's request. */
export function requireSigned(c: ApiContext): void {
  if (c.req.header("signature") !== undefined && c.req.header("signature-input") !== undefined) return;
  throw new ProblemError("signature.missing", "send signature and signature-input (RFC 9421)");
}

/** Which collector a request is from, by its URL and headers as received. Throws the `signature.*` codes and 403 `collector.*`. */
export async function authenticateReporting(
  c: ApiContext,
  route: Route,
  services: Services,
  body: Uint8Array,
): Promise<Reporting> {
  const { method, url, headers } = c.req.raw;
  const requestId = c.get("requestId");
  try {
    const { collector, principal } = await services.authenticateCollector({ method, url, headers, body });
    c.set("actor", nameOf(principal));
    return { actor: { principal, requestId }, collector };
  } catch (error) {
    if (error instanceof CollectorRefusedError) {
      const actor = { principal: error.principal, requestId };
      c.set("actor", nameOf(error.principal));
      await route.onDenied?.(services, actor, { code: error.code, params: c.req.param() as Record<string, string> });
    }
    throw error;
  }
}
