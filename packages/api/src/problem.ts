import { SCIM_MEDIA } from "@cadastre/contract/endpoints/scim";
import { ERRORS, type ErrorCode, type FieldError, ProblemError } from "@cadastre/contract/errors";
import type { Problem } from "@cadastre/contract/view";
import { RateLimitedError, rateHeaders } from "@cadastre/core/limits/rates";
import { STEP_UP_SECONDS } from "@cadastre/core/login/step-up";
import { scimError, scimStatus } from "@cadastre/core/scim/messages";

/**
 * What the store may throw through a use case, by the names of its errors: the API does not know the store. Anything that is
 * not here is a fault of ours.
 */
const STORE_ERRORS: Readonly<Record<string, { readonly code: ErrorCode; readonly showsMessage: boolean }>> = {
  ConflictError: { code: "request.conflict", showsMessage: false },
  BusyError: { code: "service.unavailable", showsMessage: false },
  ItemTooLargeError: { code: "request.too_large", showsMessage: false },
  LimitError: { code: "request.too_large", showsMessage: false },
  CursorError: { code: "cursor.invalid", showsMessage: true },
};

/** Any error as one that may be shown. Of what is not known nothing is shown; the cause stays with it, for the log. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  const known = STORE_ERRORS[name];
  if (!known) return new ProblemError("service.internal", undefined, { cause: error });
  return new ProblemError(known.code, known.showsMessage ? message : undefined, { cause: error });
}

/** The document of a problem (RFC 9457) with our members. */
function toProblem(error: ProblemError, requestId: string): Problem & Record<string, unknown> {
  const { code, message } = error;
  const { status, title } = ERRORS[code];
  return {
    ...error.extra,
    type: `urn:cadastre:problem:${code}`,
    title,
    status,
    code,
    detail: message,
    requestId,
    errors: error.errors.map(({ path, message, line, column }: FieldError) => ({
      path,
      message,
      ...(line === undefined ? {} : { line, column }),
    })),
    error: { code, message },
  };
}

/** RFC 9470 §3: by a second factor where there is one, not long ago. */
const STEP_UP_CHALLENGE = [
  'Bearer realm="cadastre"',
  'error="insufficient_user_authentication"',
  'error_description="prove again who you are"',
  'acr_values="urn:cadastre:strength:3 urn:cadastre:strength:2 urn:cadastre:strength:1"',
  `max_age="${STEP_UP_SECONDS}"`,
].join(", ");

/** Headers that a status asks for (RFC 9110). */
function headersOf(error: ProblemError): Record<string, string> {
  if (error instanceof RateLimitedError) return rateHeaders(error.state);
  if (error.code === "auth.step_up") return { "www-authenticate": STEP_UP_CHALLENGE };
  if (error.status === 401) {
    return { "www-authenticate": error.code.startsWith("signature.") ? "Signature" : 'Bearer realm="cadastre"' };
  }
  if (error.code === "request.conflict") return { "retry-after": "1" };
  return error.status === 503 ? { "retry-after": "5" } : {};
}

export function problemResponse(
  error: ProblemError,
  requestId: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify(toProblem(error, requestId)), {
    status: error.status,
    headers: { "content-type": "application/problem+json", ...headersOf(error), ...headers },
  });
}

/** What OAuth calls an error (RFC 6749 §5.2, RFC 8628 §3.5). */
const OAUTH_ERRORS: Partial<Record<ErrorCode, string>> = {
  "grant.unsupported": "unsupported_grant_type",
  "grant.scope": "invalid_scope",
  "grant.client": "invalid_client",
  "grant.invalid": "invalid_grant",
  "grant.pending": "authorization_pending",
  "grant.slow_down": "slow_down",
  "grant.denied": "access_denied",
  "grant.expired": "expired_token",
  "request.rate": "temporarily_unavailable",
  "request.conflict": "temporarily_unavailable",
  "service.unavailable": "temporarily_unavailable",
  "service.internal": "server_error",
};

/** Of who may not send it from there, and of what is not there to send it to. */
const KEPT_STATUSES: readonly number[] = [403, 404, 405];

/** The same where OAuth is spoken; what else is wrong with a request is a status of 400 there. */
export function oauthResponse(error: ProblemError, requestId: string, headers: Record<string, string> = {}): Response {
  const { code, message } = error;
  const known = OAUTH_ERRORS[code];
  const status =
    known === undefined && error.status < 500 && !KEPT_STATUSES.includes(error.status) ? 400 : error.status;
  const body = { error: known ?? "invalid_request", error_description: toAscii(message), code, requestId };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headersOf(error), ...headers },
  });
}

/** A description has no quotes, no backslashes, and nothing beside ASCII (RFC 6749 §5.2). */
const toAscii = (text: string): string => text.replaceAll('"', "'").replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, "?");

/** The same where SCIM is spoken: its own document of an error (RFC 7644 §3.12). */
export function scimResponse(error: ProblemError, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(scimError(error)), {
    status: scimStatus(error),
    headers: { "content-type": SCIM_MEDIA, ...headersOf(error), ...headers },
  });
}
