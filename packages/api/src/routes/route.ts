import type { Collector } from "@cadastre/contract/collector";
import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import type { BodyOf, ParamsOf, QueryOf, ResultOf } from "@cadastre/contract/endpoints/types";
import type { ClaimItem } from "@cadastre/core/audit/claim";
import type { Actor, Context } from "@cadastre/core/context";
import type { Reporter } from "@cadastre/core/discovery/sources";
import type { LoginFrom } from "@cadastre/core/login/sessions";
import type { Service } from "@cadastre/core/scim/service";
import type * as z from "zod";
import type { RequestSession, Services } from "../services.ts";
import type { StreamPart } from "../stream.ts";

/** What the answer does to the browser's cookie. */
export interface AnsweredCookie {
  readonly set: (text: string) => void;
  readonly forget: () => void;
}

/** What every handler is given, whoever calls. */
interface Received {
  readonly services: Services;
  /** Holds what the caller may see, and the claim of an Idempotency-Key when the request has one: use cases are given this context. */
  readonly context: Context;
  /** The body before any schema, of endpoints whose use case parses it. */
  readonly raw: unknown;
  /** Of If-Match; absent also for `*`. */
  readonly version: number | undefined;
  /** Of Last-Event-ID, as a reader of a stream sends it when it comes back. */
  readonly lastEventId: string | undefined;
  readonly requestId: string;
  /** From where it was sent. */
  readonly from: LoginFrom;
  readonly cookie: AnsweredCookie;
  /** Of a login by an identity provider that is under way: what the browser sent, and what the answer does to it. */
  readonly loginCookie: AnsweredCookie & { readonly text: string | undefined };
  /** Whether the caller still may what it asked for: a stream asks again while it goes on. */
  readonly isAllowed: () => Promise<boolean>;
}

/** An operator, by an API token or a login session. */
export interface Operator {
  readonly actor: Actor;
  readonly session?: RequestSession | undefined;
}

/** A collector, by its signature. */
export interface Reporting {
  readonly actor: Actor;
  readonly collector: Collector & Pick<Reporter, "keptFrom">;
  /** When the request was signed, by the collector's clock. */
  readonly signedAt: Date;
}

/** A SCIM source, by its token; its requests are read by SCIM's rules. */
export interface Provisioning {
  readonly actor: Actor;
  readonly scim: Service;
  /** Parameters of the query as they were sent. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

interface Callers {
  readonly public: object;
  readonly operator: Operator;
  readonly self: Operator;
  readonly signed: Reporting;
  readonly provisioning: Provisioning;
}

type CallerOf<E extends Endpoint> = Callers[E["access"]["kind"]];

export type RequestOf<E extends Endpoint> = Received &
  CallerOf<E> & { readonly params: ParamsOf<E>; readonly query: QueryOf<E>; readonly body: BodyOf<E> };

type AnsweredBy<E extends Endpoint> = E extends { stream: infer S extends z.ZodType }
  ? AsyncIterable<StreamPart<z.input<S>>>
  : E extends { media: string }
    ? Response
    : ResultOf<E>;

type Handle<E extends Endpoint> = (request: RequestOf<E>) => Promise<AnsweredBy<E>>;

interface Repeatable<E extends Endpoint> {
  readonly handle: Handle<E>;
  /** Answers a repeat under the same Idempotency-Key from what is stored. */
  readonly replay: (request: RequestOf<E>, claim: ClaimItem) => Promise<AnsweredBy<E>>;
}

/** What implements an endpoint: a function; one that takes an Idempotency-Key also answers repeats. */
export type Implementation<E extends Endpoint> = E extends { idempotent: true } ? Repeatable<E> : Handle<E>;

/** A request of any endpoint, parsed and authorized by its definition. */
export interface ServedRequest extends Received, Partial<Operator & Reporting & Provisioning> {
  readonly params: object;
  readonly query: object;
  readonly body: unknown;
}

/** What implements an endpoint, whichever it is: its requests are served by its own definition. */
interface Served {
  readonly handle: (request: ServedRequest) => Promise<unknown>;
  readonly replay?: (request: ServedRequest, claim: ClaimItem) => Promise<unknown>;
}

/** An endpoint with what implements it. */
export interface Route extends Served {
  readonly endpoint: Endpoint;
}

const DECIDED_KINDS: readonly string[] = ["operator", "self", "signed", "provisioning"];

/** What is called an access though nothing is named that could be decided: what an endpoint does, and to what. */
function requireDecidable({ name, access }: Endpoint): void {
  if (access?.kind === "public") return;
  if (access && DECIDED_KINDS.includes(access.kind) && access.action && access.resource) return;
  throw new Error(`${name} does not say who may call it: public, or an action and a resource`);
}

/**
 * The routes of an area, each typed by the definition of its endpoint. The compiler refuses an endpoint that is not implemented
 * and an implementation of none. Throws for an endpoint that does not say who may call it.
 */
export function implement<A extends Readonly<Record<string, Endpoint>>>(
  area: A,
  implementations: { readonly [Verb in keyof A]: Implementation<A[Verb]> },
): readonly Route[] {
  return Object.entries(area).map(([verb, endpoint]) => {
    // The one place where the type of an endpoint is given up: from here on a request and what answers it go by its definition.
    requireDecidable(endpoint);
    const given = implementations[verb] as unknown as Served["handle"] | Served;
    return { endpoint, ...(typeof given === "function" ? { handle: given } : given) };
  });
}

/**
 * The routes of an area whose implementation is loaded with its first request, so that a process begins without it. Throws for an endpoint that
 * does not say who may call it.
 */
export function implementOnDemand(
  area: Readonly<Record<string, Endpoint>>,
  load: () => Promise<readonly Route[]>,
): readonly Route[] {
  return Object.values(area).map((endpoint) => {
    requireDecidable(endpoint);
    const served = async (): Promise<Served> => {
      const found = (await load()).find((route) => route.endpoint.name === endpoint.name);
      if (!found) throw new Error(`nothing implements ${endpoint.name}`);
      return found;
    };
    return {
      endpoint,
      handle: async (request) => (await served()).handle(request),
      ...(endpoint.idempotent && {
        replay: async (request: ServedRequest, claim: ClaimItem) => (await served()).replay?.(request, claim),
      }),
    };
  });
}
