import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import * as z from "zod";
import type { RefusedError } from "../api-errors.ts";
import { forEachWithin } from "../concurrency.ts";

const compress = promisify(gzip);
/** Below this, compression saves less than a packet. */
const PLAIN_BYTES = 1024;

export interface ShardReference {
  /** Name of the scope. */
  readonly scope: string;
  readonly shard: number;
}

interface Body {
  readonly body: Uint8Array;
  readonly isCompressed?: boolean;
}

export async function toSentBody(plain: Buffer): Promise<Body> {
  if (plain.length <= PLAIN_BYTES) return { body: plain };
  return { body: await compress(plain, { level: constants.Z_BEST_SPEED }), isCompressed: true };
}

interface UploadOptions {
  readonly shards: readonly ShardReference[];
  /** How many uploads, and so shards in memory, there are at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly toBody: (scope: string, shard: number) => Buffer;
  readonly put: (scope: string, shard: number, body: Body, signal: AbortSignal) => Promise<void>;
  readonly onUploaded: (uploaded: number) => void;
}

/** Uploads shards, a few at a time. The first one that fails ends the others, and its error is thrown. */
export async function uploadShards(options: UploadOptions): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  let uploaded = 0;
  async function upload({ scope, shard }: ShardReference): Promise<void> {
    try {
      signal.throwIfAborted();
      await options.put(scope, shard, await toSentBody(options.toBody(scope, shard)), signal);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
    uploaded += 1;
    options.onUploaded(uploaded);
  }
  await forEachWithin(options.concurrency, options.shards, upload, { stopOnError: true });
}

const missingShards = z.array(z.object({ scope: z.string(), shards: z.array(z.int().min(0)) })).min(1);

/** The shards that a refused completion lists, or undefined when it was refused for another reason. */
export function toMissing(error: RefusedError): ShardReference[] | undefined {
  if (error.code !== "discovery.shards_missing") return undefined;
  const parsed = missingShards.safeParse(error.problem.missing);
  if (!parsed.success) return undefined;
  return parsed.data.flatMap(({ scope, shards }) => shards.map((shard) => ({ scope, shard })));
}
