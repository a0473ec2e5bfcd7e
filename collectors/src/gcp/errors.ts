import type { ScopeError } from "@cadastre/contract/scope";
import * as z from "zod";
import { DeadlineError, InterruptedError } from "../deadline.ts";
import { describeAnswer } from "../foreign-answer.ts";
import { RepeatedTokenError } from "../pages.ts";
import { MalformedError } from "../values.ts";

/** Why a call to Google gave no answer. `unexpected` is what Google has not documented for these calls; its message says more. */
export type GcpCallErrorCode =
  | "api_disabled"
  | "billing_disabled"
  | "denied"
  | "denied_by_org_policy"
  | "throttled"
  | "not_found"
  | "timeout"
  | "network"
  | "service_error"
  | "malformed"
  | "invalid_credentials"
  | "unexpected";

/**
 * Why something could not be seen. Beside those of calls: what the run itself decided, and the codes of Compute Engine's own
 * warnings in lower case, such as `unreachable`.
 */
export interface GcpScopeError extends ScopeError {
  readonly code:
    | GcpCallErrorCode
    | "interrupted"
    | "unknown_value"
    | "repeated_page_token"
    | "no_projects"
    | (string & {});
}

/** A call that was answered with an error, or not at all; `cause` is the library's own error. */
export class GcpCallError extends Error {
  override readonly name = "GcpCallError";
  readonly code: GcpCallErrorCode;
  /** What the server asked to wait, where it did. */
  readonly retryAfterMilliseconds: number | undefined;

  constructor(cause: unknown, retryAfterMilliseconds?: number) {
    super(describe(cause), { cause });
    this.code = classify(cause);
    this.retryAfterMilliseconds = retryAfterMilliseconds;
  }
}

/** Nobody knows which projects there are (or which more), so that there is no scope to say so in. */
export class GcpProjectsError extends Error {
  override readonly name = "GcpProjectsError";
  readonly problem: GcpScopeError;
  constructor(problem: GcpScopeError) {
    super(`the projects to look at are not all known: ${problem.operation}: ${problem.message} (${problem.code})`);
    this.problem = problem;
  }
}

const MOST_MESSAGE = 1000;

/** Any error of a listing as a scope's error. `operation` is the permission that the call needs, such as `compute.networks.list`. */
export function toScopeError(error: unknown, operation: string): GcpScopeError {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, MOST_MESSAGE);
  return { code: codeOf(error), message, operation };
}

function codeOf(error: unknown): GcpScopeError["code"] {
  if (error instanceof GcpCallError) return error.code;
  if (error instanceof MalformedError) return "malformed";
  if (error instanceof RepeatedTokenError) return "repeated_page_token";
  if (error instanceof DeadlineError) return "timeout";
  if (error instanceof InterruptedError) return "interrupted";
  return "unexpected";
}

/** The members by which google-gax's errors and gaxios' errors are told apart. */
interface LibraryError {
  readonly message: string;
  /** google.rpc.Code as a number from google-gax; a status or a system error's name from gaxios. */
  readonly code?: unknown;
  readonly httpStatusCode?: number;
  readonly status?: unknown;
  /** google.rpc.ErrorInfo, from google-gax. */
  readonly reason?: unknown;
  readonly response?: { readonly data?: unknown; readonly headers?: { get?(name: string): string | null } };
  readonly cause?: unknown;
  /** The body of an answer as it came, from google-gax, which takes out of it only what Google documents today. */
  readonly [RAW_BODY]?: unknown;
}

const RAW_BODY = Symbol.for("google-gax.rawHttpResponsePayload");

