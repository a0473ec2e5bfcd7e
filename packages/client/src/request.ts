import { randomUUID } from "node:crypto";
import * as z from "zod";
import { ApiError } from "./api-error.ts";

export interface ClientOptions {
  /** The API's base URL; a path in it is kept. */
  readonly baseUrl: string;
  /** An API token, `cad_…`. */
  readonly token: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly timeoutMilliseconds?: number;
  /** Ends every request of this client. */
  readonly signal?: AbortSignal;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Call<Schema extends z.ZodType> {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below `/api/v1`, with its parts encoded. */
  readonly path: string;
  /** What a 2xx must hold; without it the answer's body is not read. */
  readonly answer: Schema;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  /** The version that is changed, for If-Match. */
  readonly version?: number | undefined;
  /** Sends an Idempotency-Key of its own, or this one. */
  readonly idempotencyKey?: string | true | undefined;
}

export type Request = <Schema extends z.ZodType>(call: Call<Schema>) => Promise<z.output<Schema>>;

/** For answers whose body says nothing, such as 204. */
export const nothing = z.unknown().transform(() => undefined);

const DEFAULT_TIMEOUT_MILLISECONDS = 60_000;

const problem = z.looseObject({
  code: z.string(),
  detail: z.string().optional(),
  title: z.string().optional(),
  requestId: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

function parseBaseUrl(baseUrl: string): string {
  const url = URL.parse(baseUrl);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:") || url.username || url.search || url.hash) {
    throw new TypeError(
      `the API's address must be a URL like https://cadastre.example.org, not ${JSON.stringify(baseUrl)}`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

function toQuery(query: Query | undefined): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) given.set(name, String(value));
  return given.size > 0 ? `?${given.toString()}` : "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const reasonOf = (error: unknown): string => {
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

/** One request to the API with the operator's token. Throws ApiError for everything that is not an answer of the contract. */
export function createRequest(options: ClientOptions): Request {
  const base = parseBaseUrl(options.baseUrl);
  const send = options.fetch ?? globalThis.fetch;
  const timeoutMilliseconds = options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS;

  function headersOf(call: Call<z.ZodType>): Record<string, string> {
    const key = call.idempotencyKey === true ? randomUUID() : call.idempotencyKey;
    return {
      accept: "application/json",
      authorization: `Bearer ${options.token}`,
      ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      ...(call.version === undefined ? {} : { "if-match": `"${call.version}"` }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    };
  }

  async function exchange(url: string, call: Call<z.ZodType>): Promise<{ response: Response; text: string }> {
    const timeout = AbortSignal.timeout(timeoutMilliseconds);
    try {
      const response = await send(url, {
        method: call.method,
        headers: headersOf(call),
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
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

  return async function request(call) {
    const url = `${base}/api/v1${call.path}${toQuery(call.query)}`;
    const what = `${call.method} /api/v1${call.path}`;
    const { response, text } = await exchange(url, call);
    if (!response.ok) throw toRefusal(what, response, text);
    const parsed = call.answer.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    // The places only: what was answered may be secret.
    const errors = parsed.error.issues
      .slice(0, 10)
      .map((issue) => ({ path: issue.path.join("."), message: issue.message }));
    const detail = `${what} was answered in a form that this client does not know (${errors[0]?.path || "body"}: ${errors[0]?.message})`;
    throw new ApiError({ code: "api.unknown_answer", status: response.status, detail, errors });
  };
}
