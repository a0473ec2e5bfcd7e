import { MOST_SHARDS, rootDigest } from "@cadastre/contract/digest";
import {
  DISCOVERY_VERSION,
  type OpenRunInput,
  type RunCompleted,
  type RunOpened,
  runCompleted,
  runOpened,
  type ScopeVerdict,
  shardApplied,
} from "@cadastre/contract/discovery";
import { scopeName, toScopePath } from "@cadastre/contract/scope";
import type * as z from "zod";
import { RefusedError, UnavailableError } from "../api-errors.ts";
import type { SignedFetch } from "../signed-fetch.ts";
import type { SpooledScope } from "./manifest.ts";
import type { OnProgress } from "./progress.ts";
import { keyOf, type RunResult, totalsOf, unchangedRow } from "./result.ts";
import type { RunReader, ShardPlan } from "./run-reader.ts";
import { type ShardReference, toMissing, toSentBody, uploadShards } from "./upload.ts";

const RUNS = "/api/v1/discovery/runs";
/** How often a run is opened again for a reshard, and completed again after missing shards, before it is left for later. */
const MOST_ROUNDS = 5;

interface DeliverOptions {
  readonly call: SignedFetch;
  readonly reader: RunReader;
  readonly uploadConcurrency: number;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly onSent: (bytes: number) => void;
}

interface PlannedScope {
  readonly name: string;
  readonly scope: SpooledScope;
  readonly plan: ShardPlan;
}

function planScope(reader: RunReader, scope: SpooledScope, shardCount?: number): PlannedScope {
  const name = scopeName(scope);
  const plan = reader.plan(scope, shardCount);
  if (plan) return { name, scope, plan };
  const message = `${scope.resources} resources do not fit in ${MOST_SHARDS} shards`;
  const failed = { ...scope, status: "failed" as const, resources: 0, errors: [{ code: "too_large", message }] };
  return { name, scope: failed, plan: reader.plan(failed) as ShardPlan };
}

function toOpenRun(reader: RunReader, scopes: readonly PlannedScope[]): OpenRunInput {
  const { run, collectorVersion, startedAt, intervalSeconds } = reader.manifest;
  return {
    contract: DISCOVERY_VERSION,
    run,
    collectorVersion,
    startedAt,
    ...(intervalSeconds === undefined ? {} : { intervalSeconds }),
    root: rootDigest(scopes.map(({ name, plan }) => ({ name, digest: plan.digest }))),
    scopes: scopes.map(({ scope, plan }) => ({
      ...keyOf(scope),
      status: scope.status,
      errors: [...scope.errors],
      resources: scope.resources,
      digest: plan.digest,
      shards: [...plan.shards],
    })),
  };
}

function requireForm<Schema extends z.ZodType>(schema: Schema, answer: unknown, request: string): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnavailableError(
    `${request} was answered in an unknown form (${issue?.path.join(".")}: ${issue?.message})`,
  );
}

const isPowerOfTwo = (count: number) => count >= 1 && count <= MOST_SHARDS && (count & (count - 1)) === 0;

function cutAsAsked(reader: RunReader, planned: PlannedScope, answer: ScopeVerdict | undefined): PlannedScope {
  if (answer?.verdict !== "reshard") return planned;
  if (!isPowerOfTwo(answer.shardCount ?? 0)) {
    throw new UnavailableError(`POST ${RUNS} asks for ${answer.shardCount} shards in ${planned.name}`);
  }
  return planScope(reader, planned.scope, answer.shardCount);
}

/**
 * Delivers a closed run: opens it with the digests of its scopes, uploads the shards that the API wants, completes it.
 * Safe to repeat from the start at any point. Throws RefusedError, UnavailableError, or the signal's reason.
 */
export async function deliverRun(options: DeliverOptions): Promise<Omit<RunResult, "bytesSent">> {
  const { call, reader, signal, onProgress, onSent } = options;
  const { run } = reader.manifest;
  async function post<Schema extends z.ZodType>(path: string, body: unknown, schema: Schema) {
    const sent = await toSentBody(Buffer.from(JSON.stringify(body)));
    return requireForm(schema, await call({ method: "POST", path, ...sent, signal, onSent }), `POST ${path}`);
  }

  let scopes = reader.manifest.scopes.map((scope) => planScope(reader, scope));

  /** Opens the run, again while the API asks for another number of shards somewhere. */
  async function open(): Promise<RunOpened> {
    for (let round = 1; ; round++) {
      const opened = await post(RUNS, toOpenRun(reader, scopes), runOpened);
      const verdicts = opened.scopes;
      const reshard = verdicts.some((answer) => answer.verdict === "reshard");
      if (opened.state === "open" && verdicts.length !== scopes.length) {
        throw new UnavailableError(
          `POST ${RUNS} was answered with ${verdicts.length} verdicts for ${scopes.length} scopes`,
        );
      }
      if (!reshard) return opened;
      if (round === MOST_ROUNDS) throw new UnavailableError(`POST ${RUNS} asks for other shards after ${round} rounds`);
      scopes = scopes.map((planned, at) => cutAsAsked(reader, planned, verdicts[at]));
    }
  }

  function upload(shards: readonly ShardReference[]): Promise<void> {
    const plans = new Map(scopes.map(({ name, plan }) => [name, plan]));
    return uploadShards({
      shards,
      concurrency: options.uploadConcurrency,
      signal,
      onUploaded: (uploaded) => onProgress({ type: "uploading", run, uploaded, shards: shards.length }),
      toBody(scope, shard) {
        const plan = plans.get(scope);
        if (!plan || shard >= plan.shards.length) {
          throw new UnavailableError(`the API wants shard ${shard} of ${scope}, which the run ${run} does not have`);
        }
        return reader.shardBody(plan, shard);
      },
      async put(scope, shard, body, ended) {
        const path = `${RUNS}/${run}/scopes/${toScopePath(scope)}/shards/${shard}`;
        requireForm(shardApplied, await call({ method: "PUT", path, ...body, signal: ended, onSent }), `PUT ${path}`);
      },
    });
  }

  async function complete(): Promise<RunCompleted> {
    for (let round = 1; ; round++) {
      try {
        return await post(`${RUNS}/${run}/complete`, {}, runCompleted);
      } catch (error) {
        const missing = error instanceof RefusedError ? toMissing(error) : undefined;
        if (!missing || round === MOST_ROUNDS) throw error;
        await upload(missing);
      }
    }
  }

  function toResult(state: "unchanged" | "closed", changed: RunCompleted["scopes"]): Omit<RunResult, "bytesSent"> {
    const byName = new Map(changed.map((row) => [scopeName(row), row]));
    const rows = scopes.map(({ name, scope }) => ({ ...unchangedRow(scope), ...byName.get(name) }));
    return { run, delivered: true, state, scopes: rows, totals: totalsOf(rows) };
  }

  const opened = await open();
  if (opened.state === "unchanged") return toResult("unchanged", []);
  const wanted = opened.scopes.flatMap(({ want = [] }, at) =>
    want.map((shard) => ({ scope: (scopes[at] as PlannedScope).name, shard })),
  );
  onProgress({ type: "run-opened", run, shards: wanted.length });
  await upload(wanted);
  const completed = await complete();
  onProgress({ type: "run-completed", run });
  return toResult("closed", completed.scopes);
}
