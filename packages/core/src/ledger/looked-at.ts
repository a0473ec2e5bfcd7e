import type { Coverage } from "@cadastre/contract/coverage";
import { fromScopeName, type ScopeKey } from "@cadastre/contract/scope";
import type { Context } from "../context.ts";
import { isVisible } from "../restriction.ts";
import type { CoverageFilters } from "./gaps.ts";
import { readScopesOf, readSources } from "./read.ts";

function isMeant(context: Context, { matches = () => true, ...place }: CoverageFilters, scope: ScopeKey): boolean {
  const isPlace = Object.entries(place).every(
    ([part, value]) => value === undefined || scope[part as keyof ScopeKey] === value,
  );
  return isPlace && matches(scope) && isVisible(context, scope);
}

async function wasLookedAt(context: Context, filters: CoverageFilters): Promise<boolean> {
  for await (const source of readSources(context)) {
    for (const { name, status } of await readScopesOf(context, source)) {
      if (status !== undefined && isMeant(context, filters, fromScopeName(name))) return true;
    }
  }
  return false;
}

/**
 * What an answer in which nothing is found rests on: where no scope of what it is about was ever looked at, it is not complete. An
 * account that is only registered has no scopes, and no gaps either. Reads the ledgers, unless it is known how many scopes there are.
 */
export async function judgeEmpty(context: Context, filters: CoverageFilters, coverage: Coverage): Promise<Coverage> {
  const isSeen = coverage.scopes === undefined ? await wasLookedAt(context, filters) : coverage.scopes > 0;
  return isSeen ? coverage : { ...coverage, complete: false, neverLookedAt: true };
}
