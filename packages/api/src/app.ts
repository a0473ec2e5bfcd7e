import { oauth } from "@cadastre/contract/endpoints/oauth";
import { ProblemError } from "@cadastre/contract/errors";
import type { Log } from "@cadastre/contract/log";
import { createCollectorAuthentication } from "@cadastre/core/access/authenticate-collector";
import type { GivenToken } from "@cadastre/core/access/authenticate-token";
import { createTokenUses } from "@cadastre/core/access/token-uses";
import { createLanes } from "@cadastre/core/addresses/allocation/lanes";
import { createRefusals, type Refusals } from "@cadastre/core/audit/refusals";
import type { Context } from "@cadastre/core/context";
import type { TrustedProxies } from "@cadastre/core/limits/client-address";
import type { Outside } from "@cadastre/core/limits/outside";
import { createOwnRates, createSharedRates, DEFAULT_RATES, type RatePolicies } from "@cadastre/core/limits/rates";
import { createLogIn } from "@cadastre/core/login/log-in";
import { createLoginKey } from "@cadastre/core/login/login-key";
import { createProviderMemory } from "@cadastre/core/login/oidc/client";
import type { RelyingParty } from "@cadastre/core/login/passkeys";
import { createPasswordCheck, type PasswordCheck } from "@cadastre/core/login/password-check";
import { createPolicyMemory } from "@cadastre/core/policies/memory";
import { SCIM_PATH } from "@cadastre/core/scim/sources";
import type { Opener, Sealer } from "@cadastre/core/vault/ports";
import { createExchange } from "@cadastre/core/workload/exchange";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { TrieRouter } from "hono/router/trie-router";
import type { ReadAsset } from "./assets.ts";
import type { ApiContext, ApiEnv } from "./env.ts";
import { faultLine } from "./log.ts";
import { securityHeaders } from "./middleware/headers.ts";
import { observe } from "./middleware/observe.ts";
import type { OriginOf } from "./origin.ts";
import { oauthResponse, problemResponse, scimResponse, toProblemError } from "./problem.ts";
import { createReadiness } from "./readiness.ts";
import type { Route } from "./routes/route.ts";
import { ROUTES } from "./routes/table.ts";
import { serve } from "./serve.ts";
import { serveScim } from "./serve-scim.ts";
import type { Following, PublishTriggers, Services } from "./services.ts";

export interface AppOptions {
  readonly context: Context;
  /** Without a sealer no secret can be stored, without an opener none handed out: those routes are then not there. */
  readonly vault?: { readonly sealer?: Sealer | undefined; readonly opener?: Opener | undefined };
  /** The files of the pages, by name. */
  readonly assets: ReadAsset;
  readonly log: Log;
  /** Looked at by /readyz beside the table, by name; each throws when what it looks at cannot be used. */
  readonly ready?: Readonly<Record<string, () => Promise<void>>>;
  readonly publishTriggers: PublishTriggers;
  /** Where the runtime knows how a request came: for the log, and to refuse people from elsewhere. */
  readonly originOf?: OriginOf | undefined;
  /** Where the runtime can hold a connection; without it changes cannot be followed. */
  readonly following?: Following | undefined;
  /** Where what was refused is recorded; made here unless the runtime wants to flush it at its end. */
  readonly refusals?: Refusals;
  /** Where people log in, as the configuration says it; without it there are no passkeys. */
  readonly relyingParty?: RelyingParty | undefined;
  /** How identity providers, issuers of workloads' tokens and AWS are asked; without it nobody outside is. */
  readonly outside?: Outside | undefined;
  /** Stands for AWS's STS where workloads prove a role to it, for tests and simulated clouds. */
  readonly stsEndpoint?: string | undefined;
  /** Proxies in front whose word about their callers is taken; none when absent. */
  readonly trustedProxies?: TrustedProxies | undefined;
  /** How fast what may be done, where that is not what it usually is. */
  readonly rates?: Partial<RatePolicies> | undefined;
  /** How passwords are hashed, where that is not what it usually is. */
  readonly passwords?: PasswordCheck | undefined;
  /** A token that the configuration gave (see `bootstrapAdminToken`). */
  readonly givenToken?: GivenToken | undefined;
}

/** `{id}` as the router writes it; `{id+}` takes slashes too. */
function toPattern(path: string): string {
  return path.replace(/\{(\w+)(\+?)\}/g, (_, name: string, greedy: string) => `:${name}${greedy ? "{.+}" : ""}`);
}

