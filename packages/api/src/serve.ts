import { ProblemError } from "@cadastre/contract/errors";
import { parse } from "@cadastre/contract/parse";
import { runOnce } from "@cadastre/core/access/idempotency";
import * as z from "zod";
import { authenticateOperator, authenticateReporting, requireSigned } from "./authenticate.ts";
import { compressionOf, decompress, parseJson, readBody, SIGNED_BODY_BYTES, TOKEN_BODY_BYTES } from "./body.ts";
import type { ApiContext } from "./env.ts";
import { readIdempotencyKey, readIfMatch } from "./preconditions.ts";
import type { Operator, Reporting, Route, RouteRequest } from "./routes/route.ts";
import type { Services } from "./services.ts";

const NO_PARAMETERS = z.strictObject({});
/** Pages are linked to from anywhere, with whatever is appended to links. */
const ANY_PARAMETERS = z.unknown();

type ServedRequest = RouteRequest<unknown, unknown, unknown> & Operator & Reporting;

/** Query parameters as an object: a list for those that may be repeated, and for those that were though they may not. */
function queryOf(url: string, repeatable: readonly string[] = []): Record<string, string | string[]> {
  const given = new URL(url).searchParams;
  return Object.fromEntries(
    [...new Set(given.keys())].map((name) => {
      const values = given.getAll(name);
      return [name, values.length > 1 || repeatable.includes(name) ? values : (values[0] ?? "")];
    }),
  );
}

/** The JSON of a body that may be compressed. */
async function jsonOf(c: ApiContext, route: Route, bytes: Uint8Array): Promise<unknown> {
  if (bytes.byteLength === 0 && route.bodyOptional) return {};
  return parseJson(await decompress(bytes, compressionOf(c.req.raw.headers)));
}

const takesBody = (route: Route) => route.body !== undefined || route.rawBody !== undefined;

/** Who calls, and what the body says: a collector's body is read first, since its signature is over it. */
async function receive(
  c: ApiContext,
  route: Route,
  services: Services,
): Promise<{ caller: Partial<Operator & Reporting>; raw: unknown }> {
  const { raw: request } = c.req;
  if (route.auth.kind === "signed") {
    requireSigned(c);
    const bytes = await readBody(request, SIGNED_BODY_BYTES);
    const caller = await authenticateReporting(c, route, services, bytes);
    return { caller, raw: takesBody(route) ? await jsonOf(c, route, bytes) : undefined };
  }
  const caller = route.auth.kind === "token" ? await authenticateOperator(c, route, services) : {};
  if (!takesBody(route)) return { caller, raw: undefined };
  return { caller, raw: await jsonOf(c, route, await readBody(request, TOKEN_BODY_BYTES)) };
}

/** Runs the handler, at most once for an Idempotency-Key on a route that takes one. */
async function handle(
  c: ApiContext,
  route: Route,
  request: ServedRequest,
): Promise<{ result: unknown; replayed: boolean }> {
  const key = route.replay ? readIdempotencyKey(c.req.raw.headers.get("idempotency-key")) : undefined;
  if (key === undefined) return { result: await route.handle(request), replayed: false };
  const { actor, raw: content } = request;
  const operation = `${route.method} ${c.req.path}`;
  return runOnce(
    request.context,
    { actor, key, operation, content },
    {
      run: (context) => route.handle({ ...request, context }),
      replay: async (claim) => route.replay?.(request, claim),
    },
  );
}

/** The answer by the route's schema: a member that is not in it does not leave. */
function respond(route: Route, result: unknown, replayed: boolean): Response {
  const headers = new Headers(replayed ? { "idempotency-replayed": "true" } : {});
  const status = route.status ?? 200;
  if (!route.answer) return new Response(null, { status: 204, headers });
  const answer = route.answer.parse(result);
  if (route.etag) headers.set("etag", `"${(answer as { version: number }).version}"`);
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify(answer), { status, headers });
}

/** Answers one request by its route: who, then what, then the use case, then the form of the answer. */
export async function serve(c: ApiContext, route: Route, services: Services): Promise<Response> {
  c.set("route", route.path);
  c.set("hasSecret", route.secret ?? false);
  const { caller, raw } = await receive(c, route, services);
  const request = {
    ...caller,
    services,
    context: services.context,
    params: route.params ? parse(route.params, c.req.param()) : {},
    query: parse(
      route.query ?? (route.auth.kind === "public" ? ANY_PARAMETERS : NO_PARAMETERS),
      queryOf(c.req.url, route.repeatable),
    ),
    version: readIfMatch(c.req.raw.headers.get("if-match"), route.ifMatch),
    body: route.body ? parse(route.body, raw) : undefined,
    raw,
    url: c.req.url,
  } as ServedRequest;
  const { result, replayed } = await handle(c, route, request);
  if (result instanceof Response) return result;
  if (route.media !== undefined)
    throw new ProblemError("service.internal", undefined, { cause: new Error("no Response") });
  return respond(route, result, replayed);
}
