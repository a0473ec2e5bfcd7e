import type { RunCompleted, Totals } from "@cadastre/contract/discovery";
import { fromScopeName } from "@cadastre/contract/scope";
import { check, put, replace, type Write } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { inParallel } from "../in-parallel.ts";
import { settleEntry } from "../ledger/entry.ts";
import { followStatus } from "../ledger/gaps.ts";
import { editLedger } from "../ledger/write.ts";
import { GuardError } from "../register/apply.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { type Arrived, readArrived, requireArrived } from "./arrived.ts";
import { type Outcome, PageItem, type RunItem, type RunScope, ScopeItem } from "./items.ts";
import { NO_LOSSES, settleLosses } from "./losses.ts";
import { decideOutcome } from "./outcome.ts";
import { inParts } from "./parts.ts";
import { recordTurn } from "./record-turns.ts";
import { readRun, type WholeRun, writeClosed } from "./runs.ts";
import { EMPTY_DIGEST, toPages } from "./shards.ts";
import { noteSize, type Sizes } from "./sizes.ts";
import { type Reporter, requireNotKeptFrom } from "./sources.ts";

const SCOPES_AT_ONCE = 16;
const COMMITS_AT_ONCE = 16;
/** So many scopes are completed each in a commit of its own: a commit's only write costs half of what it does beside others. */
const MOST_ALONE = 1000;

/**
 * Closes a run. When shards are missing it says which and retires nothing (`discovery.shards_missing`). Otherwise each scope
 * becomes what the run saw: a complete one retires what it no longer has, or holds it for an operator when that is too much;
 * the others retire nothing, and neither does a run that looked before one that was opened earlier. Done again it answers the same. Writes resource, event, feed, index, manifest, page, scope, hold,
 * ledger, run and audit items. A scope that a newer run has opened meanwhile is left to that run. Further errors:
 * `discovery.run_not_found`, `request.conflict`.
 */
export async function completeRun(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  runId: string,
): Promise<RunCompleted> {
  return retryOnConflict(() => tryComplete(context, actor, reporter, runId), {
    attempts: 6,
    detail: "other runs keep changing the same scopes",
    also: (error) => error instanceof GuardError,
  });
}

async function tryComplete(context: Context, actor: Actor, reporter: Reporter, runId: string): Promise<RunCompleted> {
  const run = await readRun(context, reporter, runId);
  if (run.item.state === "closed") return toAnswer(runId, run.scopes);
  const names = run.scopes.map(({ name }) => name);
  // A policy may have come since the run was opened.
  if (reporter.keptFrom) await requireNotKeptFrom(reporter, names.map(fromScopeName));
  const { open, completed } = await readArrived(context, run.item, names);
  requireArrived(open);
  const outcomes = new Map(completed.flatMap(({ name, outcome }) => (outcome ? [[name, outcome] as const] : [])));
  for (const [name, outcome] of await completeScopes(context, actor, open)) outcomes.set(name, outcome);
  return settleRun(context, actor, run, outcomes);
}

/** Completes scopes: some alone, many in commits of several. Answers what became of each, by its name. */
async function completeScopes(
  context: Context,
  actor: Actor,
  scopes: readonly Arrived[],
): Promise<Map<string, Outcome>> {
  const decided = await inParallel(scopes, SCOPES_AT_ONCE, (scope) => completeScope(context, actor, scope));
  const groups = decided.map(({ writes }) => writes);
  const parts = groups.length > MOST_ALONE ? inParts(groups) : groups;
  await inParallel(parts, COMMITS_AT_ONCE, (part) => context.table.commit(part));
  return new Map(decided.map(({ name, outcome }) => [name, outcome]));
}

interface CompletedScope {
  readonly name: string;
  readonly outcome: Outcome;
  /** To go into one commit, which the scope's version guards. */
  readonly writes: readonly Write[];
}

/** Pages that go into the scope's own commit; further ones, of the 128 that there may be, are written before it, with the scope as their guard. */
const MOST_PAGES = 40;

