import { DISCOVERY_VERSION } from "@cadastre/contract/discovery";

const HEAD = Buffer.from(`{"contract":${JSON.stringify(DISCOVERY_VERSION)},"resources":[`);
const COMMA = Buffer.from(",");
const TAIL = Buffer.from("]}");

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
