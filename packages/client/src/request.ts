import { randomUUID } from "node:crypto";
import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import * as z from "zod";
import { ApiError } from "./api-error.ts";
import { type Cost, costOf } from "./cost.ts";
import { type Followed, follow } from "./follow.ts";
import { type Parts, partsOf, type Query } from "./input.ts";

export interface ClientOptions {
  /** The API's base URL; a path in it is kept. */
  readonly baseUrl: string;
  /** An API token, `cad_…`, or what answers one that is good now. */
  readonly token: string | (() => Promise<string>);
  /** The organization to act in, by its id or slug: for who may act in others than one's own. */
  readonly organization?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly timeoutMilliseconds?: number;
  /** Ends every request of this client. */
  readonly signal?: AbortSignal;
  /** Told of each answer what it cost, when the API says so. */
  readonly onCost?: (cost: Cost) => void;
}

type Input = Readonly<Record<string, unknown>>;

/** Sends requests with the operator's token. Both throw ApiError for everything that is not an answer of the contract. */
export interface Requests {
  /** One request; answers what the endpoint's schema makes of its answer. */
  readonly request: (endpoint: Endpoint, input: Input) => Promise<unknown>;
  /** An answer that is no JSON of a schema, piece by piece as it comes: text, or bytes of what is not only that. */
  readonly read: (endpoint: Endpoint, input: Input) => AsyncGenerator<string | Uint8Array>;
  /** The events of a stream, until the caller stops reading. */
  readonly follow: (endpoint: Endpoint, input: Input) => AsyncGenerator<Followed<unknown>>;
}

const DEFAULT_TIMEOUT_MILLISECONDS = 60_000;

