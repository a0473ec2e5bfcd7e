import type { Endpoint } from "@cadastre/contract/endpoints/endpoint";
import * as z from "zod";
import { ApiError } from "./api-error.ts";
import { type ClientOptions, parseBaseUrl, reasonOf } from "./request.ts";

/** Where the API is, and how it is asked before there is a token. */
export type FormOptions = Pick<ClientOptions, "baseUrl" | "fetch" | "timeoutMilliseconds">;

const DEFAULT_TIMEOUT_MILLISECONDS = 60_000;

const refusal = z.object({ error: z.string(), error_description: z.string().default(""), code: z.string().optional() });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Sends a form as OAuth's endpoints take it. Throws ApiError for what is refused, which has nothing of the form in it. */
export async function sendForm<Answer extends z.ZodType>(
  { baseUrl, fetch = globalThis.fetch, timeoutMilliseconds = DEFAULT_TIMEOUT_MILLISECONDS }: FormOptions,
  { method, path, answer: schema }: Pick<Endpoint, "method" | "path"> & { readonly answer: Answer },
  form: Readonly<Record<string, string>>,
): Promise<z.output<Answer>> {
  const base = parseBaseUrl(baseUrl);
  const sent = await fetch(`${base}${path}`, {
    method,
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMilliseconds),
  }).catch((cause) => {
    const detail = `${base} cannot be reached: ${reasonOf(cause)}`;
    throw new ApiError({ code: "api.unreachable", status: 0, detail, cause });
  });
  const { status } = sent;
  const answer = parse(await sent.text());
  const given = sent.ok ? schema.safeParse(answer) : undefined;
  if (given?.success) return given.data;
  const refused = refusal.safeParse(answer);
  if (!refused.success) {
    const detail = `${base} gives no tokens: is this the address of the API?`;
    throw new ApiError({ code: "api.unknown_answer", status, detail });
  }
  const { error, error_description: detail, code = error } = refused.data;
  throw new ApiError({ code, status, detail });
}
