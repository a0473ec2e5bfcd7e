import { HASH_BYTES } from "@cadastre/contract/digest";
import type { RunCompleted, ScopeResult, Totals } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { fromScopeName } from "@cadastre/contract/scope";
import { ConflictError } from "@cadastre/store/errors";
import { COMMIT_LIMIT, check, put, replace } from "@cadastre/store/table";
import { recordOf as audit } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { GuardError } from "../register/apply.ts";
import { type Lease, PageItem, RunItem, RunPageItem, type RunScope, ScopeItem } from "./items.ts";
import { readManifests, readPages } from "./lease.ts";
import { NO_LOSSES, settleLosses } from "./losses.ts";
import { type Settled, settle } from "./settle.ts";
import { EMPTY_DIGEST, type ShardState, toPages, toStates } from "./shards.ts";
import type { Reporter } from "./sources.ts";

const ATTEMPTS = 6;

type StoredRun = RunItem & { readonly version: number };

/** What the uploads of one scope came to, by its manifests. */
interface Uploaded {
  readonly states: Map<number, ShardState>;
  readonly created: number;
  readonly updated: number;
}

/**
 * Closes a run. When shards are missing it says which and retires nothing (`discovery.shards_missing`). Otherwise each scope
 * becomes what the run saw: a complete one retires what it no longer has, or holds it for an operator when that is too much;
 * the others retire nothing. Done again it answers the same. Writes resource, event, index, manifest, page, scope, hold,
 * bucket, sweep, run and audit items. A scope that a newer run has opened meanwhile is left to that run.
 */
export async function completeRun(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  runId: string,
): Promise<RunCompleted> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryComplete(context, actor, reporter, runId, attempt > 1);
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof GuardError)) throw error;
      if (attempt === ATTEMPTS)
        throw new ProblemError("request.conflict", "other runs keep changing the same scopes", { cause: error });
    }
  }
}

async function readRun(
  context: Context,
  reporter: Reporter,
  runId: string,
  consistent: boolean,
): Promise<{ run: StoredRun; scopes: RunScope[] }> {
  const run =
    (await context.table.get(RunItem, { run: runId }, { consistent })) ??
    (await context.table.get(RunItem, { run: runId }, { consistent: true }));
  if (!run || run.source !== reporter.name)
    throw new ProblemError("discovery.run_not_found", `${runId} is not a run of this collector`);
  const pages = await context.table.getMany(
    RunPageItem,
    Array.from({ length: run.pages }, (_, page) => ({ run: run.run, page })),
    { consistent: true },
  );
  return { run, scopes: [...run.scopes, ...pages.flatMap((page) => page?.scopes ?? [])] };
}

async function tryComplete(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  runId: string,
  consistent: boolean,
): Promise<RunCompleted> {
  const { table } = context;
  const { run, scopes } = await readRun(context, reporter, runId, consistent);
  if (run.state === "closed") return toAnswer(runId, scopes);
  const { source } = run;
  const changed = scopes.filter((scope) => !scope.same);

  await requireUploaded(context, source, changed, runId);
  const completed = await inTurn(changed, (scope) => completeScope(context, actor, run, scope));
  const settled = completed.flatMap((one) => one?.settled ?? []);
  const results = new Map(completed.flatMap((one) => (one ? [[one.settled.name, one.result] as const] : [])));
  const overtaken = changed.length - settled.length;
  const listed = scopes.map(
    (scope): RunScope => ({
      ...scope,
      ...(results.has(scope.name) ? { result: results.get(scope.name) as ScopeResult } : {}),
    }),
  );
  const answer = toAnswer(runId, listed);
  const { version, ...item } = run;
  const inline = run.scopes.length;
  await table.load(
    Array.from({ length: run.pages }, (_, page) => {
      const from = inline + page * inline;
      return put(RunPageItem, {
        run: runId,
        page,
        scopes: listed.slice(from, from + inline),
        expiresAtSeconds: run.expiresAtSeconds,
      });
    }),
  );
  await settle(
    context,
    { run: runId, source, set: run.set, root: overtaken === 0 ? run.root : "", buckets: run.buckets },
    scopes.filter((scope) => scope.same),
    settled,
    [
      replace(RunItem, { ...item, scopes: listed.slice(0, inline), state: "closed" }, version),
      audit(actor, context.now(), {
        action: "discovery.complete",
        target: runId,
        detail: { source, scopes: settled.length, overtaken, ...answer.totals },
      }),
    ],
  );
  return answer;
}

/** Scopes that are worked on at the same time: they share nothing, and a large run has hundreds of them. */
const SCOPES_AT_ONCE = 16;

async function inTurn<T, Result>(all: readonly T[], work: (one: T) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < all.length; at += SCOPES_AT_ONCE) {
    results.push(...(await Promise.all(all.slice(at, at + SCOPES_AT_ONCE).map(work))));
  }
  return results;
}

