import { hash } from "node:crypto";
import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import type { SentFile } from "@cadastre/contract/endpoints/types";
import { parse } from "@cadastre/contract/parse";
import { runOnce } from "@cadastre/core/access/idempotency";
import { type Actor, actorName, type Context, inOrganization } from "@cadastre/core/context";
import { sourceOf } from "@cadastre/core/limits/canonical-address";
import { rateHeaders } from "@cadastre/core/limits/rates";
import type { Restriction, SpaceReach } from "@cadastre/core/restriction";
import * as z from "zod";
import {
  addressOf,
  authenticateOperator,
  authenticateReporting,
  authenticateSelf,
  authorizeCaller,
  authorizeReporting,
  requireAllowedOrigin,
  requireSigned,
  targetOf,
} from "./authenticate.ts";
import {
  compressionOf,
  decompress,
  isGzip,
  parseForm,
  parseJson,
  readBody,
  SIGNED_BODY_BYTES,
  TOKEN_BODY_BYTES,
} from "./body.ts";
import type { ApiContext } from "./env.ts";
import { readIdempotencyKey, readIfMatch } from "./preconditions.ts";
import { toProblemError } from "./problem.ts";
import type { Operator, Reporting, Route, ServedRequest } from "./routes/route.ts";
import { requireSameOrigin } from "./same-origin.ts";
import type { Services } from "./services.ts";
import {
  forgetLoginCookie,
  forgetSessionCookie,
  readLoginCookie,
  setLoginCookie,
  setSessionCookie,
} from "./session-cookie.ts";
import { type StreamPart, streamResponse } from "./stream.ts";
import { requireText, requireTextQuery } from "./text.ts";

const NO_PARAMETERS = z.strictObject({});
/** Pages are linked to from anywhere, with whatever is appended to links. */
const ANY_PARAMETERS = z.looseObject({});

export type Attempt = NonNullable<Context["attempt"]>;

/** Query parameters as an object: a list for those that may be repeated, and for those that were though they may not. */
export function queryOf(url: string, repeatable: readonly string[] = []): Record<string, string | string[]> {
  const given = new URL(url).searchParams;
  return Object.fromEntries(
    [...new Set(given.keys())].map((name) => {
      const values = given.getAll(name);
      return [name, values.length > 1 || repeatable.includes(name) ? values : (values[0] ?? "")];
    }),
  );
}

/** A file as it was sent. As JSON, which repeats are compared by, it is its digest, and how it is to be taken. */
function fileOf(c: ApiContext, bytes: Uint8Array): SentFile & { readonly toJSON: () => object } {
  const isCompressed = isGzip(c.req.raw.headers);
  const { search } = new URL(c.req.url);
  return { bytes, isGzip: isCompressed, toJSON: () => ({ sha256: hash("sha256", bytes), isCompressed, search }) };
}

/** The JSON of a body that may be compressed, the members of a form, or a file. */
function contentOf(c: ApiContext, { bodyOptional, access, form, secret, file }: Endpoint, bytes: Uint8Array): unknown {
  if (file) return fileOf(c, bytes);
  if (bytes.byteLength === 0 && bodyOptional) return {};
  const { headers } = c.req.raw;
  const value = form ? parseForm(headers, bytes) : parseJson(decompress(bytes, compressionOf(headers)));
  requireText(value, {
    isSecret: secret !== undefined,
    ...(access.kind === "signed" ? { except: "resources" } : {}),
  });
  return value;
}

interface Received {
  readonly caller: Partial<Operator & Reporting>;
  /** Of the organization in which it acts. */
  readonly context: Context;
  readonly restriction?: Restriction | undefined;
  readonly spaces?: SpaceReach | undefined;
  readonly raw: unknown;
}

/**
 * Who calls, that they may, and what the body says. Nobody's body is read before it is known from whom it is: a collector's signature
 * is over the digest that the head has, and the digest is compared with the body afterwards.
 */
