import { isOpen } from "../subjects/pattern.ts";
import { conjuncts, type Query } from "../subjects/query.ts";
import type { CountFilters } from "./counts.ts";

type Mutable = { -readonly [Name in keyof CountFilters]: CountFilters[Name] };

/** The filters of counts that a search is no more than; undefined where counts alone do not tell how many it finds. Pure. */
export function countFiltersOf({ tree }: Query): CountFilters | undefined {
  const filters: Mutable = {};
  for (const node of conjuncts(tree)) {
    if (node.type !== "term") return undefined;
    if (node.field === "subject") {
      if (!node.any.includes("resource")) return undefined;
      continue;
    }
    if (node.field === "status" && node.any.length === 2 && filters.status === undefined) {
      filters.status = "any";
      continue;
    }
    if (!("any" in node) || node.any?.length !== 1) return undefined;
    if (node.field === "status" && filters.status === undefined) filters.status = node.any[0];
    else if (node.field === "kind" && filters.kind === undefined) filters.kind = node.any[0];
    else if (node.field === "provider" && filters.provider === undefined) filters.provider = node.any[0];
    else if ((node.field === "account" || node.field === "region") && filters[node.field] === undefined) {
      const [pattern] = node.any;
      if (pattern === undefined || isOpen(pattern)) return undefined;
      filters[node.field] = pattern.pieces[0];
    } else return undefined;
  }
  return filters;
}
