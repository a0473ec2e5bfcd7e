import type { EndpointDefinition } from "@cadastre/contract/endpoints/endpoint";
import type * as z from "zod";

/** Members that may be left out may also be undefined. */
type Loose<T> = { readonly [Name in keyof T]: undefined extends T[Name] ? T[Name] | undefined : T[Name] };

/** As it is written by a caller: a number stands for itself, though an address has it as text. */
type Written<In, Out> = Loose<{
  [Name in keyof In]: Name extends keyof Out
    ? undefined extends In[Name]
      ? Out[Name] | undefined
      : Out[Name]
    : In[Name];
}>;

type Parameters<S> = S extends z.ZodType ? Written<z.input<S>, z.output<S>> : object;
/** A body that has no members is not asked for. */
type Members<S> = S extends z.ZodType ? (string extends keyof z.input<S> ? object : Loose<z.input<S>>) : object;

type Version<E> = E extends { ifMatch: "required" }
  ? { readonly version: number }
  : E extends { ifMatch: "optional" }
    ? { readonly version?: number | undefined }
    : object;

/** The same key again creates nothing; a fresh one is sent when none is given. */
type Key<E> = E extends { idempotent: true } ? { readonly idempotencyKey?: string | undefined } : object;

/** A file, as it is or compressed. */
type File<E> = E extends { file: object }
  ? { readonly file: Uint8Array; readonly isGzip?: boolean | undefined }
  : object;

/**
 * What an endpoint is called with, in one object: the parameters of its path, its query, the members of its body, and where it
 * takes them the version that is changed (If-Match) and an Idempotency-Key.
 */
export type InputOf<E extends EndpointDefinition> = Parameters<E extends { params: infer S } ? S : undefined> &
  Parameters<E extends { query: infer S } ? S : undefined> &
  Members<E extends { body: infer S } ? S : undefined> &
  File<E> &
  Version<E> &
  Key<E>;

export type Query = Readonly<Record<string, unknown>>;

/** An input by where its members go. */
export interface Parts {
  /** Below the base URL, with its parameters encoded. */
  readonly path: string;
  readonly query: Query;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly file?: { readonly bytes: Uint8Array; readonly isGzip: boolean } | undefined;
  readonly version: number | undefined;
  readonly idempotencyKey: string | undefined;
}

/** Sorts an input into the parts of a request. */
export function partsOf(endpoint: EndpointDefinition, input: Readonly<Record<string, unknown>>): Parts {
  const { params, ifMatch, idempotent } = endpoint;
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const take = (name: string) => {
    const value = rest.get(name);
    rest.delete(name);
    return value;
  };
  const named = Object.keys(params?.shape ?? {}).map((name) => [name, encodeURIComponent(String(take(name)))] as const);
  const path = named.reduce(
    (text, [name, value]) => text.replace(`{${name}}`, value).replace(`{${name}+}`, value),
    endpoint.path,
  );
  const version = ifMatch ? (take("version") as number | undefined) : undefined;
  const idempotencyKey = idempotent ? (take("idempotencyKey") as string | undefined) : undefined;
  const file = endpoint.file && { bytes: take("file") as Uint8Array, isGzip: take("isGzip") === true };
  if (!endpoint.body) {
    const query = Object.fromEntries(rest);
    return { path, query, body: undefined, version, idempotencyKey, ...(file ? { file } : {}) };
  }
  const asked = Object.keys(endpoint.query?.shape ?? {}).filter((name) => rest.has(name));
  const query = Object.fromEntries(asked.map((name) => [name, take(name)]));
  return { path, query, body: Object.fromEntries(rest), version, idempotencyKey };
}