async function receive(c: ApiContext, route: Route, services: Services): Promise<Received> {
  const { endpoint } = route;
  const { raw: request } = c.req;
  const takesBody = endpoint.body !== undefined || endpoint.file !== undefined;
  // Collectors have no address of their own: their signature says who they are, and there is nothing else that they could do.
  if (endpoint.access.kind !== "signed") requireAllowedOrigin(c);
  if (endpoint.access.kind === "public") {
    if (!takesBody) return { caller: {}, context: services.context, raw: undefined };
    // Also where nobody has logged in yet: no page of another site logs a visitor in as somebody else.
    requireSameOrigin(request, services.relyingParty?.origins);
    const raw = contentOf(c, endpoint, await readBody(request, TOKEN_BODY_BYTES));
    return { caller: {}, context: services.context, raw };
  }
  if (endpoint.access.kind === "signed") {
    requireSigned(c);
    let bytes: Uint8Array = new Uint8Array();
    const caller = await authenticateReporting(c, services, async () => {
      bytes = await readBody(request, SIGNED_BODY_BYTES);
      return bytes;
    });
    const context = inOrganization(services.context, caller.actor.principal.organization);
    const reporting = await authorizeReporting(c, endpoint.access, context, caller);
    return { caller: reporting, context, raw: takesBody ? contentOf(c, endpoint, bytes) : undefined };
  }
  const { access } = endpoint;
  const { organization, ...caller } =
    access.kind === "self" ? await authenticateSelf(c, services, access) : await authenticateOperator(c, services);
  const context = inOrganization(services.context, organization);
  const authorized = await authorizeCaller(c, endpoint, context, caller);
  const mostBytes = endpoint.file?.bytes ?? TOKEN_BODY_BYTES;
  const bytes = takesBody ? await readBody(request, mostBytes) : undefined;
  return { ...authorized, context, raw: bytes && contentOf(c, endpoint, bytes) };
}

/**
 * Takes one of what may be done: attempts to log in and exchanges by source, all else by principal. What is dear is counted over all instances and told in
 * the answer; writes and searches are counted in this process. Throws 429 `request.rate`.
 */
async function takeRate(c: ApiContext, { rate, mutates }: Endpoint, { rates }: Services, actor?: Actor): Promise<void> {
  const { policies, shared, own } = rates;
  const isBySource = rate === "login" || rate === "exchange" || actor === undefined;
  const whose = isBySource ? sourceOf(c.get("address")) : actorName(actor);
  if (rate === "search") own(policies.search, whose);
  else if (rate !== undefined) {
    for (const [name, value] of Object.entries(rateHeaders(await shared(policies[rate], whose))))
      answerHeadersOf(c).set(name, value);
  }
  if (mutates !== undefined && rate === undefined) own(policies.write, whose);
}

function answerHeadersOf(c: ApiContext): Headers {
  const headers = c.get("answerHeaders") ?? new Headers();
  c.set("answerHeaders", headers);
  return headers;
}

/** Runs the handler, at most once for an Idempotency-Key on an endpoint that takes one. */
async function handle(
  c: ApiContext,
  { endpoint, handle, replay }: Route,
  request: ServedRequest,
): Promise<{ result: unknown; replayed: boolean }> {
  const key = endpoint.idempotent ? readIdempotencyKey(c.req.raw.headers.get("idempotency-key")) : undefined;
  const { actor, raw: content } = request;
  if (key === undefined || actor === undefined) return { result: await handle(request), replayed: false };
  const operation = `${endpoint.method} ${c.req.path}`;
  return runOnce(
    request.context,
    { actor, key, operation, content },
    {
      run: (context) => handle({ ...request, context }),
      replay: async (claim) => replay?.(request, claim),
    },
  );
}

const isStream = (result: unknown): result is AsyncIterable<StreamPart<unknown>> =>
  typeof result === "object" && result !== null && Symbol.asyncIterator in result;

const versioned = z.object({ version: z.int() });

/** The answer by the endpoint's schema: a member that is not in it does not leave. */
function respond(endpoint: Endpoint, result: unknown, replayed: boolean): Response {
  const headers = new Headers(replayed ? { "idempotency-replayed": "true" } : {});
  const status = endpoint.status ?? 200;
  if (!endpoint.answer) return new Response(null, { status: 204, headers });
  const answer = endpoint.answer.parse(result);
  if (endpoint.etag) headers.set("etag", `"${versioned.parse(answer).version}"`);
  // Compressed, an ETag is another one, and a secret's neighbours tell of it by their length.
  if (endpoint.etag || endpoint.secret) headers.set("cache-control", "no-store, no-transform");
  const text = JSON.stringify(answer);
  headers.set("content-type", "application/json");
  headers.set("content-length", String(Buffer.byteLength(text)));
  return new Response(text, { status, headers });
}

