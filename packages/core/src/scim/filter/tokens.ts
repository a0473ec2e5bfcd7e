import { type ErrorCode, ProblemError } from "@cadastre/contract/errors";
import { FILTER_LIMITS } from "./filter.ts";

/** A word is an attribute, an operator or a literal that is no string; `value` is of a string what it says. */
export type Token =
  | { readonly kind: "word"; readonly text: string; readonly at: number }
  | { readonly kind: "string"; readonly text: string; readonly value: string; readonly at: number }
  | { readonly kind: "(" | ")" | "[" | "]"; readonly text: string; readonly at: number };

// In this order: a string begins wherever a quote is, also right behind an operator.
const TOKEN = /\s+|([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+)/suy;

/** Text of the caller in an error: enough to find it. */
export const shown = (text: string): string => JSON.stringify(text.slice(0, 60).toWellFormed());

/** Cuts a filter or a path into tokens. Throws `code`, with the place, for one that is too long, or a string that does not end or is no JSON. */
export function toTokens(text: string, code: ErrorCode): Token[] {
  if (text.length > FILTER_LIMITS.characters) {
    throw new ProblemError(code, `it has ${text.length} characters, at most ${FILTER_LIMITS.characters} are allowed`);
  }
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new ProblemError(code, `the string at position ${at} does not end`);
    const [, bracket, quoted, word] = match;
    if (bracket !== undefined) tokens.push({ kind: bracket as "(", text: bracket, at });
    if (word !== undefined) tokens.push({ kind: "word", text: word, at });
    if (quoted !== undefined) tokens.push({ kind: "string", text: quoted, value: textOf(quoted, at, code), at });
  }
  return tokens;
}

function textOf(quoted: string, at: number, code: ErrorCode): string {
  let value: string;
  try {
    value = JSON.parse(quoted);
  } catch {
    throw new ProblemError(code, `the string at position ${at} is not a JSON string`);
  }
  if (value.isWellFormed()) return value;
  throw new ProblemError(code, `the string at position ${at} has half of a surrogate pair, which is not text`);
}
