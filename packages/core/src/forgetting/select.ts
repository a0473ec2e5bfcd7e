import { ProblemError } from "@cadastre/contract/errors";
import type { Forgettable } from "@cadastre/contract/forgetting";
import type { KindName } from "@cadastre/contract/kinds/names";
import { fromScopeName, type Provider } from "@cadastre/contract/scope";
import type { Context } from "../context.ts";
import { ScopeItem } from "../discovery/items.ts";
import { readRunItem } from "../discovery/runs.ts";
import { inParallel } from "../in-parallel.ts";
import { readRun } from "../jobs/read.ts";
import { readEnded } from "../ledger/ended-sources.ts";
import { setOf } from "../ledger/entry.ts";
import { readScopesOf, readSources, type ScopeSummary } from "../ledger/read.ts";
import { hasValues } from "../lists.ts";
import { isVisible } from "../restriction.ts";

/** Which scopes are meant: those of which all that is given holds. */
export interface Meant {
  readonly source?: string | undefined;
  readonly provider?: Provider | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly kind?: KindName | undefined;
  readonly stale?: true | undefined;
}

/** A scope that is meant and why it may be forgotten; without a cause it may not. */
export interface MeantScope extends ScopeSummary {
  readonly cause?: Forgettable["cause"];
}

/** A run that began so long ago and still has a scope open is taken to be dead: what it may still send is ignored. */
const DEAD_RUN_MILLISECONDS = 86_400_000;

const READS_AT_ONCE = 16;
/** So many scopes that are in use are named, each with the reason. */
const MOST_NAMED = 10;

/**
 * The scopes that are meant and that the caller may know of, by source and name, with why each may be forgotten: nobody reports it any more, or its
 * collector was revoked. Reads the ledgers of the sources that are meant.
 */
export async function selectScopes(context: Context, meant: Meant): Promise<MeantScope[]> {
  const { source: of, stale, ...place } = meant;
  const found: MeantScope[] = [];
  for await (const source of readSources(context, { source: of })) {
    const known = (await readScopesOf(context, source)).filter(({ name, isStale }) => {
      const key = fromScopeName(name);
      return isVisible(context, key) && hasValues(key, place) && (isStale || !stale);
    });
    if (known.length === 0) continue;
    const isEnded = (await readEnded(context, [source], { consistent: true })).has(source);
    found.push(...known.map((one) => ({ ...one, ...causeOf(one, isEnded) })));
  }
  return found;
}

function causeOf({ isStale }: ScopeSummary, isEnded: boolean): Pick<MeantScope, "cause"> {
  if (isEnded) return { cause: "ended" };
  return isStale ? { cause: "stale" } : {};
}

/** What has a scope open, in words; undefined when nothing has that is still at work: whoever was revoked delivers no more. */
async function workOn(context: Context, { source, name, cause }: MeantScope): Promise<string | undefined> {
  const lease = (await context.table.get(ScopeItem, { source, name }, { consistent: true }))?.lease;
  if (!lease) return undefined;
  const run = await readRunItem(context, lease.run);
  if (run) {
    const isAlive = context.now().getTime() - Date.parse(run.openedAt) < DEAD_RUN_MILLISECONDS;
    return isAlive && run.state === "open" && cause !== "ended"
      ? `the run ${lease.run} has it open since ${run.openedAt}`
      : undefined;
  }
  const job = await readRun(context, lease.run);
  return job && job.endedAt === undefined ? `${lease.run} is forgetting it` : undefined;
}

/** Why a scope that is meant may not be forgotten now; undefined when it may. */
async function refusalOf(context: Context, scope: MeantScope): Promise<string | undefined> {
  if (scope.cause === undefined) return `it was reported at ${scope.reportedAt}, which is on time`;
  return scope.isOpen ? workOn(context, scope) : undefined;
}

export interface Selected {
  readonly scopes: readonly (MeantScope & Required<Pick<MeantScope, "cause">>)[];
  /** Over their names. */
  readonly fingerprint: string;
}

const isForgettable = (scope: MeantScope): scope is Selected["scopes"][number] => scope.cause !== undefined;

/**
 * The scopes that are meant, all of which may be forgotten. Throws 404 `scope.not_found` when there is none that the caller may know of,
 * and 409 `scope.in_use` with some of those that are reported on time, or that something is at work on.
 */
export async function requireForgettable(context: Context, meant: Meant): Promise<Selected> {
  const scopes = await selectScopes(context, meant);
  if (scopes.length === 0) {
    const which = meant.stale ? "stale scope" : "scope";
    throw new ProblemError(
      "scope.not_found",
      `there is no ${which} of this place; the list of scopes says which there are`,
    );
  }
  const reasons = await inParallel(scopes, READS_AT_ONCE, async (scope) => {
    const why = await refusalOf(context, scope);
    return why === undefined ? [] : [{ scope: `${scope.source}/${scope.name}`, why }];
  });
  const refused = reasons.flat();
  const [first] = refused;
  if (first) {
    const others = refused.length === 1 ? "" : `; ${refused.length} of the ${scopes.length} that are meant are in use`;
    const extra = { scopes: refused.slice(0, MOST_NAMED) };
    throw new ProblemError("scope.in_use", `${first.scope}: ${first.why}${others}`, { extra });
  }
  const fingerprint = setOf(scopes.map(({ source, name }) => `${source}/${name}`));
  return { scopes: scopes.filter(isForgettable), fingerprint };
}
