import type { SortRange } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Standing } from "./keys.ts";
import { isOnlyActive } from "./match.ts";
import { isOpen } from "./pattern.ts";
import { END, indexedTerm } from "./plan-term.ts";
import type { PrefixLengths } from "./prefix-lengths.ts";
import { conjuncts, isText, type Node, type Query, type Term } from "./query.ts";
import { isWholeId } from "./read-values.ts";
import { EVERYWHERE, narrowedBy, type Scope } from "./scope.ts";
import type { AnySubject, IndexRange } from "./subject.ts";

/** What a plan is made with. */
export interface Planning {
  readonly context: Context;
  readonly subjects: readonly AnySubject[];
  readonly lengths: PrefixLengths;
  readonly standing: Standing;
}

/** Ranges that hold all that a part of a search can find, not read before they are chosen. */
interface Plan {
  readonly cost: number;
  readonly ranges: () => Promise<readonly IndexRange[]>;
}

/** What is left of a search when the status is known: true or false where that alone decides. */
function assume(node: Node, standing: Standing): Node | boolean {
  if (node.type === "term") return node.field === "status" ? node.any.includes(standing) : node;
  if (node.type === "not") {
    const part = assume(node.part, standing);
    return typeof part === "boolean" ? !part : { type: "not", part };
  }
  const decides = node.type === "or";
  const parts = node.parts.map((part) => assume(part, standing));
  if (parts.includes(decides)) return decides;
  const left = parts.filter((part) => typeof part !== "boolean");
  if (left.length === 0) return !decides;
  return { type: node.type, parts: left };
}

/** How much lists have in a scope, against what an index proposes; the narrower the cheaper. */
function listCost({ kinds, providers, accounts, regions }: Scope): number {
  const account = accounts === undefined ? 1 : accounts.some(isOpen) ? 0.5 : 0.04;
  const region = regions === undefined ? 1 : regions.some(isOpen) ? 0.8 : 0.2;
  return 100_000 * (kinds.length / 7) * (providers.length / 3) * account * region;
}

function listPlan({ context, subjects, standing }: Planning, scope: Scope): Plan {
  return {
    cost: listCost(scope),
    async ranges() {
      const asked = subjects.filter(
        ({ type, answers }) =>
          scope.types.includes(type) && scope.fields.every((field) => field === "subject" || answers.includes(field)),
      );
      const lists = await Promise.all(asked.map((subject) => subject.list(context, scope, standing)));
      return lists.flatMap((ranges, place) => ranges.map((range) => ({ ...range, rank: `l${place}#${range.rank}` })));
    },
  };
}

/** What is in a network or subnet, or stands in another relation to what has one of these ids. */
function relationPlan(planning: Planning, ids: readonly string[], scope: Scope): Plan {
  const { context, subjects, standing } = planning;
  return {
    cost: 800 * ids.length,
    async ranges() {
      const all = subjects.flatMap((subject, place) =>
        ids.map(async (id) => {
          const ranges = (await subject.referring?.(context, id, standing)) ?? [];
          return ranges.map((range) => ({ ...range, rank: `r${place}#${range.rank}` }));
        }),
      );
      const ranges = (await Promise.all(all)).flat();
      return ranges.filter(({ kind }) => kind === undefined || scope.kinds.includes(kind));
    },
  };
}

/** What has one of these ids. */
function identityPlan({ subjects }: Planning, ids: readonly string[]): Plan {
  const ranges = subjects.flatMap(({ type, named }) =>
    ids.flatMap(named).map((key): IndexRange => {
      const subject = { type, hint: "", key };
      return { partition: "", subject, rank: `0${type}#${key}` };
    }),
  );
  return { cost: ids.length, ranges: async () => ranges };
}

function bothPlans(...plans: readonly Plan[]): Plan {
  return {
    cost: plans.reduce((sum, { cost }) => sum + cost, 0),
    ranges: async () => (await Promise.all(plans.map(({ ranges }) => ranges()))).flat(),
  };
}

function termPlan(planning: Planning, term: Term, scope: Scope, isAlone: boolean): Plan {
  const ids = isText(term) && !term.any.some(isOpen) ? term.any.map(({ pieces }) => pieces[0]) : [];
  const areWhole = ids.length > 0 && ids.every(isWholeId);
  // A network is in itself, and so is a subnet.
  if ((term.field === "network" || term.field === "subnet") && areWhole)
    return bothPlans(identityPlan(planning, ids), relationPlan(planning, ids, scope));
  if (term.field === "id" && areWhole) return identityPlan(planning, ids);
  if (term.field === "named") {
    const identity = identityPlan(planning, [term.id]);
    return isAlone ? identity : bothPlans(identity, relationPlan(planning, [term.id], scope));
  }
  const indexed = indexedTerm(term, planning.standing, planning.lengths);
  return indexed ? { cost: indexed.cost, ranges: async () => indexed.ranges } : listPlan(planning, scope);
}

