import { fromScopeName, type ScopeKey } from "@cadastre/contract/scope";
import type { Page } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { beginningsOf, GapItem, gapsBeginning } from "../ledger/gaps.ts";
import { MOST_EXAMINED } from "../lists.ts";
import { isVisible } from "../restriction.ts";
import type { ScopeId } from "./shards.ts";

/** A scope that has a problem, by what is noted of it. */
export interface ProblemScope extends ScopeId {
  /** Whether its losses wait for an operator. */
  readonly isHeld: boolean;
}

/** After every key that begins so. */
const END = "\u{10ffff}";
const MOST_READ = 200;

/** Which problems: those whose scope may be wanted, and that were there at a time (ISO). */
type Asked = { readonly [Part in keyof ScopeKey]?: ScopeKey[Part] | undefined } & {
  readonly source?: string | undefined;
  readonly at: string;
};

function isAsked(context: Context, { source, name, since }: GapItem, { source: of, at, ...place }: Asked): boolean {
  const key = fromScopeName(name);
  const isPlace = Object.entries(place).every(
    ([part, value]) => value === undefined || key[part as keyof ScopeKey] === value,
  );
  return since <= at && (of === undefined || of === source) && isPlace && isVisible(context, key);
}

interface Problems {
  readonly problems: readonly ProblemScope[];
  /** The scope up to which they were looked at; undefined when none is left. */
  readonly next: ScopeId | undefined;
}

/** What was read but for the last scope, which may have more on the next page of the table. */
function wholeOf({ items, cursor }: Page<GapItem>): readonly GapItem[] {
  const end = items.at(-1);
  if (cursor === undefined || !end) return items;
  const whole = items.filter((one) => gapsBeginning(one) !== gapsBeginning(end));
  return whole.length > 0 ? whole : items;
}

/**
 * Scopes that have a problem, by name and source, after one of them: `limit` or some more, fewer when 2,000 problems were looked at. Each scope
 * once: its problems stand beside each other.
 */
export async function readProblems(
  context: Context,
  asked: Asked,
  { after, limit }: { readonly after: ScopeId | undefined; readonly limit: number },
): Promise<Problems> {
  const problems = new Map<string, ProblemScope>();
  let next = after;
  let examined = 0;
  for (const beginning of beginningsOf(context, asked).sort()) {
    const before = `${beginning}${END}`;
    for (let isLeft = true; isLeft; ) {
      const last = next ? gapsBeginning(next) + END : "";
      if (last >= before) break;
      if (examined >= MOST_EXAMINED || problems.size >= limit) return { problems: [...problems.values()], next };
      const sort = { after: last > beginning ? last : beginning, before };
      const page = await context.table.query(GapItem, { partition: "gaps", sort, limit: MOST_READ, consistent: true });
      const whole = wholeOf(page);
      for (const gap of whole.filter((one) => isAsked(context, one, asked))) {
        const { source, name, cause } = gap;
        const key = gapsBeginning(gap);
        problems.set(key, { source, name, isHeld: cause === "held" || problems.get(key)?.isHeld === true });
      }
      examined += whole.length;
      next = whole.at(-1) ?? next;
      isLeft = page.cursor !== undefined;
    }
  }
  return { problems: [...problems.values()], next: undefined };
}

/** All scopes that had a problem at a time (ISO), as `source` and `name` in two lines. */
export async function readProblemNames({ table }: Context, at: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await table.query(GapItem, { partition: "gaps", cursor, consistent: true });
    for (const { source, name, since } of page.items) if (since <= at) names.add(`${source}\n${name}`);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return names;
}