/**
 * Leaves a record of a request that was refused: of a known caller who wanted to change something, unless the use case has
 * recorded that itself, and of an unknown one a number.
 */
export async function recordRefusal(
  c: ApiContext,
  { endpoint }: Route,
  { refusals }: Services,
  attempt: Attempt,
  thrown: unknown,
): Promise<void> {
  const { access, mutates, name, secret } = endpoint;
  const error = toProblemError(thrown);
  const actor = c.get("caller");
  if (actor === undefined) {
    const isCounted = UNPROVED.test(error.code) && !attempt.isRefusalRecorded;
    if (isCounted) await refusals.count(c.get("address"), c.get("requestId"));
    return;
  }
  if (mutates === undefined || attempt.isRefusalRecorded) return;
  if (access.kind === "public") return;
  const target = targetOf(c, access.resource);
  await refusals.record(actor, {
    action: mutates,
    target: target.id ?? target.type,
    endpoint: name,
    error,
    hasSecret: secret !== undefined,
  });
}

/** Codes of who did not prove who it is. */
const UNPROVED = /^(auth|signature)\.|^grant\.(refused|invalid)$|^request\.rate$/;

/** Answers one request by its route; one that is refused leaves its record before it is answered. */
export async function serve(c: ApiContext, route: Route, services: Services): Promise<Response> {
  const attempt = { isRefusalRecorded: false };
  try {
    return await answer(c, route, services, attempt);
  } catch (error) {
    await recordRefusal(c, route, services, attempt, error);
    throw error;
  }
}

/** Who, then what, then the use case, then the form of the answer. */
async function answer(c: ApiContext, route: Route, services: Services, attempt: Attempt): Promise<Response> {
  const { endpoint } = route;
  c.set("route", endpoint.path);
  c.set("address", addressOf(c, services));
  c.set("hasSecret", endpoint.secret !== undefined);
  const { caller, context: own, restriction, spaces, raw } = await receive(c, route, services);
  const isSecret = endpoint.secret !== undefined;
  const { params, query = endpoint.access.kind === "public" ? ANY_PARAMETERS : NO_PARAMETERS, body } = endpoint;
  if (endpoint.access.kind !== "public") requireTextQuery(c.req.url);
  const request: ServedRequest = {
    ...caller,
    services,
    context: { ...own, attempt, ...(restriction && { restriction }), ...(spaces && { spaces }) },
    params: params ? parse(params, c.req.param()) : {},
    query: parse(query, queryOf(c.req.url, endpoint.repeatable), { isSecret }),
    version: readIfMatch(c.req.raw.headers.get("if-match"), endpoint.ifMatch),
    body: endpoint.file ? raw : body && !endpoint.rawBody ? parse(body, raw, { isSecret }) : undefined,
    raw,
    lastEventId: c.req.header("last-event-id"),
    requestId: c.get("requestId"),
    from: { address: c.get("address"), userAgent: c.req.header("user-agent") },
    cookie: {
      set: (text) => answerHeadersOf(c).append("set-cookie", setSessionCookie(text)),
      forget: () => answerHeadersOf(c).append("set-cookie", forgetSessionCookie()),
    },
    loginCookie: {
      text: readLoginCookie(c.req.header("cookie") ?? null),
      set: (text) => answerHeadersOf(c).append("set-cookie", setLoginCookie(text)),
      forget: () => answerHeadersOf(c).append("set-cookie", forgetLoginCookie()),
    },
    isAllowed: () =>
      receive(c, route, services).then(
        () => true,
        () => false,
      ),
  };
  // Whatever has another form was no attempt.
  await takeRate(c, endpoint, services, caller.actor);
  const { result, replayed } = await handle(c, route, request);
  if (endpoint.stream && isStream(result)) return streamResponse(result, endpoint.stream);
  if (endpoint.media !== undefined && result instanceof Response) return result;
  const response = respond(endpoint, result, replayed);
  for (const [name, value] of c.get("answerHeaders") ?? []) response.headers.append(name, value);
  return response;
}
