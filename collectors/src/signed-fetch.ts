import { GZIP_TYPE } from "@cadastre/contract/discovery";
import type { RequestSigner } from "@cadastre/contract/keys";
import type { Log } from "@cadastre/contract/log";
import { signRequest } from "@cadastre/contract/signature";
import { RefusedError, UnavailableError } from "./api-errors.ts";
import { type Delay, delayByTimer, type Passing, type Repetition, retry, retryAfterMilliseconds } from "./retry.ts";

/** Longer waits than this are not sat out: what is to be sent stays where it is and is sent another time. */
const MOST_WAIT_MILLISECONDS = 5 * 60_000;

export interface SignedFetchOptions {
  /** The API's base URL; a path in it is kept. */
  readonly api: string;
  readonly signer: RequestSigner;
  readonly now: () => Date;
  readonly log: Log;
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

/** Refusals of the moment: every request may be sent again, and each attempt has a signature of its own. */
const PASSING_REFUSALS: ReadonlySet<string> = new Set(["request.conflict", "signature.replayed"]);

/** An attempt without a usable answer; the next one may have it. */
class UnansweredError extends Error implements Passing {
  override readonly name = "UnansweredError";
  readonly status: number | undefined;
  readonly afterMilliseconds: number | undefined;
  /** What it comes to when no further attempt has a better answer. */
  readonly refused: RefusedError | undefined;

  constructor(
    message: string,
    more: { status?: number; afterMilliseconds?: number | undefined; cause?: unknown; refused?: RefusedError },
  ) {
    super(message, { cause: more.cause });
    this.status = more.status;
    this.afterMilliseconds = more.afterMilliseconds;
    this.refused = more.refused;
  }
}

/**
 * The one way in which collectors speak to the API: JSON, signed anew at every attempt (RFC 9421), with a time limit.
 * Network errors, 429 and 5xx are tried again after an exponential wait or what Retry-After says, and so is what the API
 * refuses for the moment: another writer was faster, or somebody in between sent a request twice, of which the answer to the
 * first was lost. Other 4xx never are.
 */
export function createSignedFetch(options: SignedFetchOptions): SignedFetch {
  const { signer, now, log } = options;
  const base = parseApiUrl(options.api);
  const fetch = options.fetch ?? globalThis.fetch;
  const repetition: Repetition = {
    maxAttempts: options.attempts ?? 5,
    delay: options.delay ?? delayByTimer,
    random: options.random ?? Math.random,
  };
  const timeoutMilliseconds = options.timeoutMilliseconds ?? 60_000;

  async function send(call: SignedCall): Promise<Answer> {
    const body = call.body ?? new Uint8Array();
    const url = `${base}${call.path}`;
    const contentType = call.isCompressed ? GZIP_TYPE : "application/json";
    const signed = await signRequest({ method: call.method, url, contentType, body }, signer, now());
    call.onSent?.(body.byteLength);
    const response = await fetch(url, {
      method: call.method,
      headers: { ...signed, accept: "application/json" },
      ...(call.method === "GET" ? {} : { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }),
      redirect: "manual",
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(timeoutMilliseconds)]),
    });
    return { status: response.status, retryAfter: response.headers.get("retry-after"), text: await response.text() };
  }

  /** One attempt. Throws RefusedError, UnavailableError for an answer that nobody can read, UnansweredError for what may pass. */
  async function attempt(call: SignedCall, request: string): Promise<unknown> {
    const answer = await send(call).catch((error: unknown) => {
      call.signal.throwIfAborted();
      throw new UnansweredError(`had no answer (${causeOf(error)})`, { cause: error });
    });
    const { status } = answer;
    if (status >= 200 && status < 300) return parseAnswer(request, answer);
    const afterMilliseconds = retryAfterMilliseconds(answer.retryAfter, now());
    if (status < 500 && status !== 429) {
      const refused = new RefusedError(request, status, parseObject(answer.text));
      if (refused.code === undefined || !PASSING_REFUSALS.has(refused.code)) throw refused;
      throw new UnansweredError(`was answered ${status} ${refused.code}`, { status, afterMilliseconds, refused });
    }
    throw new UnansweredError(`was answered ${status}`, { status, afterMilliseconds });
  }

  return async function signedFetch(call) {
    const request = `${call.method} ${call.path}`;
    let attempts = 0;
    try {
      return await retry(
        {
          ...repetition,
          signal: call.signal,
          mostWaitMilliseconds: MOST_WAIT_MILLISECONDS,
          decidePassing: (error) => (error instanceof UnansweredError ? error : undefined),
          onWait(error, attempt, waitMilliseconds) {
            const message = `${request} ${(error as Error).message}; trying again`;
            log({ level: "warn", message, attempt, waitMilliseconds });
          },
        },
        (number) => {
          attempts = number;
          return attempt(call, request);
        },
      );
    } catch (error) {
      if (!(error instanceof UnansweredError)) throw error;
      if (error.refused) throw error.refused;
      const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
      throw new UnavailableError(`${request} to ${base} ${error.message}; given up after ${tries}`, {
        status: error.status,
        cause: error.cause,
      });
    }
  };
}
