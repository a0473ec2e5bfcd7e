import type * as z from "zod";
import type { EndpointDefinition } from "./endpoint.ts";

/** What of a request a handler is given: parameters of the path, as they are parsed. */
export type ParamsOf<E extends EndpointDefinition> = E extends { params: infer S extends z.ZodType }
  ? z.output<S>
  : object;
export type QueryOf<E extends EndpointDefinition> = E extends { query: infer S extends z.ZodType }
  ? z.output<S>
  : object;
/** A file as it was sent. */
export interface SentFile {
  readonly bytes: Uint8Array;
  readonly isGzip: boolean;
}

/** Not of endpoints whose use case parses the body. */
export type BodyOf<E extends EndpointDefinition> = E extends { rawBody: true }
  ? undefined
  : E extends { file: object }
    ? SentFile
    : E extends { body: infer S extends z.ZodType }
      ? z.output<S>
      : undefined;

/** The same value where nobody changes it: what makes an answer may hand out lists of its own. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Frozen<T[Name]> }
    : T;

/** What a handler answers, before it is held to the schema. */
export type ResultOf<E extends EndpointDefinition> = E extends { answer: infer S extends z.ZodType }
  ? Frozen<z.input<S>>
  : undefined;

/** What a caller is answered. */
export type AnswerOf<E extends EndpointDefinition> = E extends { answer: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;
