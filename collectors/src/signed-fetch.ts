import { setTimeout as wait } from "node:timers/promises";
import { GZIP_TYPE } from "@cadastre/contract/discovery";
import type { RequestSigner } from "@cadastre/contract/keys";
import { signRequest } from "@cadastre/contract/signature";
import { RefusedError, UnavailableError } from "./api-errors.ts";
import { backoffMilliseconds, retryAfterMilliseconds } from "./backoff.ts";
import type { LogLine } from "./observe.ts";

/** Longer waits than this are not sat out: what is to be sent stays where it is and is sent another time. */
const MOST_WAIT_MILLISECONDS = 5 * 60_000;

export type Delay = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export interface SignedFetchOptions {
  /** The API's base URL; a path in it is kept. */
  readonly api: string;
  readonly signer: RequestSigner;
  readonly now: () => Date;
  readonly log: (line: LogLine) => void;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly delay?: Delay | undefined;
  readonly random?: (() => number) | undefined;
  readonly timeoutMilliseconds?: number | undefined;
  readonly attempts?: number | undefined;
}

export interface SignedCall {
  readonly method: "GET" | "POST" | "PUT";
  /** From the root of the API, such as `/api/v1/discovery/runs`. */
  readonly path: string;
  /** JSON as it is sent, after compression. */
  readonly body?: Uint8Array;
  readonly isCompressed?: boolean;
  /** Ends the call, also between attempts; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Told the size of the body at every attempt. */
  readonly onSent?: (bytes: number) => void;
}

/** Answers the parsed JSON of a 2xx. Throws RefusedError, UnavailableError, or the signal's reason. */
export type SignedFetch = (call: SignedCall) => Promise<unknown>;

/** Throws when the text is not an http or https URL. Answers it without a trailing slash, query or fragment. */
export function parseApiUrl(api: string): string {
  const url = URL.parse(api);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:") || url.username || url.search || url.hash) {
    throw new Error(`the API's address must be a URL like https://cadastre.example.org, not ${JSON.stringify(api)}`);
  }
  return url.href.replace(/\/+$/, "");
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function parseAnswer(request: string, answer: Answer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    // Without the parser's error, which repeats parts of the text: an answer may hold a credential.
    const detail = `${request} was answered ${answer.status} without JSON; is this the address of the API?`;
    throw new UnavailableError(detail, { status: answer.status });
  }
}

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : undefined;
  return inner
    ? `${error.message}: ${inner.message || ("code" in inner ? String(inner.code) : inner.name)}`
    : error.message;
};

/**
 * The one way in which collectors speak to the API: JSON, signed anew at every attempt (RFC 9421), with a time limit.
 * Network errors, 429 and 5xx are tried again after an exponential wait or what Retry-After says; other 4xx never are.
 */
export function createSignedFetch(options: SignedFetchOptions): SignedFetch {
  const { signer, now, log } = options;
  const base = parseApiUrl(options.api);
  const send = options.fetch ?? globalThis.fetch;
  const delay: Delay = options.delay ?? ((milliseconds, signal) => wait(milliseconds, undefined, { signal }));
  const random = options.random ?? Math.random;
  const attempts = options.attempts ?? 5;
  const timeoutMilliseconds = options.timeoutMilliseconds ?? 60_000;

  async function attemptOnce(call: SignedCall): Promise<Answer> {
    const body = call.body ?? new Uint8Array();
    const url = `${base}${call.path}`;
    const unsigned = {
      method: call.method,
      url,
      contentType: call.isCompressed ? GZIP_TYPE : "application/json",
      body,
    };
    const signed = await signRequest(unsigned, signer, now());
    call.onSent?.(body.byteLength);
    const response = await send(url, {
      method: call.method,
      headers: { ...signed, accept: "application/json" },
      ...(call.method === "GET" ? {} : { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }),
      redirect: "manual",
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(timeoutMilliseconds)]),
    });
    return { status: response.status, retryAfter: response.headers.get("retry-after"), text: await response.text() };
  }

  return async function signedFetch(call) {
    const request = `${call.method} ${call.path}`;
    for (let attempt = 1; ; attempt++) {
      call.signal.throwIfAborted();
      let reason: string;
      let more: { status?: number; cause?: unknown };
      let waitMilliseconds = backoffMilliseconds(attempt, random);
      try {
        const answer = await attemptOnce(call);
        if (answer.status >= 200 && answer.status < 300) return parseAnswer(request, answer);
        if (answer.status < 500 && answer.status !== 429) {
          throw new RefusedError(request, answer.status, parseObject(answer.text));
        }
        reason = `was answered ${answer.status}`;
        more = { status: answer.status };
        waitMilliseconds = Math.max(waitMilliseconds, retryAfterMilliseconds(answer.retryAfter, now()) ?? 0);
      } catch (error) {
        if (error instanceof RefusedError || error instanceof UnavailableError) throw error;
        call.signal.throwIfAborted();
        reason = `had no answer (${causeOf(error)})`;
        more = { cause: error };
      }
      if (attempt >= attempts || waitMilliseconds > MOST_WAIT_MILLISECONDS) {
        const tries = attempt === 1 ? "1 attempt" : `${attempt} attempts`;
        throw new UnavailableError(`${request} to ${base} ${reason}; given up after ${tries}`, more);
      }
      log({ level: "warn", message: `${request} ${reason}; trying again`, attempt, waitMilliseconds });
      await delay(waitMilliseconds, call.signal);
    }
  };
}
