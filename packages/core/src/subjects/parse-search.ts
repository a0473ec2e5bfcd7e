import { didYouMean } from "@cadastre/contract/did-you-mean";
import { SORT_FIELDS } from "@cadastre/contract/subject";
import { refuseContradictions } from "./contradictions.ts";
import { parseTree } from "./language/parse-tree.ts";
import { QueryError } from "./language/query-error.ts";
import { isQuoted, type RawNode, type RawTerm, textOf } from "./language/tree.ts";
import { isQualifier, qualifierOf, unknownQualifier } from "./qualifiers.ts";
import type { Node, Query, Sort } from "./query.ts";
import { type Reading, readQualified } from "./read-values.ts";
import { readUnqualified } from "./read-word.ts";

/** What a parameter beside a search text sorts by, such as `-expires`; undefined for a text that is none. */
export function toSort(text: string): Sort | undefined {
  const field = SORT_FIELDS.find((one) => one === text.replace(/^-/, ""));
  return field && { field, descending: text.startsWith("-") };
}

const isSort = (node: RawNode): node is RawTerm => node.type === "term" && qualifierOf(node.qualifier ?? "") === "sort";

function readSort({ q }: Reading, raw: RawTerm): Sort {
  const [value, ...others] = raw.values;
  const text = value === undefined ? "" : textOf(value).toLowerCase();
  const name = text.replace(/^-/, "");
  const field = SORT_FIELDS.find((one) => one === name);
  if (field !== undefined && others.length === 0 && value && !isQuoted(value))
    return { field, descending: text.startsWith("-"), at: { from: raw.from, to: raw.to } };
  const meant = didYouMean(name.replace(/[:-](?:asc|desc)$/, ""), SORT_FIELDS);
  const hint = meant === undefined ? "" : `; did you mean sort:${name.endsWith("desc") ? "-" : ""}${meant}?`;
  throw new QueryError(
    q,
    raw,
    `sort is by one of ${SORT_FIELDS.join(", ")}, with a minus before it for the greatest first${hint}`,
  );
}

/** What is looked for, and how it is sorted: that stands beside the rest, also behind an OR, and is no part of it. */
function withoutSorts(raw: RawNode): { asked: readonly RawNode[]; sorts: readonly RawTerm[] } {
  const parts = raw.type === "all" ? raw.parts : [raw];
  if (raw.type !== "or") return { asked: parts.filter((part) => !isSort(part)), sorts: parts.filter(isSort) };
  const last = raw.parts.at(-1) as RawNode;
  if (last.type !== "all") return { asked: [raw], sorts: [] };
  const { asked, sorts } = withoutSorts(last);
  if (asked.length === 0) return { asked: [raw], sorts: [] };
  const [only] = asked;
  const left: RawNode = asked.length === 1 ? (only as RawNode) : { type: "all", parts: asked };
  return { asked: [{ type: "or", parts: [...raw.parts.slice(0, -1), left] }], sorts };
}

function understand(reading: Reading, node: RawNode, isAlone: boolean): Node {
  const { q } = reading;
  if (node.type === "not") return { type: "not", part: understand(reading, node.part, isAlone) };
  if (node.type !== "term") {
    const parts = node.parts.map((part) => understand(reading, part, false));
    if (node.type === "or") return { type: "or", parts };
    refuseContradictions(q, parts, { areJoined: node.type === "and" });
    return { type: "and", parts };
  }
  if (node.qualifier === undefined) return readUnqualified(reading, node, isAlone);
  const qualifier = qualifierOf(node.qualifier);
  if (qualifier === undefined) {
    const rest = q.slice(node.from + node.qualifier.length + 1, node.to);
    throw new QueryError(q, node, unknownQualifier(node.qualifier, rest));
  }
  if (qualifier === "sort")
    throw new QueryError(q, node, "sort stands beside what is looked for, not in a group or behind a minus");
  return readQualified(reading, qualifier, node);
}

/**
 * Reads a search text, by the language that docs/api.md tells. Relative times are those of `now`. Pure. Throws QueryError (422
 * `query.invalid`) with the place and what is allowed.
 */
export function parseSearch(q: string, now: Date): Query {
  const reading = { q, now };
  const { asked, sorts } = withoutSorts(parseTree(q, isQualifier));
  const [sort, again] = sorts;
  if (again) throw new QueryError(q, again, "sort is given twice");
  const nodes = asked.map((part) => understand(reading, part, asked.length === 1));
  refuseContradictions(q, nodes, { areJoined: false });
  const tree: Node = nodes.length === 1 ? (nodes[0] as Node) : { type: "and", parts: nodes };
  return { text: q, tree, ...(sort ? { sort: readSort(reading, sort) } : {}) };
}
