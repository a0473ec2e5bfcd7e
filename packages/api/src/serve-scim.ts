import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import { ProblemError } from "@cadastre/contract/errors";
import { parse } from "@cadastre/contract/parse";
import { inOrganization } from "@cadastre/core/context";
import { BULK_LIMITS } from "@cadastre/core/scim/bulk-request";
import { SCIM_PATH, sourceOf } from "@cadastre/core/scim/sources";
import { authenticateOperator, authorizeCaller, requireAllowedOrigin } from "./authenticate.ts";
import { compressionOf, decompress, parseJson, readBody } from "./body.ts";
import { duplicateName } from "./duplicate-names.ts";
import type { ApiContext } from "./env.ts";
import type { Route, ServedRequest } from "./routes/route.ts";
import { type Attempt, queryOf, recordRefusal } from "./serve.ts";
import type { Services } from "./services.ts";
import { requireText, requireTextQuery } from "./text.ts";

const syntax = (detail: string) => new ProblemError("scim.invalid_syntax", detail);

/** The body of a request of SCIM. Throws 413 `request.too_large`, 415 `request.media_type`, 400 `request.malformed`, `scim.invalid_syntax`. */
async function bodyOf(request: Request): Promise<unknown> {
  const most = BULK_LIMITS.maxPayloadSize;
  const sent = await readBody(request, most);
  const bytes = decompress(sent, compressionOf(request.headers, true));
  if (bytes.byteLength > most) throw new ProblemError("request.too_large", `at most ${most} bytes are allowed`);
  const value = parseJson(bytes);
  const twice = duplicateName(new TextDecoder().decode(bytes));
  if (twice !== undefined)
    throw syntax(`the body has a name twice in one object: ${JSON.stringify(twice.slice(0, 60))}`);
  requireText(value, { isSecret: true });
  return value;
}

async function answer(
  c: ApiContext,
  { endpoint, handle }: Route,
  services: Services,
  attempt: Attempt,
): Promise<unknown> {
  requireAllowedOrigin(c);
  const { organization, ...known } = await authenticateOperator(c, services);
  const context = { ...inOrganization(services.context, organization), attempt };
  const { actor } = (await authorizeCaller(c, endpoint, context, known)).caller;
  const source = await sourceOf(context, actor.principal);
  const { url, headers } = c.req.raw;
  requireTextQuery(url);
  const request: ServedRequest = {
    actor,
    services,
    context,
    scim: { context, actor, source, passwords: services.login.passwords, base: `${new URL(url).origin}${SCIM_PATH}` },
    params: endpoint.params ? parse(endpoint.params, c.req.param()) : {},
    asked: queryOf(url),
    ifMatch: headers.get("if-match") ?? undefined,
    ifNoneMatch: headers.get("if-none-match") ?? undefined,
    requestId: c.get("requestId"),
    from: { address: c.get("address"), userAgent: c.req.header("user-agent") },
    // A source has a token and no session.
    cookie: NO_COOKIE,
    loginCookie: { ...NO_COOKIE, text: undefined },
    query: {},
    body: undefined,
    version: undefined,
    lastEventId: undefined,
    raw: takesBody(endpoint) ? await bodyOf(c.req.raw) : undefined,
    isAllowed: async () => true,
  };
  return handle(request);
}

const NO_COOKIE: ServedRequest["cookie"] = { set: () => undefined, forget: () => undefined };

const takesBody = ({ body }: Endpoint): boolean => body !== undefined;

/**
 * Answers one request of a SCIM source: who, that it may, what it says by SCIM's rules, then the handler. One that is refused leaves its
 * record before it is answered.
 */
export async function serveScim(c: ApiContext, route: Route, services: Services): Promise<Response> {
  const attempt = { isRefusalRecorded: false };
  c.set("route", route.endpoint.path);
  c.set("hasSecret", route.endpoint.secret !== undefined);
  try {
    const answered = await answer(c, route, services, attempt);
    if (answered instanceof Response) return answered;
    throw new Error(`${route.endpoint.name} answered no response`);
  } catch (error) {
    await recordRefusal(c, route, services, attempt, error);
    throw error;
  }
}
