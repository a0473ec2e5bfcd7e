import { AREAS, type Areas } from "@cadastre/contract/endpoints/all";
import type { Endpoint, EndpointDefinition } from "@cadastre/contract/endpoints/endpoint";
import type { AnswerOf, QueryOf } from "@cadastre/contract/endpoints/types";
import type * as z from "zod";
import { ApiError } from "./api-error.ts";
import type { Followed } from "./follow.ts";
import type { InputOf } from "./input.ts";
import { type ClientOptions, createRequests, type Requests } from "./request.ts";

type Call<E extends EndpointDefinition, Result> =
  object extends InputOf<E> ? (input?: InputOf<E>) => Result : (input: InputOf<E>) => Result;

interface Page {
  readonly items: readonly unknown[];
  readonly cursor?: string | undefined;
}

/** A list is also walked: all items, a page at a time as they are consumed; `limit` is the size of a page. */
type Walk<E extends EndpointDefinition> = "cursor" extends keyof QueryOf<E>
  ? AnswerOf<E> extends { items: (infer Item)[] }
    ? { readonly all: Call<E, AsyncGenerator<Item>> }
    : object
  : object;

type Method<E extends EndpointDefinition> = E extends { stream: infer S extends z.ZodType }
  ? Call<E, AsyncGenerator<Followed<z.output<S>>>>
  : E extends { media: string }
    ? Call<E, AsyncGenerator<E extends { binary: true } ? Uint8Array : string>>
    : Call<E, Promise<AnswerOf<E>>> & Walk<E>;

/** What can be called by a token. */
type ByToken = { readonly kind: "operator" } | { readonly kind: "self"; readonly by: "any" };

type Operated<A> = {
  readonly [Verb in keyof A as A[Verb] extends { access: ByToken } ? Verb : never]: A[Verb];
};

/** An area by its verbs: `client.resources.get({ id })`. */
type AreaOf<A> = { readonly [Verb in keyof A]: A[Verb] extends EndpointDefinition ? Method<A[Verb]> : never };

/** Every endpoint for operators, and of what is one's own, by area and verb, as the contract defines it. */
export type Client = {
  readonly [Area in keyof Areas as keyof Operated<Areas[Area]> extends never ? never : Area]: AreaOf<
    Operated<Areas[Area]>
  >;
};

type Input = Readonly<Record<string, unknown>>;

/** All items of a list. Throws ApiError, also when a cursor repeats, which would never end. */
async function* walk(request: Requests["request"], endpoint: Endpoint, input: Input): AsyncGenerator<unknown> {
  let cursor = input.cursor;
  for (;;) {
    const page = (await request(endpoint, { ...input, cursor })) as Page;
    yield* page.items;
    if (page.cursor === undefined) return;
    if (page.cursor === cursor) {
      const detail = `${endpoint.method} ${endpoint.path} repeats its cursor`;
      throw new ApiError({ code: "api.unknown_answer", status: 200, detail });
    }
    cursor = page.cursor;
  }
}

/**
 * The API for operators. Answers are checked against the contract; what is refused, unreachable or not of the contract throws
 * ApiError. Creations carry an Idempotency-Key, changes the version that they change (If-Match).
 */
export function createClient(options: ClientOptions): Client {
  const { request, read, follow } = createRequests(options);
  const toMethod = (endpoint: Endpoint) => {
    if (endpoint.stream) return (input: Input = {}) => follow(endpoint, input);
    if (endpoint.media !== undefined) return (input: Input = {}) => read(endpoint, input);
    const call = (input: Input = {}) => request(endpoint, input);
    const isList = endpoint.query !== undefined && "cursor" in endpoint.query.shape;
    return isList ? Object.assign(call, { all: (input: Input = {}) => walk(request, endpoint, input) }) : call;
  };
  const areas = Object.entries(AREAS).map(([area, endpoints]) => {
    const operated = Object.entries<Endpoint>(endpoints).filter(
      ([, { access }]) => access.kind === "operator" || (access.kind === "self" && access.by === "any"),
    );
    return [area, Object.fromEntries(operated.map(([verb, endpoint]) => [verb, toMethod(endpoint)]))];
  });
  return Object.fromEntries(areas) as Client;
}
