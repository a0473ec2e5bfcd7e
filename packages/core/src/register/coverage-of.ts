import type { CoverageFilters } from "../ledger/gaps.ts";
import { isOpen, matchesPattern } from "../subjects/pattern.ts";
import { mustHold } from "../subjects/prepare.ts";
import type { Query, Term } from "../subjects/query.ts";

/** Whether a scope can have anything that a term asks for; every scope for what says nothing of places. */
function isMeant(term: Term, scope: Parameters<NonNullable<CoverageFilters["matches"]>>[0]): boolean {
  switch (term.field) {
    case "provider":
      return term.any.includes(scope.provider);
    case "kind":
      return term.any.includes(scope.kind);
    case "account":
      return term.any.some((pattern) => matchesPattern(pattern, scope.account));
    case "region":
      return term.any.some((pattern) => matchesPattern(pattern, scope.region));
    default:
      return true;
  }
}

/** The one value that a term leaves, where that is so. */
function only(terms: readonly Term[], field: "account" | "region"): string | undefined {
  const term = terms.find((one) => one.field === field);
  if (term?.field !== field || term.any.length !== 1) return undefined;
  const [pattern] = term.any;
  return pattern && !isOpen(pattern) ? pattern.pieces[0] : undefined;
}

/** Of which scopes a search is, as far as what must hold says. Pure. */
export function coverageFiltersOf(query: Query): CoverageFilters {
  const terms = mustHold(query);
  const placing = terms.filter(({ field }) => ["provider", "kind", "account", "region"].includes(field));
  if (placing.length === 0) return {};
  const [first] = placing;
  const provider = first?.field === "provider" && first.any.length === 1 ? first.any[0] : undefined;
  if (placing.length === 1 && provider !== undefined) return { provider };
  return {
    account: only(placing, "account"),
    region: only(placing, "region"),
    matches: (scope) => placing.every((term) => isMeant(term, scope)),
  };
}
