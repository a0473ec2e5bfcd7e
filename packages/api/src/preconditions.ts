import { ProblemError } from "@cadastre/contract/errors";

function refuse(header: string, message: string): ProblemError {
  return new ProblemError("request.invalid", `${header}: ${message}`, { errors: [{ path: header, message }] });
}

/** A version with or without quotes, or `*`; blanks around it are the header's. */
export const IF_MATCH = /^(?:\*|"(\d{1,16})"|(\d{1,16}))$/;
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * The version of an If-Match header: `"3"`, `3`, or `*` for whatever is there, which answers undefined, as no header does.
 * Throws 428 `request.precondition_required` and 422 `request.invalid`.
 */
export function readIfMatch(header: string | null, need: "required" | "optional" | undefined): number | undefined {
  if (need === undefined) return undefined;
  if (header === null) {
    if (need === "required") throw new ProblemError("request.precondition_required");
    return undefined;
  }
  const given = header.trim();
  if (given === "*") return undefined;
  const [, quoted, plain] = IF_MATCH.exec(given) ?? [];
  const version = Number(quoted ?? plain);
  if (!Number.isSafeInteger(version)) throw refuse("If-Match", 'must be a version such as "3", or *');
  return version;
}

/** The value of an Idempotency-Key header. Throws 422 `request.invalid`. */
export function readIdempotencyKey(header: string | null): string | undefined {
  if (header === null) return undefined;
  if (!IDEMPOTENCY_KEY.test(header)) throw refuse("Idempotency-Key", "must be 1 to 255 visible ASCII characters");
  return header;
}