/** Throws `discovery.shards_missing` with every scope and shard that has not arrived. */
async function requireUploaded(
  context: Context,
  source: string,
  changed: readonly RunScope[],
  runId: string,
): Promise<void> {
  const found = await inTurn(changed, async ({ name }) => {
    const scope = await context.table.get(ScopeItem, { source, name }, { consistent: true });
    if (scope?.lease?.run !== runId) return { scope: name, shards: [] };
    const shards: number[] = [];
    await readManifests(context, scope, scope.lease, (manifest, shard, digest) => {
      if ((manifest?.digest ?? EMPTY_DIGEST) !== digest) shards.push(shard);
    });
    return { scope: name, shards };
  });
  const missing = found.filter((one) => one.shards.length > 0);
  if (missing.length === 0) return;
  const total = missing.reduce((sum, one) => sum + one.shards.length, 0);
  throw new ProblemError("discovery.shards_missing", `${total} shards of ${missing.length} scopes have not arrived`, {
    extra: { missing },
  });
}

async function readUploaded(context: Context, scope: ScopeItem, lease: Lease, runId: string): Promise<Uploaded> {
  const states = toStates(await readPages(context, scope.source, scope.name), scope.shardCount);
  let created = 0;
  let updated = 0;
  await readManifests(context, scope, lease, (manifest, shard, digest) => {
    states.set(shard, { digest, missing: (manifest?.missing.byteLength ?? 0) / HASH_BYTES });
    if (manifest?.run !== runId) return;
    created += manifest.created;
    updated += manifest.updated;
  });
  return { states, created, updated };
}

/** Completes one scope, or answers what this run made of it before. Nothing, when a newer run has it. */
async function completeScope(
  context: Context,
  actor: Actor,
  { source, set, run: runId }: StoredRun,
  scope: RunScope,
): Promise<{ settled: Settled; result: ScopeResult } | undefined> {
  const id = { source, name: scope.name };
  const stored = await context.table.get(ScopeItem, id, { consistent: true });
  if (stored?.outcome?.run === runId) return toCompleted(scope, stored.outcome, stored);
  const lease = stored?.lease;
  if (!stored || lease?.run !== runId) return undefined;
  const { states, created, updated } = await readUploaded(context, stored, lease, runId);
  const losses = lease.status === "complete" ? await settleLosses(context, actor, stored, lease, states) : NO_LOSSES;
  for (const shard of losses.retiredShards)
    states.set(shard, { digest: states.get(shard)?.digest ?? EMPTY_DIGEST, missing: 0 });

  const hold = lease.status === "complete" ? losses.hold : stored.hold;
  const { version, lease: _, hold: __, ...item } = stored;
  const result: ScopeResult = {
    ...fromScopeName(scope.name),
    status: lease.status,
    resources: lease.resources,
    created,
    updated,
    unchanged: lease.resources - created - updated,
    retired: losses.retired,
    held: losses.held,
  };
  const silent = lease.status === "failed" || lease.status === "skipped";
  const before = silent ? stored.outcome : undefined;
  const missing = [...states.values()].reduce((sum, state) => sum + state.missing, 0);
  const outcome = {
    run: runId,
    set,
    generation: lease.generation,
    missing,
    errors: lease.errors,
    /** A scope that says nothing of resources leaves what was known. */
    known: silent ? (before?.known ?? 0) : lease.resources,
    result,
  };
  const next: ScopeItem = { ...item, outcome, ...(hold ? { hold } : {}) };
  const pages = toPages(id, stored.shardCount, states, [...lease.wanted, ...losses.retiredShards]);
  const writes = [replace(ScopeItem, next, version), ...losses.writes];
  const room = COMMIT_LIMIT - writes.length;
  const rest = pages.slice(room);
  for (let at = 0; at < rest.length; at += COMMIT_LIMIT - 1) {
    await context.table.commit([
      check(ScopeItem, id, version),
      ...rest.slice(at, at + COMMIT_LIMIT - 1).map((page) => put(PageItem, page)),
    ]);
  }
  await context.table.commit([...writes, ...pages.slice(0, room).map((page) => put(PageItem, page))]);
  return toCompleted(scope, outcome, next);
}

function toCompleted(
  scope: RunScope,
  outcome: NonNullable<ScopeItem["outcome"]>,
  item: ScopeItem,
): { settled: Settled; result: ScopeResult } {
  const { result } = outcome;
  const settled: Settled = {
    name: scope.name,
    digest: scope.digest,
    generation: outcome.generation,
    status: result.status,
    errors: outcome.errors,
    resources: outcome.known,
    missing: outcome.missing,
    changed: result.created + result.updated + result.retired > 0,
    hold: item.hold,
  };
  return { settled, result };
}

function toAnswer(run: string, scopes: readonly RunScope[]): RunCompleted {
  const results = scopes.flatMap((scope) => scope.result ?? []);
  const totals: Totals = { resources: 0, created: 0, updated: 0, unchanged: 0, retired: 0 };
  for (const result of results) {
    totals.resources += result.resources;
    totals.created += result.created;
    totals.updated += result.updated;
    totals.unchanged += result.unchanged;
    totals.retired += result.retired;
  }
  return { run, state: "closed", scopes: results, totals };
}
