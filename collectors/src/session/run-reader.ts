import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  createScopeDigest,
  ENTRY_BYTES,
  MOST_SHARDS,
  SHARD_BYTES,
  SHARD_RESOURCES,
  shardCountFor,
  shardDigest,
} from "@cadastre/contract/digest";
import { RECORD_BYTES } from "./entry-table.ts";
import { readFully } from "./files.ts";
import { DATA_FILE, INDEX_FILE, MANIFEST_FILE, type Manifest, manifest, type SpooledScope } from "./manifest.ts";
import { bodyBytes, toShardBody } from "./shard-body.ts";

const RECORDS_AT_ONCE = 4096;

/** How a scope is cut for delivery: digests, and the number of the first record of each shard (one more at the end). */
export interface ShardPlan {
  readonly digest: string;
  readonly shards: readonly string[];
  readonly starts: Uint32Array;
}

export interface RunReader {
  readonly manifest: Manifest;
  /**
   * Cuts a scope into `shardCount` shards, or as many as its size asks for; into twice as many while one breaks the limits of an
   * upload. Undefined when no number of shards will do. A failed or skipped scope has none.
   */
  plan(scope: SpooledScope, shardCount?: number): ShardPlan | undefined;
  /** The body of an upload: one shard's resources as they were spooled. */
  shardBody(plan: ShardPlan, shard: number): Buffer;
  close(): void;
}

/** Reads a closed run. Memory is bounded by a shard and by the digests of one run. Throws when the files are damaged. */
export function openRunReader(folder: string): RunReader {
  const read = manifest.parse(JSON.parse(readFileSync(join(folder, MANIFEST_FILE), "utf8")));
  const index = openSync(join(folder, INDEX_FILE), "r");
  const data = openSync(join(folder, DATA_FILE), "r");

  function* recordsOf(first: number, end: number): Generator<Buffer> {
    for (let at = first; at < end; at += RECORDS_AT_ONCE) {
      const count = Math.min(RECORDS_AT_ONCE, end - at);
      const records = readFully(index, at * RECORD_BYTES, count * RECORD_BYTES);
      for (let record = 0; record < count; record++) {
        yield records.subarray(record * RECORD_BYTES, (record + 1) * RECORD_BYTES);
      }
    }
  }

  const lengthOf = (record: Buffer) => record.readUInt32BE(ENTRY_BYTES + 6);
  const offsetOf = (record: Buffer) => record.readUIntBE(ENTRY_BYTES, 6);

  /** The plan with exactly this many shards, or undefined when a shard of it is too large. */
  function tryPlan(scope: SpooledScope, shardCount: number): ShardPlan | undefined {
    const digest = createScopeDigest(scope.status, scope.errors);
    const starts = new Uint32Array(shardCount + 1);
    const shards: string[] = [];
    let entries: Buffer[] = [];
    let bytes = 0;
    let at = scope.start;
    function closeShard(): boolean {
      if (entries.length > SHARD_RESOURCES || bodyBytes(entries.length, bytes) > SHARD_BYTES) return false;
      const packed = Buffer.concat(entries);
      digest.add(packed);
      shards.push(shardDigest(packed));
      starts[shards.length] = at;
      entries = [];
      bytes = 0;
      return true;
    }
    starts[0] = at;
    for (const record of recordsOf(scope.start, scope.start + scope.resources)) {
      // shardCount is a power of two of at most 4,096: this is shardOf of the contract, without the text.
      const shard = Math.floor((record.readUInt32BE(0) / 2 ** 32) * shardCount);
      while (shards.length < shard) if (!closeShard()) return undefined;
      entries.push(record.subarray(0, ENTRY_BYTES));
      bytes += lengthOf(record);
      at += 1;
    }
    while (shards.length < shardCount) if (!closeShard()) return undefined;
    return { digest: digest.finish(), shards, starts };
  }

  return {
    manifest: read,
    plan(scope, shardCount = shardCountFor(scope.resources)) {
      if (scope.status === "failed" || scope.status === "skipped") {
        const digest = createScopeDigest(scope.status, scope.errors).finish();
        return { digest, shards: [], starts: new Uint32Array(1) };
      }
      for (let count = shardCount; count <= MOST_SHARDS; count *= 2) {
        const plan = tryPlan(scope, count);
        if (plan) return plan;
      }
      return undefined;
    },
    shardBody(plan, shard) {
      const [first, end] = [plan.starts[shard], plan.starts[shard + 1]];
      if (first === undefined || end === undefined) throw new RangeError(`there is no shard ${shard}`);
      const resources: Buffer[] = [];
      for (const record of recordsOf(first, end)) resources.push(readFully(data, offsetOf(record), lengthOf(record)));
      return toShardBody(resources);
    },
    close() {
      closeSync(index);
      closeSync(data);
    },
  };
}
