import { contentHash, idHash } from "@cadastre/contract/digest";
import type { KindName } from "@cadastre/contract/kinds/names";
import { parse } from "@cadastre/contract/parse";
import { type ResourceInput, requireBelongs, resourceSchema, unstorable } from "@cadastre/contract/resource";
import type { ScopeKey } from "@cadastre/contract/scope";

/** A resource as it is spooled. */
export interface PreparedResource {
  /** Id hash and content hash, hexadecimal. */
  readonly id: string;
  readonly hash: string;
  /** JSON on one line, the line's end included. */
  readonly bytes: Buffer;
}

/** Checks a resource as the API will. Throws a ProblemError or TypeError that says why it would be refused. */
export function prepareResource<K extends KindName>(scope: ScopeKey, resource: ResourceInput<K>): PreparedResource {
  const { kind } = scope;
  parse(resourceSchema(kind), resource);
  requireBelongs(scope, resource.id, "resource");
  const bad = unstorable(resource);
  if (bad) throw new TypeError(bad);
  const hash = contentHash(kind, resource);
  return { id: idHash(kind, resource.id), hash, bytes: Buffer.from(`${JSON.stringify(resource)}\n`) };
}
