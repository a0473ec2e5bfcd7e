import * as z from "zod";
import { KIND_NAMES } from "./kinds/names.ts";

export const PROVIDERS = ["aws", "gcp", "tls"] as const;
export const provider = z.enum(PROVIDERS);
export type Provider = z.output<typeof provider>;

/** Parts of a scope's key: no white space, no slash, no hash, so that keys can be joined without escaping. */
const keyPart = (what: string) =>
  z.string().regex(/^[\w.:@-]{1,128}$/, `${what}: 1 to 128 of letters, digits and . : @ _ -`);

export const accountId = keyPart("account");
export const regionName = keyPart("region");
export const kindName = z.enum(KIND_NAMES);

/**
 * The unit of completeness, without its source: the source is the collector that signs, never what the payload says.
 * What has no region (GCP networks) is in the region `global`.
 */
export const scopeKey = z.object({ provider, account: accountId, region: regionName, kind: kindName });
export type ScopeKey = z.output<typeof scopeKey>;

export const scopeStatus = z.enum(["complete", "partial", "failed", "skipped"]);
export type ScopeStatus = z.output<typeof scopeStatus>;

const unicode = z.string().refine((text) => text.isWellFormed(), "has half of a surrogate pair, which is not text");

/** Why a scope is not complete. `code` is a short machine word such as `denied`, `denied_by_scp`, `throttled`, `timeout`, `not_opted_in`. */
export const scopeError = z.object({
  code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
  message: unicode.max(1000),
  operation: unicode.max(200).optional(),
});
export type ScopeError = z.output<typeof scopeError>;

/** `aws/123456789012/us-east-1/subnet`: unique within a source, and sorts by provider, account, region, kind. */
export function scopeName(scope: ScopeKey): string {
  return `${scope.provider}/${scope.account}/${scope.region}/${scope.kind}`;
}

/** The inverse of `scopeName`; throws a ZodError when the text is not one. */
export function fromScopeName(name: string): ScopeKey {
  const [provider_, account, region, kind] = name.split("/");
  return scopeKey.parse({ provider: provider_, account, region, kind });
}

/**
 * A scope's name as one segment of a path: `aws~123456789012~us-east-1~subnet`. Gateways decode `%2F` on the way, which would
 * break a signature over the path; `~` is never encoded (RFC 3986) and in no part of a scope.
 */
export function toScopePath(name: string): string {
  return name.replaceAll("/", "~");
}

/** The inverse of `toScopePath`; a name with slashes is taken as it is. */
export function fromScopePath(segment: string): string {
  return segment.replaceAll("~", "/");
}
