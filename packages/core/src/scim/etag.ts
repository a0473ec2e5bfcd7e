import { hash } from "node:crypto";
import { ProblemError } from "@cadastre/contract/errors";

/** The weak ETag of what is made of items with these versions (RFC 7644 §3.14). */
export function etagOf(...versions: readonly number[]): string {
  return `W/"${hash("sha256", versions.join(" ")).slice(0, 20)}"`;
}

const TAG = /(?:W\/)?"([^"]*)"|(\*)/g;

/** Whether a header, or the version of a bulk operation, names an ETag; weakly, and `*` names all. */
function names(header: string, etag: string): boolean {
  const given = [...header.matchAll(TAG)].map(([, tag, all]) => all ?? tag);
  const [, own] = /"(.*)"/.exec(etag) ?? [];
  return given.includes("*") || given.includes(own);
}

/** What a request asks of what is there: If-Match, or the version of a bulk operation. */
export interface Expected {
  readonly ifMatch?: string | undefined;
}

/** Throws 412 `scim.precondition_failed` when a resource is not as it was seen. */
export function requireMatch({ ifMatch }: Expected, etag: string): void {
  if (ifMatch === undefined || names(ifMatch, etag)) return;
  throw new ProblemError("scim.precondition_failed", `it is ${etag} now`);
}

/** Whether who reads has it already, as If-None-Match says. */
export const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined && names(ifNoneMatch, etag);
