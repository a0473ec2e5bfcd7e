import type { Port } from "@cadastre/contract/endpoints/endpoint";
import { ProblemError } from "@cadastre/contract/errors";
import type { SignedRequest } from "@cadastre/contract/signature";
import type { AuthenticatedCollector } from "@cadastre/core/access/authenticate-collector";
import type { GivenToken } from "@cadastre/core/access/authenticate-token";
import type { NoteTokenUse } from "@cadastre/core/access/token-uses";
import type { Refusals } from "@cadastre/core/audit/refusals";
import type { Context } from "@cadastre/core/context";
import type { requestRuns } from "@cadastre/core/discovery/triggers";
import type { TrustedProxies } from "@cadastre/core/limits/client-address";
import type { Outside } from "@cadastre/core/limits/outside";
import type { createOwnRates, RatePolicies, TakeOne } from "@cadastre/core/limits/rates";
import type { LogIn } from "@cadastre/core/login/log-in";
import type { ProviderPorts } from "@cadastre/core/login/oidc/client";
import type { RelyingParty } from "@cadastre/core/login/passkeys";
import type { PasswordCheck } from "@cadastre/core/login/password-check";
import type { SessionItem } from "@cadastre/core/sessions/items";
import type { Opener, Sealer } from "@cadastre/core/vault/ports";
import type { Exchange } from "@cadastre/core/workload/exchange";
import type { ReadAsset } from "./assets.ts";

/** Tells collectors that do not poll; called after the triggers are stored. */
export type PublishTriggers = Parameters<typeof requestRuns>[3];

/** Of a runtime that can hold a connection: resolves when it is time to look again, false when it is about to end. */
export interface Following {
  readonly wait: () => Promise<boolean>;
}

/** The same with those who follow now. */
interface Followed extends Following {
  readonly readers: { count: number };
}

/** What logs people in, and what they log in with. */
interface Login {
  readonly logIn: LogIn;
  readonly passwords: PasswordCheck;
  /** What names are hashed with. */
  readonly key: () => Promise<string>;
}

/** How fast what may be done. */
interface Rates {
  readonly policies: RatePolicies;
  /** Over all instances. */
  readonly shared: TakeOne;
  /** In this process alone. */
  readonly own: ReturnType<typeof createOwnRates>;
}

/** The login session of a request: the text of its cookie, and what is stored. */
export interface RequestSession {
  readonly text: string;
  readonly item: SessionItem;
}

/** The session of a request that must have one. Throws 403 `auth.session`. */
export function requireSession(session: RequestSession | undefined): RequestSession {
  if (!session) throw new ProblemError("auth.session", "log in: a token does not do here");
  return session;
}

/** What the routes work with, made once for an app. */
export interface Services {
  readonly context: Context;
  readonly authenticateCollector: (request: SignedRequest) => Promise<AuthenticatedCollector>;
  readonly givenToken?: GivenToken | undefined;
  readonly noteTokenUse: NoteTokenUse;
  /** Needed by the routes that store secrets. */
  readonly sealer?: Sealer | undefined;
  /** Needed by the routes that hand out secrets. */
  readonly opener?: Opener | undefined;
  /** Needed by the routes that hold a connection. */
  readonly following?: Followed | undefined;
  /** Needed by the routes that have to do with passkeys: where people log in. */
  readonly relyingParty?: RelyingParty | undefined;
  readonly login: Login;
  /** How identity providers are asked. */
  readonly providers: ProviderPorts;
  /** How issuers of workloads' tokens are asked. */
  readonly outside?: Outside | undefined;
  readonly exchange: Exchange;
  readonly rates: Rates;
  /** Whose word about where a request came from is taken. */
  readonly trustedProxies: TrustedProxies;
  readonly publishTriggers: PublishTriggers;
  /** Where what was refused is recorded. */
  readonly refusals: Refusals;
  readonly assets: ReadAsset;
  /** The OpenAPI document as text. */
  readonly openApi: () => Promise<string>;
  /** The names of what was looked at and can be used. Throws 503 `service.unavailable` for what cannot. */
  readonly readiness: () => Promise<string[]>;
}

/** A port of a route that declares that it needs it: without the port the route is not there. */
export function portOf<P extends Port>(services: Services, port: P): NonNullable<Services[P]> {
  const given = services[port];
  if (!given) throw new Error(`the route was registered without its ${port}`);
  return given;
}
