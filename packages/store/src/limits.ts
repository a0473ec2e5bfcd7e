import type { Key } from "./entity.ts";
import { LimitError } from "./errors.ts";

// From "Service, account, and table quotas in Amazon DynamoDB"; held on every driver so that code meets them at home.
export const ITEM_BYTES_LIMIT = 400 * 1024;
export const COMMIT_BYTES_LIMIT = 4 * 1024 * 1024;
const PARTITION_KEY_BYTES_LIMIT = 2048;
const SORT_KEY_BYTES_LIMIT = 1024;
export const PAGE_BYTES_LIMIT = 1024 * 1024;
export const GET_BATCH_LIMIT = 100;
export const LOAD_BATCH_LIMIT = 25;

const encoder = new TextEncoder();

/** Order of DynamoDB and SQLite: by UTF-8 bytes, which differs from JavaScript's order beyond the basic plane. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(encoder.encode(a), encoder.encode(b));
}

function checkKeyPart(value: unknown, name: string, limit: number, where: string): void {
  const allowed = `a non-empty well-formed string of at most ${limit} bytes in UTF-8`;
  if (typeof value !== "string") throw new LimitError({ what: `${name} is ${typeof value}`, where, allowed });
  if (value === "") throw new LimitError({ what: `${name} is empty`, where, allowed });
  const bytes = Buffer.byteLength(value);
  if (bytes > limit) throw new LimitError({ what: `${name} has ${bytes} bytes`, where, allowed });
  if (bytes !== value.length && !value.isWellFormed()) {
    throw new LimitError({ what: `${name} has a lone surrogate`, where, allowed });
  }
}

/** Refuses a key that DynamoDB could not hold. @throws LimitError */
export function checkKey(key: Key, where: string): Key {
  checkKeyPart(key.pk, "partition key", PARTITION_KEY_BYTES_LIMIT, where);
  checkKeyPart(key.sk, "sort key", SORT_KEY_BYTES_LIMIT, where);
  return key;
}

/** Refuses a partition that DynamoDB could not hold. @throws LimitError */
export function checkPartition(partition: string, where: string): void {
  checkKeyPart(partition, "partition key", PARTITION_KEY_BYTES_LIMIT, where);
}