const problem = z.looseObject({
  code: z.string(),
  detail: z.string().optional(),
  title: z.string().optional(),
  requestId: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

/** The API's address without slashes at its end. Throws TypeError for what is none. */
export function parseBaseUrl(baseUrl: string): string {
  const url = URL.parse(baseUrl);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:") || url.username || url.search || url.hash) {
    throw new TypeError(
      `the API's address must be a URL like https://cadastre.example.org, not ${JSON.stringify(baseUrl)}`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

function toQuery(query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) given.append(name, String(one));
  }
  return given.size > 0 ? `?${given.toString()}` : "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why nobody was reached, without what was sent. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : undefined;
  return inner ? inner.message || String((inner as NodeJS.ErrnoException).code ?? inner.name) : error.message;
};

function toRefusal(what: string, response: Response, text: string): ApiError {
  const { status } = response;
  const parsed = problem.safeParse(parseJson(text));
  if (parsed.success) {
    const { code, detail, title, errors, requestId } = parsed.data;
    return new ApiError({ code, status, detail: detail ?? title ?? code, errors, requestId });
  }
  const type = response.headers.get("content-type") ?? "no content type";
  const detail = `${what} was answered ${status} (${type}) and not by a problem document; is this the address of the API?`;
  return new ApiError({ code: "api.unknown_answer", status, detail });
}

/** A body as it is sent: a file as it is; of a form, whose members are texts, in that form. */
const bodyOf = ({ form }: Endpoint, { body, file }: Parts): string | Uint8Array<ArrayBuffer> =>
  file
    ? new Uint8Array(file.bytes)
    : form
      ? new URLSearchParams(body as Record<string, string>).toString()
      : JSON.stringify(body);

/** What an answer must hold; of one without a body, nothing. */
const nothing = z.unknown().transform(() => undefined);

export function createRequests(options: ClientOptions): Requests {
  const base = parseBaseUrl(options.baseUrl);
  const send = options.fetch ?? globalThis.fetch;
  const timeoutMilliseconds = options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS;

  async function headersOf(
    { form, idempotent }: Endpoint,
    { body, file, version, idempotencyKey }: Parts,
  ): Promise<Record<string, string>> {
    const token = typeof options.token === "string" ? options.token : await options.token();
    const key = idempotent ? (idempotencyKey ?? randomUUID()) : undefined;
    return {
      accept: "application/json",
      authorization: `Bearer ${token}`,
      ...(options.organization === undefined ? {} : { "cadastre-organization": options.organization }),
      ...(body === undefined
        ? {}
        : { "content-type": form ? "application/x-www-form-urlencoded" : "application/json" }),
      ...(file ? { "content-type": file.isGzip ? "application/gzip" : "application/octet-stream" } : {}),
      ...(version === undefined ? {} : { "if-match": `"${version}"` }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    };
  }

  async function exchange(
    url: string,
    endpoint: Endpoint,
    parts: Parts,
  ): Promise<{ response: Response; text: string }> {
    const headers = await headersOf(endpoint, parts);
    const timeout = AbortSignal.timeout(timeoutMilliseconds);
    try {
      const response = await send(url, {
        method: endpoint.method,
        headers,
        ...(parts.body === undefined && !parts.file ? {} : { body: bodyOf(endpoint, parts) }),
        // A token is for this API alone.
        redirect: "manual",
        signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      });
      return { response, text: await response.text() };
    } catch (cause) {
      options.signal?.throwIfAborted();
      const detail = `${base} cannot be reached: ${reasonOf(cause)}`;
      throw new ApiError({ code: "api.unreachable", status: 0, detail, cause });
    }
  }

  const refuse = async (what: string, response: Response) => {
    throw toRefusal(what, response, await response.text());
  };

  /** An answer whose body goes on for as long as it takes. */
  async function open(endpoint: Endpoint, input: Input, headers: Record<string, string>): Promise<Response> {
    const parts = partsOf(endpoint, input);
    const { signal } = options;
    const response = await send(`${base}${parts.path}${toQuery(parts.query)}`, {
      headers: { ...(await headersOf(endpoint, parts)), ...headers },
      redirect: "manual",
      ...(signal ? { signal } : {}),
    }).catch((cause) => {
      signal?.throwIfAborted();
      const detail = `${base} cannot be reached: ${reasonOf(cause)}`;
      throw new ApiError({ code: "api.unreachable", status: 0, detail, cause });
    });
    return response.ok ? response : refuse(`${endpoint.method} ${parts.path}`, response);
  }

  function followStream(endpoint: Endpoint, input: Input): AsyncGenerator<Followed<unknown>> {
    const openAfter = (lastEventId: string | undefined) =>
      open(endpoint, input, {
        accept: "text/event-stream",
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      });
    return follow(endpoint, { open: openAfter, signal: options.signal });
  }

  async function* read(endpoint: Endpoint, input: Input): AsyncGenerator<string | Uint8Array> {
    const { body } = await open(endpoint, input, { accept: "*/*" });
    if (!body) return;
    try {
      yield* endpoint.binary ? body : body.pipeThrough(new TextDecoderStream());
    } catch (cause) {
      options.signal?.throwIfAborted();
      const detail = `${base} broke off in the middle of its answer: ${reasonOf(cause)}`;
      throw new ApiError({ code: "api.unreachable", status: 0, detail, cause });
    }
  }

  async function request(endpoint: Endpoint, input: Input): Promise<unknown> {
    const parts = partsOf(endpoint, input);
    const what = `${endpoint.method} ${parts.path}`;
    const { response, text } = await exchange(`${base}${parts.path}${toQuery(parts.query)}`, endpoint, parts);
    const cost = costOf(response.headers);
    if (cost) options.onCost?.(cost);
    if (!response.ok) throw toRefusal(what, response, text);
    const parsed = (endpoint.answer ?? nothing).safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    // The places only: what was answered may be secret.
    const errors = parsed.error.issues
      .slice(0, 10)
      .map((issue) => ({ path: issue.path.join("."), message: issue.message }));
    const detail = `${what} was answered in a form that this client does not know (${errors[0]?.path || "body"}: ${errors[0]?.message})`;
    throw new ApiError({ code: "api.unknown_answer", status: response.status, detail, errors });
  }

  return { request, read, follow: followStream };
}
