import { fromAccountName } from "@cadastre/contract/account";
import type { Coverage } from "@cadastre/contract/coverage";
import { fromScopeName, PROVIDERS, type Provider, type ScopeKey, type ScopeStatus } from "@cadastre/contract/scope";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import { put, remove, type Write } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../context.ts";
import { isVisible } from "../restriction.ts";
import { readScopeCount } from "./scope-count.ts";

/** A scope of a source. */
interface OfSource {
  readonly source: string;
  readonly name: string;
}

const cause = z.enum(["partial", "failed", "stale", "held"]);
type Cause = z.output<typeof cause>;

/** A scope has one item of each of these at the most. */
const PARTS: Readonly<Record<Cause, string>> = { partial: "status", failed: "status", stale: "stale", held: "held" };

export const GapItem = defineEntity({
  type: "gap",
  about:
    "A scope with a problem: its last run saw it in part or not at all, nobody reports it any more, or its losses wait for an operator. Changed in the commit that turns the scope",
  schema: z.object({ name: z.string(), source: z.string(), cause, since: z.string() }),
  key: {
    partition: () => "gaps",
    sort: (of: { name: string; source: string; cause: Cause }) => gapsBeginning(of) + PARTS[of.cause],
  },
});
export type GapItem = ItemOf<typeof GapItem>;

/** What the sort keys of a scope's items begin with. */
export const gapsBeginning = ({ name, source }: OfSource): string => `${name}#${source}#`;

/** What is not looked at on purpose is no gap: a region that is switched off has nothing in it. */
const isGap = (status: ScopeStatus | undefined): status is "partial" | "failed" =>
  status === "partial" || status === "failed";

/** The writes that follow a scope's status, for the commit that changes it; none where it stays. `at` is an ISO time. */
export function followStatus(
  { source, name }: OfSource,
  before: ScopeStatus | undefined,
  after: ScopeStatus,
  at: string,
): Write[] {
  if (before === after) return [];
  if (isGap(after)) return [put(GapItem, { source, name, cause: after, since: at })];
  return isGap(before) ? [remove(GapItem, { source, name, cause: before })] : [];
}

/** The write that follows a scope's turning stale, or being reported again. `at` is an ISO time. */
export function followStale({ source, name }: OfSource, isStale: boolean, at: string): Write {
  return isStale
    ? put(GapItem, { source, name, cause: "stale", since: at })
    : remove(GapItem, { source, name, cause: "stale" });
}

/** The write that follows a scope's losses waiting for an operator, or no longer. `at` is an ISO time. */
export function followHold({ source, name }: OfSource, isHeld: boolean, at: string): Write {
  return isHeld
    ? put(GapItem, { source, name, cause: "held", since: at })
    : remove(GapItem, { source, name, cause: "held" });
}

/** The writes for a scope that is no more; its hold has ended before. */
export const endGaps = ({ source, name }: OfSource): Write[] =>
  (["failed", "stale"] as const).map((one) => remove(GapItem, { source, name, cause: one }));

/** What a list is about. */
export interface CoverageFilters {
  readonly provider?: Provider | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly kind?: string | undefined;
  /** Whether a scope is meant, beside these. */
  readonly matches?: ((scope: ScopeKey) => boolean) | undefined;
}

/** So many gaps are read for one answer, and so many are named. */
const MOST_READ = 200;
const MOST_NAMED = 10;

/**
 * What the sort keys of the gaps begin with that the filters, or the caller's limits, can concern. Of an account that the caller may
 * not see nothing is read: what came of it, or how much there is, would tell of it.
 */
export function beginningsOf(context: Context, { provider, account, region }: CoverageFilters): string[] {
  const { restriction } = context;
  const within = region === undefined ? "" : `${region}/`;
  if (account !== undefined)
    return (provider ? [provider] : PROVIDERS)
      .filter((one) => isVisible(context, { provider: one, account }))
      .map((one) => `${one}/${account}/${within}`);
  if (restriction) {
    const accounts = restriction.accounts.map(fromAccountName);
    return accounts
      .filter((at) => !provider || at.provider === provider)
      .map((at) => `${at.provider}/${at.account}/${within}`);
  }
  return [provider ? `${provider}/` : ""];
}

async function readGaps({ table }: Context, beginning: string): Promise<{ items: readonly GapItem[]; isCut: boolean }> {
  const sort = beginning === "" ? {} : { sort: { beginsWith: beginning } };
  const { items, cursor } = await table.query(GapItem, { partition: "gaps", ...sort, limit: MOST_READ });
  return { items, isCut: cursor !== undefined };
}

/** So many items are counted at the most: nobody needs to know more exactly how many scopes are stale. */
const MOST_COUNTED = 2000;

/** How many scopes are told to be stale, among the first 2,000 problems. Costs half a unit while there are few. */
export async function countStale({ table }: Pick<Context, "table">): Promise<number> {
  const { items } = await table.query(GapItem, { partition: "gaps", limit: MOST_COUNTED });
  return items.filter((one) => one.cause === "stale").length;
}

/**
 * Whether what a list with these filters shows is all that there is: the scopes of which it cannot say so, and, where no more
 * than the provider is asked for, of how many. Stale ones are among them within five minutes. Costs half a unit while there are
 * few gaps, at any number of scopes, and at most three for each account that the caller is limited to.
 */
export async function readCoverage(context: Context, filters: CoverageFilters): Promise<Coverage> {
  const { provider, region, kind, matches = () => true } = filters;
  const isCounted = Object.entries(filters).every(([name, value]) => name === "provider" || value === undefined);
  const [read, scopes] = await Promise.all([
    Promise.all(beginningsOf(context, filters).map((beginning) => readGaps(context, beginning))),
    isCounted && !context.restriction ? readScopeCount(context, provider) : undefined,
  ]);
  const found = read
    .flatMap(({ items }) => items)
    // What waits for an operator is still shown: lists have all of it.
    .flatMap(({ name, source, cause, since }) =>
      cause === "held" ? [] : [{ source, ...fromScopeName(name), cause, since }],
    )
    .filter(
      (gap) =>
        isVisible(context, gap) &&
        (region === undefined || gap.region === region) &&
        (kind === undefined || gap.kind === kind) &&
        matches(gap),
    );
  const gaps = new Set(found.map((gap) => `${gap.source}/${gap.provider}/${gap.account}/${gap.region}/${gap.kind}`))
    .size;
  const isCut = read.some((one) => one.isCut);
  return {
    complete: gaps === 0 && !isCut,
    gaps,
    ...(isCut ? { more: true } : {}),
    ...(scopes === undefined ? {} : { scopes }),
    some: found.slice(0, MOST_NAMED),
  };
}
