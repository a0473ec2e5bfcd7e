import { rootDigest } from "@cadastre/contract/digest";
import type { OpenRun, RunOpened, ScopeVerdict } from "@cadastre/contract/discovery";
import { requireVersion } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { scopeName } from "@cadastre/contract/scope";
import { ConflictError } from "@cadastre/store/errors";
import { create, put, replace, type Write } from "@cadastre/store/table";
import { recordOf as audit } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { BucketItem, type ScopeEntry, SourceItem, SweepItem } from "../scopes/items.ts";
import { bucketDigests, bucketOf, byBucket, differingBuckets, setOf } from "./buckets.ts";
import { addMarks, EVERY_SCOPE, markOn } from "./dirty.ts";
import { RUN_PAGE_SCOPES, RunItem, RunPageItem, type RunScope, type ScopeItem } from "./items.ts";
import { type Incoming, openScopes } from "./lease.ts";
import { inParts } from "./parts.ts";
import { settle } from "./settle.ts";
import { sightAccounts } from "./sight.ts";
import { type Reporter, requireBoundScopes } from "./sources.ts";

const ATTEMPTS = 6;
const RUN_LIFE_SECONDS = 30 * 86_400;

/**
 * Opens a run, or opens it again: says for each scope whether it is known, and which of its shards to send. An unchanged run
 * is closed at once: it reads one item and writes two, whatever the size of the estate. Writes sweep, scope, run and audit
 * items. Errors: `discovery.version`, `collector.foreign_account`, `discovery.digest_mismatch`, `request.invalid`,
 * `discovery.run_not_found` for another source's run. A run that is closed is answered as unchanged, and nothing is written.
 * Two runs at once: the newer one has the scopes; what the older one still sends is ignored.
 */
export async function openRun(context: Context, actor: Actor, reporter: Reporter, body: OpenRun): Promise<RunOpened> {
  requireVersion(body);
  requireBoundScopes(reporter, body.scopes);
  const scopes = body.scopes.map((scope) => ({ ...scope, name: scopeName(scope) }));
  requireDistinct(scopes);
  if (rootDigest(scopes) !== body.root) {
    throw new ProblemError("discovery.digest_mismatch", "root: is not the root over the scopes' digests", {
      errors: [{ path: "root", message: "is not the root over the scopes' digests" }],
    });
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryOpen(context, actor, reporter, body, scopes, attempt > 1);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      if (attempt === ATTEMPTS)
        throw new ProblemError("request.conflict", "other runs keep changing the same scopes", { cause: error });
    }
  }
}

function requireDistinct(scopes: readonly Incoming[]): void {
  const seen = new Set<string>();
  scopes.forEach((scope, at) => {
    if (seen.has(scope.name)) {
      const message = `the scope ${scope.name} is in the run twice`;
      throw new ProblemError("request.invalid", `scopes[${at}]: ${message}`, {
        errors: [{ path: `scopes[${at}]`, message }],
      });
    }
    seen.add(scope.name);
  });
}

