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
import { DamagedRunError, readOfRun } from "./damaged-run.ts";
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

function readManifest(folder: string): Manifest {
  const parsed = manifest.safeParse(JSON.parse(readFileSync(join(folder, MANIFEST_FILE), "utf8")));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`it is not of the form of a run (${issue?.path.join(".") || "all of it"}: ${issue?.message})`);
}

function openBoth(folder: string): { readonly index: number; readonly data: number } {
  const index = readOfRun(INDEX_FILE, () => openSync(join(folder, INDEX_FILE), "r"));
  try {
    return { index, data: readOfRun(DATA_FILE, () => openSync(join(folder, DATA_FILE), "r")) };
  } catch (error) {
    closeSync(index);
    throw error;
  }
}

/**
 * Reads a closed run. Memory is bounded by a shard and by the digests of one run. It, and what it answers, throw DamagedRunError
 * when the files are not what was written; `plan` looks at all that will be needed, so that a run that is cut off sends nothing.
 */
export function openRunReader(folder: string): RunReader {
  const read = readOfRun(MANIFEST_FILE, () => readManifest(folder));
  const { index, data } = openBoth(folder);

  function* recordsOf(first: number, end: number): Generator<Buffer> {
    for (let at = first; at < end; at += RECORDS_AT_ONCE) {
      const count = Math.min(RECORDS_AT_ONCE, end - at);
      const records = readOfRun(INDEX_FILE, () => readFully(index, at * RECORD_BYTES, count * RECORD_BYTES));
      for (let record = 0; record < count; record++) {
        yield records.subarray(record * RECORD_BYTES, (record + 1) * RECORD_BYTES);
      }
    }
  }

  const lengthOf = (record: Buffer) => record.readUInt32BE(ENTRY_BYTES + 6);
  const offsetOf = (record: Buffer) => record.readUIntBE(ENTRY_BYTES, 6);

  /** Whether the data file reaches to the end of the last resource of a scope. */
  function requireData(scope: SpooledScope): void {
    let end = 0;
    for (const record of recordsOf(scope.start, scope.start + scope.resources)) {
      if (lengthOf(record) > SHARD_BYTES)
        throw new DamagedRunError(`the run cannot be read: ${INDEX_FILE}: a resource of ${lengthOf(record)} bytes`);
      end = Math.max(end, offsetOf(record) + lengthOf(record));
    }
    if (end > 0) readOfRun(DATA_FILE, () => readFully(data, end - 1, 1));
  }

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
      requireData(scope);
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
      for (const record of recordsOf(first, end))
        resources.push(readOfRun(DATA_FILE, () => readFully(data, offsetOf(record), lengthOf(record))));
      return toShardBody(resources);
    },
    close() {
      closeSync(index);
      closeSync(data);
    },
  };
}
