import type { ScopeError } from "@cadastre/contract/scope";
import { isThrottlingError } from "@smithy/core/retry";
import { DeadlineError, InterruptedError } from "../deadline.ts";
import { describeAnswer } from "../foreign-answer.ts";
import { RepeatedTokenError } from "../pages.ts";
import { MalformedError } from "../values.ts";
import { answerOf } from "./answers.ts";

/** Why something could not be seen. `unexpected` is what AWS has not documented for these calls; its message says more. */
type AwsErrorCode =
  | "denied"
  | "denied_by_scp"
  | "throttled"
  | "not_opted_in"
  | "region_disabled"
  | "timeout"
  | "interrupted"
  | "network"
  | "service_error"
  | "repeated_page_token"
  | "malformed"
  | "unknown_value"
  | "invalid_credentials"
  | "assume_role_denied"
  | "unexpected";

export interface AwsScopeError extends ScopeError {
  readonly code: AwsErrorCode;
}

/** A role could not be assumed; `cause` is the SDK's own error. */
export class AssumeRoleError extends Error {
  override readonly name = "AssumeRoleError";
  readonly roleArn: string;
  constructor(roleArn: string, cause: unknown) {
    super(`${roleArn}: ${describe(cause)}`, { cause });
    this.roleArn = roleArn;
  }
}

/** The members by which the SDK's errors are told apart; none of its error classes is exported for these codes. */
interface SdkErrorShape {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: unknown;
}

/** EC2 has one name for denials, the JSON services another. */
const DENIED = new Set([
  "UnauthorizedOperation",
  "AccessDenied",
  "AccessDeniedException",
  "Blocked",
  "PendingVerification",
]);
const NOT_OPTED_IN = new Set(["OptInRequired", "SubscriptionRequiredException"]);
const REGION_DISABLED = new Set(["RegionDisabledException", "RegionDisabled"]);
const INVALID_CREDENTIALS = new Set([
  "AuthFailure",
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignature",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSecurity",
  "InvalidSignatureException",
  "MissingAuthenticationToken",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "TokenProviderError",
  "UnrecognizedClient",
  "UnrecognizedClientException",
]);
const MOST_MESSAGE = 1000;

/**
 * Any error of a call to AWS as a scope's error. `operation` is the call in IAM's words, such as `ec2:DescribeVpcs`; for a role
 * that could not be assumed it is `sts:AssumeRole`, whatever was called.
 */
export function toScopeError(error: unknown, operation: string): AwsScopeError {
  const message = describe(error).slice(0, MOST_MESSAGE).toWellFormed();
  if (error instanceof AssumeRoleError) {
    const code = classify(error.cause);
    return { code: code === "denied" ? "assume_role_denied" : code, message, operation: "sts:AssumeRole" };
  }
  return { code: classify(error), message, operation };
}

function classify(error: unknown): AwsErrorCode {
  if (error instanceof MalformedError) return "malformed";
  if (error instanceof RepeatedTokenError) return "repeated_page_token";
  if (error instanceof DeadlineError) return "timeout";
  if (error instanceof InterruptedError) return "interrupted";
  if (!(error instanceof Error)) return "unexpected";
  const { name = "", message = "", code, $metadata, $response } = error as SdkErrorShape;
  const status = $metadata?.httpStatusCode;
  // EC2 answers throttling with 503, so that it comes before the server's own faults.
  if (isThrottlingError(error as Parameters<typeof isThrottlingError>[0])) return "throttled";
  if (status === 429 || (status === 503 && answerOf(error)?.asksToWait)) return "throttled";
  if (DENIED.has(name)) return /service control policy/i.test(message) ? "denied_by_scp" : "denied";
  if (NOT_OPTED_IN.has(name)) return "not_opted_in";
  if (REGION_DISABLED.has(name)) return "region_disabled";
  if (INVALID_CREDENTIALS.has(name)) return "invalid_credentials";
  // The SDK calls a reset connection a TimeoutError too; only its own timers have no system error code but ETIMEDOUT.
  if (typeof code === "string" && code !== "ETIMEDOUT") return "network";
  if (name === "TimeoutError" || code === "ETIMEDOUT") return "timeout";
  if (status !== undefined && status >= 500) return "service_error";
  if ((status === 200 || status === undefined) && $response !== undefined) return "malformed";
  return "unexpected";
}

/**
 * `Name: message` without the SDK's advice to programmers, on one line; of an answer that is not AWS's, its status and its first
 * words, of which the SDK makes `Unknown` or a complaint about its form.
 */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as SdkErrorShape;
  const answer = answerOf(error);
  if (answer && (FOREIGN.has(error.name) || error.message.includes(ADVICE))) {
    const form = answer.status < 300 ? " is not of the form that AWS documents" : "";
    return `${describeAnswer(answer)}${form}`;
  }
  const message = error.message
    .replace(/\s*Deserialization error: to see the raw response.*$/s, "")
    .replace(/\s+/g, " ");
  const text = message.trim() || (typeof code === "string" ? code : "no message");
  return error.name === "Error" || OWN.has(error.name) ? text : `${error.name}: ${text}`;
}

/** What the SDK calls errors that it could not read out of an answer. */
const FOREIGN = new Set(["Unknown", "UnknownError"]);
/** Stands in its errors about the form of an answer. */
const ADVICE = "Deserialization error";
const OWN = new Set(["AssumeRoleError", "DeadlineError", "InterruptedError", "MalformedError", "RepeatedTokenError"]);