async function tryOpen(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  body: OpenRun,
  scopes: readonly Incoming[],
  consistent: boolean,
): Promise<RunOpened> {
  const { table } = context;
  const now = context.now();
  const source = reporter.name;
  const set = setOf(scopes.map((scope) => scope.name));
  const allUnchanged = (): RunOpened => ({
    run: body.run,
    state: "unchanged",
    scopes: scopes.map(() => ({ verdict: "unchanged" })),
  });
  const record = (outcome: string, counts: object) =>
    audit(actor, now, {
      action: "discovery.run",
      target: body.run,
      detail: { source, outcome, scopes: scopes.length, ...counts },
    });

  const last = await table.get(SweepItem, { source, set }, { consistent });
  if (last?.root === body.root) {
    const { version, ...item } = last;
    await table.commit([
      replace(SweepItem, { ...item, run: body.run, at: now.toISOString() }, version),
      record("unchanged", {}),
    ]);
    return allUnchanged();
  }

  // From here on nothing is judged by what a replica may not have heard of yet.
  const sweep = await table.get(SweepItem, { source, set }, { consistent: true });
  const buckets = bucketDigests(scopes);
  const dirty = sweep?.dirty ?? {};
  const differing = new Set(differingBuckets(buckets, EVERY_SCOPE in dirty ? undefined : sweep?.buckets));
  for (const name of Object.keys(dirty)) differing.add(bucketOf(name));
  const concerned = [...byBucket(scopes)].filter(([bucket]) => differing.has(bucket));
  const stored = await table.getMany(
    BucketItem,
    concerned.map(([bucket]) => ({ source, bucket })),
    { consistent: true },
  );
  const entries = new Map(stored.flatMap((item) => item?.scopes ?? []).map((entry) => [entry.name, entry]));
  const compared = concerned.flatMap(([, members]) => members);
  const sweeps = new Map([[set, sweep]]);
  for (const other of await readSweeps(context, source, setsOf(compared, entries, set))) sweeps.set(other.set, other);
  const changed: Incoming[] = [];
  const moved: Incoming[] = [];
  for (const scope of compared) {
    const entry = entries.get(scope.name);
    const mark = (of: string) => markOn(sweeps.get(of)?.dirty ?? {}, scope.name);
    if (entry?.digest !== scope.digest || mark(set) || mark(entry.set)) changed.push(scope);
    else if (entry.set !== set) moved.push(scope);
  }
  const newSource = sweep ? [] : await firstSight(context, source, now);
  if (changed.length === 0) {
    const run = { run: body.run, source, set, root: body.root, buckets };
    const same = moved.map((scope): RunScope => ({ name: scope.name, digest: scope.digest, same: true }));
    await settle(context, run, same, [], [...newSource, record("unchanged", { moved: moved.length })]);
    return allUnchanged();
  }

  const known = await table.get(RunItem, { run: body.run }, { consistent: true });
  if (known && known.source !== source) throw new ProblemError("discovery.run_not_found");
  if (known?.state === "closed") return allUnchanged();
  await sightAccounts(
    context,
    actor,
    changed.filter((scope) => !entries.has(scope.name)),
  );
  const opened = await openScopes(context, source, body.run, changed);
  if (opened.resharded.size > 0) {
    return {
      run: body.run,
      state: "open",
      scopes: scopes.map((scope) => opened.resharded.get(scope.name) ?? { verdict: "unchanged" }),
    };
  }
  const listed: RunScope[] = [
    ...changed.map((scope) => ({ name: scope.name, digest: scope.digest, same: false })),
    ...moved.map((scope) => ({ name: scope.name, digest: scope.digest, same: true })),
  ];
  const expiresAtSeconds = Math.floor(now.getTime() / 1000) + RUN_LIFE_SECONDS;
  const pages = Math.ceil(Math.max(0, listed.length - RUN_PAGE_SCOPES) / RUN_PAGE_SCOPES);
  await table.load(
    Array.from({ length: pages }, (_, page) =>
      put(RunPageItem, {
        run: body.run,
        page,
        scopes: listed.slice((page + 1) * RUN_PAGE_SCOPES, (page + 2) * RUN_PAGE_SCOPES),
        expiresAtSeconds,
      }),
    ),
  );
  const item: RunItem = {
    run: body.run,
    source,
    set,
    root: body.root,
    buckets,
    scopes: listed.slice(0, RUN_PAGE_SCOPES),
    pages,
    openedAt: now.toISOString(),
    state: "open",
    expiresAtSeconds,
  };
  const holders = new Map(
    changed.map(({ name }) => [name, holdersOf(set, entries.get(name), opened.outcomes.get(name))]),
  );
  const marks = await markDirty(context, { ...item, at: now.toISOString() }, holders, changed.length === scopes.length);
  const more = [...marks, ...newSource, record("opened", { changed: changed.length })];
  const write = known ? replace(RunItem, item, known.version) : create(RunItem, item);
  await writeRun(context, [write, ...more], opened.writes);
  return {
    run: body.run,
    state: "open",
    scopes: scopes.map((scope): ScopeVerdict => opened.verdicts.get(scope.name) ?? { verdict: "unchanged" }),
  };
}

/** The source's own item, when this may be its first run. */
async function firstSight(context: Context, source: string, now: Date): Promise<Write[]> {
  const known = await context.table.get(SourceItem, { source });
  return known ? [] : [put(SourceItem, { source, firstSeenAt: now.toISOString() })];
}

/** The other sets that the compared scopes were last reported in. */
function setsOf(compared: readonly Incoming[], entries: ReadonlyMap<string, ScopeEntry>, own: string): string[] {
  const sets = new Set(compared.flatMap((scope) => entries.get(scope.name)?.set ?? []));
  sets.delete(own);
  return [...sets];
}

async function readSweeps(context: Context, source: string, sets: readonly string[]) {
  const sweeps = await context.table.getMany(
    SweepItem,
    sets.map((set) => ({ source, set })),
    { consistent: true },
  );
  return sweeps.filter((sweep) => sweep !== undefined);
}

/** The sets whose sweeps speak for a scope: the run's, the one it was last settled in, and that of a run that is about to. */
function holdersOf(own: string, entry: ScopeEntry | undefined, outcome: ScopeItem["outcome"]): Set<string> {
  const unsettled = outcome && outcome.generation > (entry?.generation ?? 0);
  return new Set([own, ...(entry ? [entry.set] : []), ...(unsettled ? [outcome.set] : [])]);
}

/** Sweeps that hold any of the scopes are no longer current from the moment that one may be written to. */
async function markDirty(
  context: Context,
  run: RunItem & { readonly at: string },
  holders: ReadonlyMap<string, ReadonlySet<string>>,
  whole: boolean,
): Promise<Write[]> {
  const { source, set: own } = run;
  const sets = [...new Set([own, ...[...holders.values()].flatMap((of) => [...of])])];
  const sweeps = new Map((await readSweeps(context, source, sets)).map((sweep) => [sweep.set, sweep]));
  return sets.flatMap((set): Write[] => {
    const names = [...holders].filter(([, of]) => of.has(set)).map(([name]) => name);
    const sweep = sweeps.get(set);
    const dirty = addMarks(sweep?.dirty ?? {}, names, run.run, whole && set === own);
    if (sweep) {
      const { version, ...item } = sweep;
      return [replace(SweepItem, { ...item, root: "", dirty }, version)];
    }
    if (set !== own) return [];
    return [create(SweepItem, { source, set, root: "", buckets: new Uint8Array(), dirty, run: run.run, at: run.at })];
  });
}

/**
 * Commits the run and the leases, in one commit when they fit; else the run first, which marks its scopes as open: then no
 * crash leaves a lease that nobody knows of.
 */
async function writeRun({ table }: Context, run: readonly Write[], leases: readonly Write[]): Promise<void> {
  const whole = inParts([...leases, ...run]);
  const parts = whole.length === 1 ? whole : [[...run], ...inParts(leases)];
  for (const part of parts) await table.commit(part);
}
