import type { Fault } from "../faults.ts";
import { AwsError } from "./errors.ts";
import { type Page, pageOf, type Sequence } from "./sequence.ts";

/** EC2 gives pages of at most 1,000 and lets nobody ask for fewer than five; without a wish it gives a full page. */
const least = 5;
const most = 1_000;

/** Reads `MaxResults` by EC2's rules. Throws AwsError InvalidParameterValue. */
export function readMaxResults(text: string | undefined): number {
  if (text === undefined) return most;
  const value = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new AwsError(
    "InvalidParameterValue",
    value < least
      ? `Value ( ${text} ) for parameter maxResults is invalid. Expecting a value greater than or equal to ${least}.`
      : `Value ( ${text} ) for parameter maxResults is invalid. Expecting a value less than or equal to ${most}.`,
  );
}

/**
 * A page token says where to go on, and for which request: a token of another operation, account, region or filter is refused,
 * as EC2's are opaque and bound to their query.
 */
export function toToken(request: string, index: number): string {
  return Buffer.from(JSON.stringify([request, index])).toString("base64url");
}

/** The position in a token of this request; 0 without a token. Throws AwsError with the given code. */
export function readToken(request: string, token: string | undefined, code = "InvalidPaginationToken"): number {
  if (token === undefined) return 0;
  const refuse = () => new AwsError(code, `The pagination token '${token.slice(0, 100)}' is not valid.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
  } catch {
    throw refuse();
  }
  if (!Array.isArray(parsed) || parsed[0] !== request || !Number.isSafeInteger(parsed[1]) || parsed[1] < 0)
    throw refuse();
  return parsed[1];
}

export interface PageRequest {
  readonly request: string;
  readonly token: string | undefined;
  readonly limit: number;
  readonly fault: Fault | undefined;
}

/** One page and its token. A fault can empty it, or give every page the token of the first. */
export function pageWithToken<T>(
  sequence: Sequence<T>,
  { request, token, limit, fault }: PageRequest,
): { readonly items: readonly T[]; readonly token: string | undefined } {
  const from = readToken(request, token);
  if (fault?.kind === "empty") return { items: [], token: undefined };
  const page: Page<T> = pageOf(sequence, from, limit);
  if (fault?.kind === "repeat-token") return { items: page.items, token: toToken(request, 0) };
  return { items: page.items, token: page.next === undefined ? undefined : toToken(request, page.next) };
}
