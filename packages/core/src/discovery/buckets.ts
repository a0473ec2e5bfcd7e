import { createHash } from "node:crypto";
import { BUCKETS } from "../scopes/items.ts";

/** Short hashes: they tell change from no change within one source, beside the full root. */
const BUCKET_BYTES = 8;

interface NamedDigest {
  readonly name: string;
  readonly digest: string;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest();

/** The bucket that holds a scope's state. */
export function bucketOf(name: string): number {
  return sha256(name).readUInt16BE(0) % BUCKETS;
}

/** Names a set of scopes that is reported together, whatever their state. */
export function setOf(names: readonly string[]): string {
  return sha256([...names].sort().join("\n"))
    .toString("hex")
    .slice(0, 16);
}

export function byBucket<T extends { readonly name: string }>(scopes: readonly T[]): Map<number, T[]> {
  const buckets = new Map<number, T[]>();
  for (const scope of scopes) {
    const bucket = bucketOf(scope.name);
    const members = buckets.get(bucket);
    if (members) members.push(scope);
    else buckets.set(bucket, [scope]);
  }
  return buckets;
}

/** Digests of all buckets, 8 bytes each; zeros where a bucket has no scope of this set. */
export function bucketDigests(scopes: readonly NamedDigest[]): Uint8Array {
  const digests = Buffer.alloc(BUCKETS * BUCKET_BYTES);
  for (const [bucket, members] of byBucket(scopes)) {
    const lines = members.map((scope) => `${scope.name} ${scope.digest}`).sort();
    sha256(lines.join("\n")).copy(digests, bucket * BUCKET_BYTES, 0, BUCKET_BYTES);
  }
  return digests;
}

/** The buckets in which two such lists differ; all that have a scope when there is nothing to compare with. */
export function differingBuckets(now: Uint8Array, before: Uint8Array | undefined): number[] {
  const digest = (of: Uint8Array, bucket: number) =>
    Buffer.from(of).subarray(bucket * BUCKET_BYTES, (bucket + 1) * BUCKET_BYTES);
  const zero = Buffer.alloc(BUCKET_BYTES);
  return Array.from({ length: BUCKETS }, (_, bucket) => bucket).filter(
    (bucket) => !digest(now, bucket).equals(before ? digest(before, bucket) : zero),
  );
}
