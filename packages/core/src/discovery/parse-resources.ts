import { contentHash, type Entry, idHash } from "@cadastre/contract/digest";
import { ProblemError } from "@cadastre/contract/errors";
import { toFieldErrors } from "@cadastre/contract/parse";
import {
  type ObservedResource,
  RESOURCE_BYTES,
  requireBelongs,
  resourceSchema,
  unstorable,
} from "@cadastre/contract/resource";
import type { ScopeKey } from "@cadastre/contract/scope";

/** A resource as a collector saw it, with its hashes. */
export interface Seen extends Entry {
  readonly resource: ObservedResource;
}

/**
 * Parses what a shard or a small payload has of one scope. All that is wrong is named, each with its place below `path`, at the
 * index that `placeOf` says.
 * Errors: `request.invalid`, `collector.foreign_account`.
 */
export function parseResources(
  scope: ScopeKey,
  raw: readonly { readonly id: string; readonly [member: string]: unknown }[],
  path: string,
  placeOf: (index: number) => number = (index) => index,
): Seen[] {
  const schema = resourceSchema(scope.kind);
  const errors: { path: string; message: string }[] = [];
  const seen = raw.flatMap((resource, index): Seen[] => {
    const place = `${path}[${placeOf(index)}]`;
    const parsed = schema.safeParse(resource);
    if (!parsed.success) {
      errors.push(...toFieldErrors(parsed.error, { prefix: place }));
      return [];
    }
    requireBelongs(scope, parsed.data.id, place);
    const bad = unstorable(resource) ?? tooLarge(resource);
    if (bad) {
      errors.push({ path: place, message: bad });
      return [];
    }
    return [
      {
        idHash: idHash(scope.kind, resource.id),
        contentHash: contentHash(scope.kind, resource),
        resource: parsed.data,
      },
    ];
  });
  if (errors.length > 0)
    throw new ProblemError("request.invalid", `${errors[0]?.path}: ${errors[0]?.message}`, {
      errors: errors.slice(0, 50),
    });
  return seen;
}

/** Why a resource cannot be kept for its size; undefined when it can. */
export function tooLarge(resource: object): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(resource));
  return bytes > RESOURCE_BYTES ? `has ${bytes} bytes; at most ${RESOURCE_BYTES} are allowed` : undefined;
}
