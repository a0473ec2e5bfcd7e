import type * as z from "zod";
import type { CollectorAction, OperatorAction, ResourceType, SelfAction } from "../actions.ts";
import type { AuditAction } from "../audit-actions.ts";
import type { ErrorCode } from "../errors.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Who may call an endpoint, and for those who must prove who they are: what it does, and to what. There is no default. */
export type Access =
  | { readonly kind: "public" }
  | {
      readonly kind: "operator";
      readonly action: OperatorAction;
      readonly resource: ResourceType;
      /** It answers with things of a second kind, too: whoever may do this to those may call it, and of either kind sees what it may see. */
      readonly also?: { readonly action: OperatorAction; readonly resource: ResourceType };
    }
  | {
      readonly kind: "self";
      readonly action: SelfAction;
      readonly resource: ResourceType;
      /** A login session alone, or a token as well. */
      readonly by: "session" | "any";
      /** Also by a session whose second factor is due. */
      readonly pending?: true;
    }
  | { readonly kind: "signed"; readonly action: CollectorAction; readonly resource: ResourceType }
  | { readonly kind: "provisioning"; readonly action: OperatorAction; readonly resource: ResourceType };

/** For anyone: it must show nothing of the estate. */
export const anyone = { kind: "public" } as const;

/** For operators and scripts, by an API token or a login session. */
export function operator<const R extends ResourceType>(action: OperatorAction, resource: R) {
  return { kind: "operator", action, resource } as const;
}

/** The same of an endpoint that answers with things of two kinds. */
export function operatorOfEither<const R extends ResourceType>(
  [action, resource]: readonly [OperatorAction, R],
  [alsoAction, alsoResource]: readonly [OperatorAction, ResourceType],
) {
  return { kind: "operator", action, resource, also: { action: alsoAction, resource: alsoResource } } as const;
}

/** For everybody who has proved who it is, of what is that one's own: nothing has to be allowed. */
export function oneself<const How extends { readonly by: "session" | "any"; readonly pending?: true }>(
  action: SelfAction,
  resource: ResourceType,
  how: How,
) {
  return { kind: "self", action, resource, ...how } as const;
}

/** For collectors, by a signature of a registered key. */
export function signed<const R extends ResourceType>(action: CollectorAction, resource: R) {
  return { kind: "signed", action, resource } as const;
}

/** For SCIM sources, by the API token of one. Such an endpoint speaks SCIM, also in its errors. */
export function provisioning<const R extends ResourceType>(action: OperatorAction, resource: R) {
  return { kind: "provisioning", action, resource } as const;
}

/**
 * What an endpoint cannot do without: what seals secrets, what opens them, a runtime that can hold a connection, and to know where people
 * log in.
 */
export type Port = "sealer" | "opener" | "following" | "relyingParty";

/** One request that the endpoint understands, of things that need not be there: for its documentation and its tests. */
export interface Example {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
}

/**
 * All that is said of an endpoint. The API implements it, and the client, the OpenAPI document and the routes of a deployment
 * are made from it.
 */
export interface EndpointDefinition {
  readonly method: Method;
  /** From the root, parameters in braces; `{id+}` also takes slashes, for gateways that decode `%2F` on the way. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Names of query parameters that may be given more than once. */
  readonly repeatable?: readonly string[];
  readonly body?: z.ZodType;
  /** The use case parses the body, since digests are over it as it was sent: the schema is for the documentation. */
  readonly rawBody?: true;
  /** The body is sent as a form (application/x-www-form-urlencoded), as a protocol of others wants it. */
  readonly form?: true;
  /** The body is a file: its bytes as they are, at most so many as they are sent, compressed by gzip or not. */
  readonly file?: { readonly bytes: number };
  /** An empty body stands for `{}`. */
  readonly bodyOptional?: true;
  readonly ifMatch?: "required" | "optional";
  /** Takes an Idempotency-Key. */
  readonly idempotent?: true;
  readonly status?: 200 | 201 | 202 | 204;
  /** What a success answers; nothing without it. What is not in it does not leave. */
  readonly answer?: z.ZodType;
  /** Media type of an answer that is not JSON of a schema. */
  readonly media?: string;
  /** Such an answer is not only text. */
  readonly binary?: true;
  /** The answer goes on as server-sent events; the schema is of the data of each. */
  readonly stream?: z.ZodType;
  /** The answer is one item with a version, which becomes its ETag. */
  readonly etag?: true;
  /** It changes what is stored, or records an access: what the audit log calls it, also when it was refused. */
  readonly mutates?: AuditAction;
  /** Errors of its own, beside those that follow from the rest of the definition. */
  readonly errors?: readonly ErrorCode[];
  /** What of it is limited beside that it changes something: attempts to log in and exchanges by source, all else by principal. */
  readonly rate?: "login" | "exchange" | "userCode" | "tokenCreation" | "reveal" | "search";
  /** It is there only where this port is. */
  readonly needs?: Port;
  /** Where a secret is: nothing of such a request is repeated in an error, and in the log no message of a fault of either. */
  readonly secret?: "request" | "answer";
  readonly example?: Example;
}

/** A definition with its place: its name is `area.verb`, in the client, in OpenAPI and in the log. */
export type Endpoint<D extends EndpointDefinition = EndpointDefinition> = D & {
  readonly area: string;
  readonly name: string;
};

/** Defines an endpoint. A member that no endpoint has is refused by the compiler. */
export function defineEndpoint<const D extends EndpointDefinition>(
  definition: D & Readonly<Record<Exclude<keyof D, keyof EndpointDefinition>, never>>,
): D {
  return definition;
}

/** The endpoints of an area by their verbs, in the order in which paths are tried. */
export function defineArea<const E extends Readonly<Record<string, EndpointDefinition>>>(
  area: string,
  endpoints: E,
): { readonly [Verb in keyof E]: Endpoint<E[Verb]> } {
  const named = Object.entries(endpoints).map(([verb, one]) => [verb, { ...one, area, name: `${area}.${verb}` }]);
  return Object.fromEntries(named) as { readonly [Verb in keyof E]: Endpoint<E[Verb]> };
}

/** Which function of a deployment serves it: what opens secrets is a function of its own, which alone may. */
export function servedBy({ needs }: Pick<EndpointDefinition, "needs">): "api" | "vault" {
  return needs === "opener" ? "vault" : "api";
}
