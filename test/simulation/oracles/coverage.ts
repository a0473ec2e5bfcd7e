import type { Facts } from "../facts.ts";

/** So many gaps are named at the most. */
const MOST_NAMED = 10;

/** What lists say that they may lack is what the scopes say of themselves, and all scopes are counted. */
export function judgeCoverage({ coverage, states }: Facts): string[] {
  const nameOf = (of: { source: string; provider: string; account: string; region: string; kind: string }) =>
    `${of.source}/${of.provider}/${of.account}/${of.region}/${of.kind}`;
  const problems: string[] = [];
  if (coverage.scopes !== states.length)
    problems.push(`${coverage.scopes} scopes are counted, and ${states.length} are there`);
  if (coverage.some.length === MOST_NAMED) return problems;
  // That a scope is stale is told by a job, some minutes after it is.
  const named = coverage.some.filter(({ cause }) => cause !== "stale").map((gap) => `${nameOf(gap)} ${gap.cause}`);
  const right = states
    .filter(({ status }) => status === "partial" || status === "failed")
    .map((state) => `${nameOf(state)} ${state.status}`);
  if (named.sort().join() !== right.sort().join())
    problems.push(`lists may lack ${named.join() || "nothing"}, and scopes are ${right.join() || "all whole"}`);
  return problems;
}
