import { type Token, tokensOf } from "./lexer.ts";
import { QueryError } from "./query-error.ts";
import type { RawNode, RawTerm } from "./tree.ts";

const MOST_LENGTH = 1000;
const MOST_TERMS = 60;
const MOST_DEPTH = 30;

/**
 * Reads a search text into a tree: NOT and `-` before AND, AND and words side by side before OR. Pure. Throws QueryError for
 * what has no such form, and for more than 1,000 characters, 60 values or 30 levels.
 */
export function parseTree(q: string, isQualifier: (name: string) => boolean): RawNode {
  const whole = { from: 0, to: q.length };
  if (q.length > MOST_LENGTH)
    throw new QueryError(q, whole, `the query has ${q.length} characters; at most ${MOST_LENGTH} are allowed`);
  if (!q.isWellFormed()) throw new QueryError(q, whole, "half of a surrogate pair is no text");
  const tokens = tokensOf(q, isQualifier);
  const isTerm = (token: Token): token is RawTerm => token.type === "term";
  if (tokens.filter(isTerm).reduce((sum, { values }) => sum + values.length, 0) > MOST_TERMS)
    throw new QueryError(q, whole, `at most ${MOST_TERMS} values are allowed`);
  let next = 0;
  const isNext = (...types: readonly Token["type"][]) =>
    types.includes((tokens[next] as Token | undefined)?.type ?? ")");
  const hasMore = () => next < tokens.length;
  const { from, to } = tokens.at(-1) ?? whole;

  function group(type: "all" | "and" | "or", parts: readonly RawNode[]): RawNode {
    return parts.length === 1 ? (parts[0] as RawNode) : { type, parts };
  }
  function either(depth: number): RawNode {
    const parts = [side(depth)];
    while (hasMore() && isNext("OR")) {
      next += 1;
      parts.push(side(depth));
    }
    return group("or", parts);
  }
  function side(depth: number): RawNode {
    const parts = [joined(depth)];
    while (hasMore() && !isNext("OR", ")")) parts.push(joined(depth));
    return group("all", parts);
  }
  function joined(depth: number): RawNode {
    const parts = [single(depth)];
    while (hasMore() && isNext("AND")) {
      next += 1;
      parts.push(single(depth));
    }
    return group("and", parts);
  }
  function single(depth: number): RawNode {
    const token = tokens[next];
    if (token === undefined) throw new QueryError(q, { from, to }, "something to look for is missing at the end");
    if (depth > MOST_DEPTH) throw new QueryError(q, token, `groups are nested deeper than ${MOST_DEPTH} levels`);
    next += 1;
    if (token.type === "term") return token;
    if (token.type === "minus" || token.type === "NOT") return { type: "not", part: single(depth + 1) };
    if (token.type !== "(")
      throw new QueryError(q, token, token.type === ")" ? "no group is open that this ends" : missing(token.type));
    if (hasMore() && isNext(")"))
      throw new QueryError(q, { from: token.from, to: (tokens[next] as Token).to }, "there is nothing in the group");
    const part = either(depth + 1);
    if (!hasMore()) throw new QueryError(q, token, "the group is not closed");
    next += 1;
    return part;
  }
  if (tokens.length === 0) return { type: "all", parts: [] };
  const tree = either(0);
  if (hasMore()) throw new QueryError(q, tokens[next] as Token, "no group is open that this ends");
  return tree;
}

const missing = (word: string) =>
  `something to look for is missing beside ${word}; as a word to look for it stands in quotes`;