/** https://cloud.google.com/resource-manager/docs/core_errors and google.api.ErrorReason, with the older reasons of Compute Engine. */
const REASONS: Readonly<Record<string, GcpCallErrorCode>> = {
  SERVICE_DISABLED: "api_disabled",
  accessNotConfigured: "api_disabled",
  BILLING_DISABLED: "billing_disabled",
  billingNotEnabled: "billing_disabled",
  RATE_LIMIT_EXCEEDED: "throttled",
  rateLimitExceeded: "throttled",
  userRateLimitExceeded: "throttled",
  quotaExceeded: "throttled",
  dailyLimitExceeded: "throttled",
  concurrentLimitExceeded: "throttled",
  servingLimitExceeded: "throttled",
  RESOURCE_QUOTA_EXCEEDED: "throttled",
  SECURITY_POLICY_VIOLATED: "denied_by_org_policy",
  ORG_RESTRICTION_VIOLATION: "denied_by_org_policy",
  vpcServiceControls: "denied_by_org_policy",
};
/** google.rpc.Code */
const DEADLINE_EXCEEDED = 4;
const BAD_CREDENTIALS =
  /invalid_grant|invalid_client|unauthorized_client|default credentials|ERR_OSSL|DECODER routines/;

function classify(error: unknown): GcpCallErrorCode {
  if (error instanceof DeadlineError) return "timeout";
  if (!(error instanceof Error)) return "unexpected";
  const { message, code, cause } = error as LibraryError;
  const status = statusOf(error);
  if (BAD_CREDENTIALS.test(message)) return "invalid_credentials";
  if (status !== undefined) return byStatus(status, reasonsOf(error));
  if (error instanceof SyntaxError || cause instanceof SyntaxError) return "malformed";
  const codes = [code, cause instanceof Error ? (cause as LibraryError).code : undefined];
  if (codes.includes(DEADLINE_EXCEEDED) || codes.includes("TimeoutError") || codes.includes("ETIMEDOUT"))
    return "timeout";
  // Node's names of what can go wrong between two machines: ECONNRESET, ENOTFOUND, CERT_HAS_EXPIRED, ERR_TLS_…
  const isSystem = codes.some(
    (each) => typeof each === "string" && /^(?:E[A-Z_]+|.*CERT.*|ERR_(?:TLS|SSL|SOCKET).*)$/.test(each),
  );
  return isSystem && !codes.includes("ENOENT") ? "network" : "unexpected";
}

function byStatus(status: number, reasons: readonly string[]): GcpCallErrorCode {
  for (const reason of reasons) {
    const code = Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined;
    if (code) return code;
  }
  if (status === 401) return "invalid_credentials";
  if (status === 403) return "denied";
  if (status === 404) return "not_found";
  if (status === 408 || status === 504) return "timeout";
  if (status === 429) return "throttled";
  return status >= 500 ? "service_error" : "unexpected";
}

function statusOf(error: LibraryError): number | undefined {
  if (typeof error.httpStatusCode === "number") return error.httpStatusCode;
  return typeof error.status === "number" ? error.status : undefined;
}

/** What an answer said: JSON as a value, anything else as text; undefined when nobody kept it. */
function bodyOf(error: LibraryError): unknown {
  const sent = error[RAW_BODY] ?? error.response?.data;
  if (typeof sent !== "string") return sent;
  try {
    return JSON.parse(sent);
  } catch {
    return sent;
  }
}

const errorBody = z.looseObject({
  error: z.looseObject({
    details: z.array(z.looseObject({ reason: z.unknown() })).catch([]),
    errors: z.array(z.looseObject({ reason: z.unknown() })).catch([]),
  }),
});

/** Of google.rpc.ErrorInfo first, then of the older list, which parts of Compute Engine send alone. */
function reasonsOf(error: LibraryError): string[] {
  const parsed = errorBody.safeParse(bodyOf(error));
  const { details = [], errors = [] } = parsed.success ? parsed.data.error : {};
  const listed = [...details, ...errors].map(({ reason }) => reason);
  return [error.reason, ...listed].filter((reason) => typeof reason === "string");
}

/** On one line, with the system's name of an error that has no other text; of a page of somebody else its status and first words. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, response } = error as LibraryError;
  const status = statusOf(error as LibraryError);
  const body = bodyOf(error as LibraryError);
  if (status !== undefined && typeof body === "string") {
    const contentType = response?.headers?.get?.("content-type") ?? undefined;
    return describeAnswer({ status, contentType, body });
  }
  return error.message.replace(/\s+/g, " ").trim() || (typeof code === "string" ? code : error.name);
}
