import { rootDigest } from "@cadastre/contract/digest";
import type { OpenRun, RunOpened, ScopeVerdict } from "@cadastre/contract/discovery";
import { requireVersion } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { scopeName } from "@cadastre/contract/scope";
import { COMMIT_LIMIT, type Write } from "@cadastre/store/table";
import { noteAccounts } from "../accounts/note-accounts.ts";
import { type AuditEntry, commitRecorded, RECORD_WRITES } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { inParallel } from "../in-parallel.ts";
import { type Compared, decideOpening, type Opening, readCompared } from "../ledger/compare.ts";
import { BLANK, blankEntry, type Edit, moveEntry } from "../ledger/entry.ts";
import type { StoredSet } from "../ledger/items.ts";
import { decideQuiet, type Quiet } from "../ledger/quiet.ts";
import { readSets } from "../ledger/read.ts";
import { editLedger, firstOf, readSource } from "../ledger/write.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import type { Incoming, Opened } from "./lease.ts";
import { decideLookedAt } from "./look.ts";
import { openScopes } from "./open-scopes.ts";
import { inParts } from "./parts.ts";
import { readRunItem, writeRun } from "./runs.ts";
import { type Reporter, requireBoundScopes } from "./sources.ts";

/** Commits of leases that are on the way at a time, when a run has more of them than one takes. */
const COMMITS_AT_ONCE = 8;

/**
 * Opens a run, or opens it again: says for each scope whether it is known, and which of its shards to send. An unchanged run
 * is closed at once: it reads one item and writes it, whatever the size of the estate, and the audit log tells of such runs
 * once a day. Writes ledger, scope, run, account and
 * audit items. Errors: `discovery.version`, `collector.foreign_account`, `discovery.digest_mismatch`, `request.invalid`,
 * `request.conflict`, `discovery.run_not_found` for another source's run, `discovery.run_closed` when the id is that of a run
 * that was closed with other content. The very run that was closed is answered as unchanged, and nothing is written.
 * Two runs at once: the newer one has the scopes; what the older one still sends is ignored. `signedAt` is the time of the
 * request by the collector's clock: with it is known how long ago the run looked, else it is taken to have looked just now.
 */
export async function openRun(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  body: OpenRun,
  signedAt?: Date,
): Promise<RunOpened> {
  requireVersion(body);
  await requireBoundScopes(reporter, body.scopes);
  const scopes = body.scopes.map((scope) => ({ ...scope, name: scopeName(scope) }));
  requireDistinct(scopes);
  if (rootDigest(scopes) !== body.root) {
    throw new ProblemError("discovery.digest_mismatch", "root: is not the root over the scopes' digests", {
      errors: [{ path: "root", message: "is not the root over the scopes' digests" }],
    });
  }
  const startedAt = new Date(body.startedAt);
  const lookedAt = decideLookedAt(context.now(), { signedAt: signedAt ?? startedAt, startedAt });
  const announced = body.intervalSeconds === undefined ? undefined : body.intervalSeconds * 1000;
  const opening = { run: body.run, source: reporter.name, root: body.root, scopes, lookedAt, announced };
  return retryOnConflict(() => tryOpen(context, actor, opening), {
    attempts: 6,
    detail: "other runs keep changing the same scopes",
  });
}

function requireDistinct(scopes: readonly Incoming[]): void {
  const seen = new Set<string>();
  for (const [place, { name }] of scopes.entries()) {
    if (seen.has(name)) {
      const message = `the scope ${name} is in the run twice`;
      throw new ProblemError("request.invalid", `scopes[${place}]: ${message}`, {
        errors: [{ path: `scopes[${place}]`, message }],
      });
    }
    seen.add(name);
  }
}

interface OpeningRun {
  readonly run: string;
  readonly source: string;
  readonly root: string;
  readonly scopes: readonly Incoming[];
  readonly lookedAt: number;
  readonly announced: number | undefined;
}

/** The answer, with one verdict for each of the run's scopes; those that are not in `verdicts` are unchanged. */
function toAnswer(
  { run, scopes }: OpeningRun,
  state: RunOpened["state"],
  verdicts: (name: string) => ScopeVerdict | undefined = () => undefined,
): RunOpened {
  return { run, state, scopes: scopes.map(({ name }) => verdicts(name) ?? { verdict: "unchanged" }) };
}