function planOf(planning: Planning, node: Node, scope: Scope, isAlone: boolean): Plan {
  if (node.type === "not") return listPlan(planning, scope);
  if (node.type === "term") return termPlan(planning, node, narrowedBy(scope, node), isAlone);
  if (node.type === "or") return bothPlans(...node.parts.map((part) => planOf(planning, part, scope, true)));
  const parts = conjuncts(node);
  const own = parts.reduce((narrowed, part) => (part.type === "term" ? narrowedBy(narrowed, part) : narrowed), scope);
  const plans = parts.map((part) => planOf(planning, part, own, isAlone && parts.length === 1));
  return plans.reduce((best, plan) => (plan.cost < best.cost ? plan : best), listPlan(planning, own));
}

const STANDINGS = ["active", "retired"] as const;

/** The standings that a search can find anything of. */
export const standingsOf = (query: Query): readonly Standing[] =>
  (isOnlyActive(query) ? STANDINGS.slice(0, 1) : STANDINGS).filter(
    (standing) => assume(query.tree, standing) !== false,
  );

/**
 * The ranges of the index that hold everything a search can find: of what must hold together those that hold the least, of what
 * may hold each. Ranges are gone through in order; what they propose is compared with the subject itself.
 */
export async function planSearch(planning: Omit<Planning, "standing">, query: Query): Promise<IndexRange[]> {
  const plans = standingsOf(query).map(async (standing, at) => {
    const left = assume(query.tree, standing);
    const node: Node = typeof left === "boolean" ? { type: "and", parts: [] } : left;
    const ranges = await planOf({ ...planning, standing }, node, EVERYWHERE, true).ranges();
    const narrowed = ranges.flatMap((range) => {
      const subject = planning.subjects.find((one) => one.narrowed);
      return subject?.narrowed?.(planning.context, range) ?? [range];
    });
    return narrowed.map((range) => ({ ...range, rank: `${at}${range.rank}` }));
  });
  return distinct((await Promise.all(plans)).flat());
}

/** What either of two looks into the same range accepts. */
function merged(one: IndexRange, other: IndexRange): IndexRange {
  const { accepts: some, ...range } = one;
  const { accepts: others } = other;
  return some && others ? { ...range, accepts: (sortKey) => some(sortKey) || others(sortKey) } : range;
}

/** In the order of their ranks, each once. */
function distinct(ranges: readonly IndexRange[]): IndexRange[] {
  const byRank = new Map<string, IndexRange>();
  for (const range of ranges) {
    const same = byRank.get(range.rank);
    byRank.set(range.rank, same ? merged(same, range) : range);
  }
  return [...byRank.values()].sort((a, b) => (a.rank < b.rank ? -1 : 1));
}

/** The part of a range after a sort key, in the order in which it is read. */
export function boundsAfter(sort: SortRange | undefined, after: string, reverse = false): SortRange {
  if (reverse) return boundsBefore(sort, after);
  if (!sort) return { after };
  if ("beginsWith" in sort) return { after, before: `${sort.beginsWith}${END}` };
  if ("to" in sort && sort.to !== undefined) return { after, before: `${sort.to}\u0000` };
  if ("before" in sort && sort.before !== undefined) return { after, before: sort.before };
  return { after };
}

function boundsBefore(sort: SortRange | undefined, before: string): SortRange {
  if (sort && "from" in sort && sort.from !== undefined) {
    // Bounds are both exclusive or both inclusive: the entry that the range begins with has more than its first bound.
    return { after: sort.from, before };
  }
  return { before };
}

/** Whether a range has an entry, as the table would answer it. */
export function isInRange(range: IndexRange, { p, s }: { readonly p: string; readonly s: string }): boolean {
  if (range.partition !== p) return false;
  const { sort } = range;
  if (!sort) return true;
  if ("beginsWith" in sort) return s.startsWith(sort.beginsWith);
  const bytes = (a: string, b: string | undefined) =>
    b === undefined ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
  const { from, to, after, before } = sort as { from?: string; to?: string; after?: string; before?: string };
  return (
    bytes(s, from) >= 0 &&
    (to === undefined || bytes(s, to) <= 0) &&
    (after === undefined || bytes(s, after) > 0) &&
    (before === undefined || bytes(s, before) < 0)
  );
}
