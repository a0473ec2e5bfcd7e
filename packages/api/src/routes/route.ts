import type { Collector } from "@cadastre/contract/collector";
import type { ErrorCode } from "@cadastre/contract/errors";
import type { TokenScope } from "@cadastre/contract/token";
import type { ClaimItem } from "@cadastre/core/audit/claim";
import type { Actor, Context } from "@cadastre/core/context";
import type * as z from "zod";
import type { Port, Services } from "../services.ts";

/** Who may call a route. There is no default: a route is made by one of the functions below, and each sets it. */
export type Auth =
  | { readonly kind: "public" }
  | { readonly kind: "token"; readonly scope: TokenScope }
  | { readonly kind: "signed" };

export interface RouteRequest<Params, Query, Body> {
  readonly services: Services;
  /** Holds the claim of an Idempotency-Key when the request has one: mutations use this context. */
  readonly context: Context;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body before any schema, of routes whose use case parses it. */
  readonly raw: unknown;
  /** Of If-Match; absent also for `*`. */
  readonly version: number | undefined;
  /** Of the request as it was received. */
  readonly url: string;
}

/** An operator, by the API token. */
export interface Operator {
  readonly actor: Actor;
  readonly scopes: readonly TokenScope[];
}

/** A collector, by its signature. */
export interface Reporting {
  readonly actor: Actor;
  readonly collector: Collector;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Denial {
  readonly code: ErrorCode;
  readonly params: Readonly<Record<string, string>>;
}

export interface RouteDefinition<Params, Query, Body, Caller> {
  readonly method: Method;
  /** From the root, parameters in braces; `{id+}` also takes slashes, for gateways that decode `%2F` on the way. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  /** Names of query parameters that may be given more than once. */
  readonly repeatable?: readonly string[];
  readonly body?: z.ZodType<Body>;
  /** Only documented: the use case parses the body, since digests are over it as it was sent. */
  readonly rawBody?: z.ZodType;
  /** An empty body stands for `{}`. */
  readonly bodyOptional?: boolean;
  readonly ifMatch?: "required" | "optional";
  readonly status?: 200 | 201 | 202 | 204;
  /** What a success answers; nothing without it. What is not in it does not leave. */
  readonly answer?: z.ZodType;
  /** Media type of an answer that is not JSON: then `handle` answers a Response. */
  readonly media?: string;
  /** The answer is one item with a version, which becomes its ETag. */
  readonly etag?: boolean;
  /** Whether it changes what is stored, or records an access. */
  readonly mutates?: boolean;
  /** Errors of its own, beside those that follow from the rest of the definition. */
  readonly errors?: readonly ErrorCode[];
  /** The route is there only when the app has this port. */
  readonly needs?: Port;
  /** Request or answer hold a secret: unexpected errors are logged without their messages. */
  readonly secret?: boolean;
  handle(request: RouteRequest<Params, Query, Body> & Caller): Promise<unknown>;
  /** Answers a repeat under the same Idempotency-Key from what is stored; with it the route takes that header. */
  replay?(request: RouteRequest<Params, Query, Body> & Caller, claim: ClaimItem): Promise<unknown>;
  /** Told when a caller that is known may not, before that is answered: its token has not the scope, or it is not approved. */
  onDenied?(services: Services, actor: Actor, denial: Denial): Promise<void>;
}

export interface Route<Caller = Operator & Reporting> extends RouteDefinition<unknown, unknown, unknown, Caller> {
  readonly auth: Auth;
}

/** A route for operators: an API token with the scope. */
export function operatorRoute<Params, Query, Body>(
  definition: RouteDefinition<Params, Query, Body, Operator> & { readonly scope: TokenScope },
): Route {
  const { scope, ...rest } = definition;
  return { ...(rest as RouteDefinition<unknown, unknown, unknown, Operator>), auth: { kind: "token", scope } };
}

/** A route for collectors: a signature by a registered key. */
export function collectorRoute<Params, Query, Body>(
  definition: RouteDefinition<Params, Query, Body, Reporting>,
): Route {
  return { ...(definition as RouteDefinition<unknown, unknown, unknown, Reporting>), auth: { kind: "signed" } };
}

/** A route for anyone: it must show nothing of the estate. */
export function publicRoute<Params, Query, Body>(definition: RouteDefinition<Params, Query, Body, object>): Route {
  return { ...(definition as RouteDefinition<unknown, unknown, unknown, object>), auth: { kind: "public" } };
}
