import { fromAccountName } from "@cadastre/contract/account";
import { ProblemError } from "@cadastre/contract/errors";
import type { COUNTED, ResourceCount } from "@cadastre/contract/view";
import type { Context } from "../context.ts";
import { type Count, type CountFilters, readCounts } from "./counts.ts";

type By = (typeof COUNTED)[number];

/** The filters, one for each account where the caller is limited to some. */
function limited({ restriction }: Context, filters: CountFilters): CountFilters[] {
  if (restriction === undefined) return [filters];
  return restriction.accounts
    .map(fromAccountName)
    .filter(
      ({ provider, account }) =>
        (filters.provider ?? provider) === provider && (filters.account ?? account) === account,
    )
    .map((place) => ({ ...filters, ...place }));
}

/**
 * How many resources have the filters, apart by the given fields and in their order; values that nothing has are left out.
 * Each resource counts once, for its owner; what is shared with an account is told apart, where it is counted by account. Throws
 * 422 `query.invalid` for accounts and regions together without one of them given: that is a list of the estate.
 */
export async function countResources(
  context: Context,
  filters: CountFilters,
  by: readonly By[],
): Promise<ResourceCount[]> {
  const parts = (["account", "region"] as const).filter((part) => by.includes(part));
  if (parts.length === 2 && filters.account === undefined && filters.region === undefined) {
    const message = "by account and region together: give one of them";
    throw new ProblemError("query.invalid", message, { errors: [{ path: "by", message }] });
  }
  const counts = (await Promise.all(limited(context, filters).map((one) => readCounts(context, one, parts)))).flat();
  const ofAccount = by.includes("account") || filters.account !== undefined;
  const rows = new Map<string, ResourceCount>();
  for (const count of counts) {
    const values = Object.fromEntries(by.map((field) => [field, count[field as keyof Count]]));
    const key = JSON.stringify(values);
    const row = rows.get(key) ?? { ...values, count: 0, ...(ofAccount ? { shared: 0 } : {}) };
    row.count += count.own;
    if (row.shared !== undefined) row.shared += count.shared;
    rows.set(key, row);
  }
  if (by.length === 0 && rows.size === 0) return [{ count: 0, ...(ofAccount ? { shared: 0 } : {}) }];
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, row]) => (row.count || row.shared || by.length === 0 ? [row] : []));
}