function allowedMethods(routes: readonly Route[]): string {
  return routes.flatMap(({ endpoint: { method } }) => (method === "GET" ? [method, "HEAD"] : [method])).join(", ");
}

const NOTHING_OUTSIDE: Outside = {
  loopback: false,
  fetch: () => Promise.reject(new Error("the runtime asks nobody outside")),
};

/** The document, made when it is first asked for: no other request needs it. */
function createOpenApi(): () => Promise<string> {
  let made: Promise<string> | undefined;
  return () => {
    made ??= import("./openapi.ts").then(({ buildOpenApi }) => JSON.stringify(buildOpenApi()));
    return made;
  };
}

function answerError(c: ApiContext, error: unknown, log: Log, headers: Record<string, string> = {}): Response {
  const problem = toProblemError(error);
  const requestId = c.get("requestId");
  c.set("code", problem.code);
  if (problem.status >= 500) log(faultLine(problem, requestId, c.get("hasSecret") ?? false));
  if (isScim(c.req.path)) return scimResponse(problem, headers);
  return isOauth(c.req) ? oauthResponse(problem, requestId, headers) : problemResponse(problem, requestId, headers);
}

/** Whether OAuth is spoken: of what an endpoint of it was asked. */
const isOauth = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  Object.values(oauth).some((endpoint) => method === endpoint.method && path === endpoint.path);

/** Where SCIM is spoken, also of what is not there. */
const isScim = (path: string): boolean => path === SCIM_PATH || path.startsWith(`${SCIM_PATH}/`);

/**
 * The HTTP API over the use cases. What it serves is its table of routes and nothing else: each declares who may call it, and
 * everything else is a problem document, 404, or 405 with Allow. Holds no state but a cache of collectors' public keys and, for half
 * a minute, whether it is ready.
 */
export function createApp(options: AppOptions): Hono<ApiEnv> {
  const { vault = {}, log } = options;
  const context = { ...options.context, policies: createPolicyMemory(), lanes: createLanes() };
  const services: Services = {
    context,
    authenticateCollector: createCollectorAuthentication({ context }),
    givenToken: options.givenToken,
    noteTokenUse: createTokenUses({ context, log }),
    sealer: vault.sealer,
    opener: vault.opener,
    relyingParty: options.relyingParty,
    trustedProxies: options.trustedProxies ?? { count: 0 },
    login: {
      logIn: createLogIn(),
      passwords: options.passwords ?? createPasswordCheck(),
      key: createLoginKey(context),
    },
    providers: {
      now: context.now,
      outside: options.outside ?? NOTHING_OUTSIDE,
      memory: createProviderMemory(),
    },
    outside: options.outside,
    exchange: createExchange({ context, outside: options.outside, stsEndpoint: options.stsEndpoint }),
    rates: {
      policies: { ...DEFAULT_RATES, ...options.rates },
      shared: createSharedRates(context),
      own: createOwnRates(context),
    },
    following: options.following && { ...options.following, readers: { count: 0 } },
    publishTriggers: options.publishTriggers,
    refusals: options.refusals ?? createRefusals({ context, log }),
    assets: options.assets,
    openApi: createOpenApi(),
    readiness: createReadiness({
      checks: { table: () => context.table.ready(), ...options.ready },
      now: context.now,
    }),
  };
  const isServed = ({ endpoint: { needs } }: Route) => needs === undefined || services[needs] !== undefined;

  // This router tries routes in the order of the table, also those whose parameters take slashes.
  const app = new Hono<ApiEnv>({ router: new TrieRouter() });
  app.use(observe({ log, now: context.now, meter: context.table.meter, originOf: options.originOf }));
  app.use(compress({ encoding: "gzip" }));
  app.use(securityHeaders);
  for (const [path, here] of Map.groupBy(ROUTES.filter(isServed), (route) => route.endpoint.path)) {
    const pattern = toPattern(path);
    for (const route of here) {
      const answer = route.endpoint.access.kind === "provisioning" ? serveScim : serve;
      app.on(route.endpoint.method, pattern, (c) => answer(c, route, services));
    }
    // Before the next path is tried: one whose parameter takes slashes would match here too.
    const allow = allowedMethods(here);
    app.all(pattern, (c) => {
      c.set("route", path);
      return answerError(c, new ProblemError("request.method", `allowed here: ${allow}`), log, { allow });
    });
  }
  app.notFound((c) => answerError(c, new ProblemError("request.not_found"), log));
  app.onError((error, c) => answerError(c, error, log));
  return app;
}