/** The scope as it is now. Throws GuardError when another run has opened it. */
async function readAgain(context: Context, { source, name, lease }: Arrived["scope"]): Promise<Arrived> {
  const { open } = await readArrived(context, { source, run: lease.run }, [name]);
  requireArrived(open);
  const [arrived] = open;
  if (!arrived) throw new GuardError();
  return arrived;
}

async function completeScope(context: Context, actor: Actor, arrived: Arrived): Promise<CompletedScope> {
  const { scope, states } = arrived;
  const { version, lease, hold, outcome: before, ...item } = scope;
  const id = { source: scope.source, name: scope.name };
  const mayRetire = lease.status === "complete" && lease.isOlder !== true;
  const losses = mayRetire ? await settleLosses(context, actor, scope, states) : NO_LOSSES;
  if (!losses) return completeScope(context, actor, await readAgain(context, scope));
  for (const shard of losses.retiredShards)
    states.set(shard, { digest: states.get(shard)?.digest ?? EMPTY_DIGEST, missing: 0 });
  const outcome = decideOutcome(arrived, losses, context.now().toISOString());
  const standing = mayRetire ? losses.hold : hold;
  const next: ScopeItem = {
    ...item,
    outcome,
    ...(standing ? { hold: standing } : {}),
    ...(mayRetire ? { sizes: sizesAfter(context, losses.approved ? [] : scope.sizes, outcome) } : {}),
  };
  const pages = toPages(id, scope.shardCount, states, [...lease.wanted, ...losses.retiredShards]);
  const further = pages.slice(MOST_PAGES).map((page) => put(PageItem, page));
  if (further.length > 0) await context.table.commit([check(ScopeItem, id, version), ...further]);
  const own = pages.slice(0, MOST_PAGES).map((page) => put(PageItem, page));
  const writes: Write[] = [
    replace(ScopeItem, next, version),
    ...losses.writes,
    ...recordTurn(context, actor, arrived),
    ...followStatus(id, before?.result.status, lease.status, outcome.runAt),
    ...own,
  ];
  return { name: scope.name, outcome, writes };
}

/**
 * What is held counts as there, so that a loss that waits does not become what is usual. After what was approved they begin anew:
 * what follows it is not held against the week before.
 */
function sizesAfter(context: Context, before: Sizes = [], { resources, missing }: Outcome): [number, number][] {
  return noteSize(before, context.now().getTime(), resources + missing).map(([step, known]) => [step, known]);
}

/**
 * Makes the run the known state of its scopes, unless a newer one has opened them, and closes it. Until this commit the
 * ledger has the scopes blank: after a crash they are compared anew, whatever the next run says of them.
 */
async function settleRun(
  context: Context,
  actor: Actor,
  { item, scopes }: WholeRun,
  outcomes: ReadonlyMap<string, Outcome>,
): Promise<RunCompleted> {
  const { run, source, set } = item;
  const listed = scopes.map(({ name }): RunScope => {
    const outcome = outcomes.get(name);
    return { name, ...(outcome ? { result: outcome.result } : {}) };
  });
  const answer = toAnswer(run, listed);
  const close = await writeClosed(context, item, listed);
  const ledgerWrites = await editLedger(context, source, toEdits(item, outcomes), {
    set,
    at: context.now().getTime(),
    isReported: false,
  });
  await commitRecorded(context, actor, [...ledgerWrites, close], {
    action: "discovery.complete",
    target: run,
    detail: {
      source,
      scopes: outcomes.size,
      overtaken: scopes.length - outcomes.size,
      ...answer.totals,
    },
  });
  return answer;
}

function toEdits({ set }: RunItem, outcomes: ReadonlyMap<string, Outcome>) {
  return new Map(
    [...outcomes].map(([name, { digest, generation, result, runAt }]) => {
      return [name, settleEntry({ digest, generation, set, status: result.status, at: Date.parse(runAt) })];
    }),
  );
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