async function tryOpen(context: Context, actor: Actor, run: OpeningRun): Promise<RunOpened> {
  const { source } = run;
  const compared = await readCompared(context, source, run.scopes);
  const opening = decideOpening(run.scopes, compared);
  const { changed } = opening;
  const isKnown = (name: string) => compared.entries.has(name);
  const isNew = !compared.sets.get(compared.set) || !changed.every(({ name }) => isKnown(name));
  const known = isNew ? await readSource(context, source) : undefined;
  const sourceWrites = isNew && !known ? [firstOf(context, source)] : [];
  if (changed.length === 0) {
    await commitOpening(context, actor, run, { compared, opening, sourceWrites });
    return toAnswer(run, "unchanged");
  }
  const stored = await readRunItem(context, run.run);
  if (stored && stored.source !== source) throw new ProblemError("discovery.run_not_found");
  if (stored?.state === "closed") {
    if (stored.root === run.root) return toAnswer(run, "unchanged");
    throw new ProblemError(
      "discovery.run_closed",
      `${run.run} was closed with other content; a new run needs a new id`,
    );
  }
  await noteAccounts(
    context,
    actor,
    changed.filter(({ name }) => !isKnown(name)),
  );
  const confirmedAt = await readConfirmed(context, source, compared, changed);
  const knownGeneration = (name: string) => compared.entries.get(name)?.generation ?? known?.forgotten ?? 0;
  const { resharded, opened } = await openScopes(context, { ...run, confirmedAt, knownGeneration }, changed, isKnown);
  if (resharded.size > 0) return toAnswer(run, "open", (name) => resharded.get(name));
  const names = changed.map(({ name }) => name);
  const write = await writeRun(context, { run: run.run, source, root: run.root, set: compared.set, names }, stored);
  await commitOpening(context, actor, run, { compared, opening, opened, write, sourceWrites });
  return toAnswer(run, "open", (name) => opened.get(name)?.verdict);
}

/**
 * When the latest look began that found each changed scope as it was known: that of its set, unless another run has opened it
 * since. Nearly always that is the run's own set, which was read.
 */
async function readConfirmed(
  context: Context,
  source: string,
  { entries, sets }: Compared,
  changed: readonly Incoming[],
): Promise<(name: string) => number> {
  const setOfScope = (name: string) => {
    const entry = entries.get(name);
    return entry && entry.digest !== BLANK ? entry.set : undefined;
  };
  const named = new Set(changed.flatMap(({ name }) => setOfScope(name) ?? []));
  const unread = [...named].filter((set) => !sets.has(set));
  const others =
    unread.length === 0 ? new Map<string, StoredSet>() : await readSets(context, source, unread, { consistent: true });
  return (name) => {
    const set = setOfScope(name);
    return set === undefined ? 0 : ((sets.get(set) ?? others.get(set))?.lookedAt ?? 0);
  };
}

/** What a run that opens was compared with, and what came of it; an unchanged one opens nothing and is not written. */
interface Decided {
  readonly compared: Compared;
  readonly opening: Opening<Incoming>;
  readonly opened?: ReadonlyMap<string, Opened>;
  readonly write?: Write;
  readonly sourceWrites: readonly Write[];
}

/** What opening a run makes of the ledger: what may be written to is compared anew by whoever comes next. */
function toEdits({ compared: { set }, opening, opened }: Decided): Map<string, Edit> {
  const blanks = opening.changed.map(({ name }): [string, Edit] => {
    return [name, blankEntry({ name, set, generation: opened?.get(name)?.generation ?? 0 })];
  });
  const moves = opening.moved.map(({ name, digest }): [string, Edit] => [name, moveEntry(digest, set)]);
  return new Map([...blanks, ...moves]);
}

const isUnchanged = ({ opening: { changed, moved } }: Decided): boolean => changed.length === 0 && moved.length === 0;

/** The record of a run, with what it tells of quiet ones before it; none of a quiet run that has nothing to tell. */
function toEntry(
  { run, source, scopes }: OpeningRun,
  decided: Decided,
  told: Quiet | undefined,
): AuditEntry | undefined {
  const quiet = told ? { quietRuns: told.runs, quietSince: told.since } : {};
  if (isUnchanged(decided))
    return told && { action: "discovery.quiet", target: source, detail: { scopes: scopes.length, ...quiet } };
  const { changed, moved } = decided.opening;
  const outcome = decided.opened ? "opened" : "unchanged";
  const detail = { source, outcome, scopes: scopes.length, changed: changed.length, moved: moved.length, ...quiet };
  return { action: "discovery.run", target: run, detail };
}

/**
 * Commits the run, its leases and the ledger in which its scopes are blank, in one commit when they fit. Else the leases come
 * last, some commits at a time: no scope is written to before it is blank, and blank without a lease does no harm.
 */
async function commitOpening(context: Context, actor: Actor, run: OpeningRun, decided: Decided): Promise<void> {
  const { compared, opened, write, sourceWrites } = decided;
  const { set, sets } = compared;
  const now = context.now();
  const { quiet, told } = decideQuiet(sets.get(set)?.quiet, isUnchanged(decided), now.toISOString());
  const own = {
    set,
    at: now.getTime(),
    lookedAt: run.lookedAt,
    isReported: true,
    announced: run.announced,
    quiet,
  };
  const ledgerWrites = await editLedger(context, run.source, toEdits(decided), own, compared);
  const entry = toEntry(run, decided, told);
  const first = [...ledgerWrites, ...(write ? [write] : []), ...sourceWrites];
  if (!entry) {
    await context.table.commit(first);
    return;
  }
  const leases = [...(opened?.values() ?? [])].map((one) => [one.write]);
  const whole = inParts([first, ...leases], COMMIT_LIMIT - RECORD_WRITES);
  if (whole.length === 1) {
    await commitRecorded(context, actor, whole[0] ?? [], entry);
    return;
  }
  await commitRecorded(context, actor, first, entry);
  await inParallel(inParts(leases), COMMITS_AT_ONCE, (part) => context.table.commit(part));
}
