import { DISCOVERY_VERSION } from "@cadastre/contract/discovery";

const HEAD = Buffer.from(`{"contract":${JSON.stringify(DISCOVERY_VERSION)},"resources":[`);
const COMMA = Buffer.from(",");
const TAIL = Buffer.from("]}");

/**
 * The largest resource that is delivered, as JSON. The API refuses larger ones, and a shard with one of them, because a resource
 * before and after a change must fit in one event of the register.
 */
export const MOST_RESOURCE_BYTES = 150_000;

/** Bytes of an upload's body of so many resources that together have so many bytes. */
export function bodyBytes(resources: number, resourceBytes: number): number {
  return HEAD.length + resourceBytes + Math.max(0, resources - 1) * COMMA.length + TAIL.length;
}

/** The body of a shard's upload, from resources that are JSON already. */
export function toShardBody(resources: readonly Uint8Array[]): Buffer {
  return Buffer.concat([
    HEAD,
    ...resources.flatMap((resource, at) => (at === 0 ? [resource] : [COMMA, resource])),
    TAIL,
  ]);
}
