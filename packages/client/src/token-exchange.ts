import { oauth } from "@cadastre/contract/endpoints/oauth";
import { TOKEN_EXCHANGE, tokenAnswer } from "@cadastre/contract/oauth";
import * as z from "zod";
import { ApiError } from "./api-error.ts";
import { type ClientOptions, parseBaseUrl, reasonOf } from "./request.ts";

/** What a workload has from its platform, and what it is (RFC 8693 §3). */
export interface SubjectToken {
  readonly token: string;
  readonly type: string;
}

export interface TokenExchange extends Pick<ClientOptions, "baseUrl" | "fetch" | "timeoutMilliseconds"> {
  /** The id of the trust rule, `trl_…`. */
  readonly rule: string;
  readonly subject: SubjectToken;
}

export interface Exchanged {
  readonly secret: string;
  readonly seconds: number;
  readonly scope: string;
}

const DEFAULT_TIMEOUT_MILLISECONDS = 60_000;

const refusal = z.object({ error: z.string(), error_description: z.string().default(""), code: z.string().optional() });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Exchanges what a workload has from its platform for a short token of a service account. Throws ApiError, which has nothing of either in it. */
export async function exchangeToken({ rule, subject, ...options }: TokenExchange): Promise<Exchanged> {
  const base = parseBaseUrl(options.baseUrl);
  const form = {
    grant_type: TOKEN_EXCHANGE,
    audience: rule,
    subject_token: subject.token,
    subject_token_type: subject.type,
  };
  const sent = await (options.fetch ?? globalThis.fetch)(`${base}${oauth.token.path}`, {
    method: oauth.token.method,
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
    redirect: "manual",
    signal: AbortSignal.timeout(options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS),
  }).catch((cause) => {
    throw new ApiError({
      code: "api.unreachable",
      status: 0,
      detail: `${base} cannot be reached: ${reasonOf(cause)}`,
      cause,
    });
  });
  const { status } = sent;
  const answer = parse(await sent.text());
  const given = sent.ok ? tokenAnswer.safeParse(answer) : undefined;
  if (given?.success) {
    const { access_token: secret, expires_in: seconds, scope } = given.data;
    return { secret, seconds, scope };
  }
  const refused = refusal.safeParse(answer);
  if (!refused.success)
    throw new ApiError({
      code: "api.unknown_answer",
      status,
      detail: `${base} gives no tokens: is this the address of the API?`,
    });
  const { error, error_description: detail, code = error } = refused.data;
  throw new ApiError({ code, status, detail });
}
