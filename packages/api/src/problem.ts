import { ERRORS, type ErrorCode, type FieldError, ProblemError } from "@cadastre/contract/errors";
import type { Problem } from "@cadastre/contract/view";

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

/** Headers that a status asks for (RFC 9110). */
function headersOf(error: ProblemError): Record<string, string> {
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
