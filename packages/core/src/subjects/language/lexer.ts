import { QueryError } from "./query-error.ts";
import type { RawTerm, RawValue, Segment } from "./tree.ts";

export type Token =
  | { readonly type: "(" | ")" | "minus" | "AND" | "OR" | "NOT"; readonly from: number; readonly to: number }
  | RawTerm;

const OPERATORS = ["AND", "OR", "NOT"] as const;
const SPACE = /\s/;

/** Begins of what has a colon and is no qualifier: natural ids, addresses of pages, fingerprints. */
const WITH_COLON = /^(?:arn|https?|tls|sha256):/i;
/** IPv6 addresses, MAC addresses, serial numbers and fingerprints in groups. */
const HEXADECIMAL = /^[0-9a-f]{1,4}:[0-9a-f:.]*[:.][0-9a-f:.]*(?:[*/-].*)?$/i;
const QUALIFIED = /^([a-z][a-z0-9_-]*):/i;
/** `localhost:443`, and what AWS puts before the keys of its own tags. */
const OTHER = /^localhost:\d{1,5}$|^aws:.*=/i;

/** Reads what begins at `from` up to white space, a parenthesis or the end, as values that commas part. */
function readValues(q: string, from: number): { values: RawValue[]; to: number } {
  const values: RawValue[] = [];
  let segments: Segment[] = [];
  let plain = "";
  let start = from;
  let at = from;
  const endPlain = () => {
    if (plain !== "") segments.push({ text: plain, quoted: false });
    plain = "";
  };
  const endValue = () => {
    endPlain();
    values.push({ segments, from: start, to: at });
    segments = [];
  };
  for (; at < q.length; at++) {
    const character = q[at] as string;
    if (SPACE.test(character) || character === "(" || character === ")") break;
    if (character === ",") {
      endValue();
      start = at + 1;
    } else if (character === '"') {
      endPlain();
      const quote = readQuoted(q, at);
      segments.push({ text: quote.text, quoted: true });
      at = quote.to - 1;
    } else {
      plain += character;
    }
  }
  endValue();
  return { values, to: at };
}

/** What is between the quote at `from` and the one that ends it; `\"` and `\\` stand for a quote and a backslash. */
function readQuoted(q: string, from: number): { text: string; to: number } {
  let text = "";
  for (let at = from + 1; at < q.length; at++) {
    const character = q[at] as string;
    if (character === '"') return { text, to: at + 1 };
    if (character === "\\" && (q[at + 1] === '"' || q[at + 1] === "\\")) at += 1;
    text += q[at];
  }
  throw new QueryError(q, { from, to: q.length }, 'a quote is not closed; a quote in quotes is \\"');
}

/** The length of the qualifier with its colon that a term begins with; 0 when it has none. `isQualifier` knows them all. */
function qualifierLength(text: string, isQualifier: (name: string) => boolean): number {
  const name = QUALIFIED.exec(text)?.[1];
  if (name === undefined) return 0;
  if (isQualifier(name.toLowerCase())) return name.length + 1;
  return WITH_COLON.test(text) || HEXADECIMAL.test(text) || OTHER.test(text) ? 0 : name.length + 1;
}

function readTerm(q: string, from: number, isQualifier: (name: string) => boolean): Token {
  const end = /[\s()"]/.exec(q.slice(from))?.index ?? q.length - from;
  const length = qualifierLength(q.slice(from, from + end), isQualifier);
  const { values, to } = readValues(q, from + length);
  if (q[to] === "(") {
    throw new QueryError(
      q,
      { from, to: to + 1 },
      "a group stands apart; for one of several values write kind:a,b, and a parenthesis itself in quotes",
    );
  }
  const [only] = values;
  const text = only?.segments.length === 1 && values.length === 1 && length === 0 ? only.segments[0] : undefined;
  const operator = OPERATORS.find((one) => text?.quoted === false && text.text === one);
  if (operator !== undefined) return { type: operator, from, to };
  const isEmpty = (value: RawValue) => value.segments.length === 0;
  if (only && isEmpty(only) && values.length === 1) {
    throw new QueryError(q, { from, to }, `${q.slice(from, to)} has no value; one follows the colon without a blank`);
  }
  const empty = values.find(isEmpty);
  if (empty) {
    const reason =
      "a list has an empty part; a list such as kind:a,b has no blanks, and a comma itself stands in quotes";
    throw new QueryError(q, { from: Math.max(from, empty.from - 1), to: Math.min(to, empty.to + 1) }, reason);
  }
  const qualifier = length === 0 ? {} : { qualifier: q.slice(from, from + length - 1).toLowerCase() };
  return { type: "term", ...qualifier, values, from, to };
}

/** A search text as tokens. Throws QueryError for a quote that is not closed and for values that are not there. */
export function tokensOf(q: string, isQualifier: (name: string) => boolean): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < q.length; ) {
    const character = q[at] as string;
    if (SPACE.test(character)) {
      at += 1;
    } else if (character === "(" || character === ")") {
      tokens.push({ type: character, from: at, to: at + 1 });
      at += 1;
    } else if (character === "-") {
      tokens.push({ type: "minus", from: at, to: at + 1 });
      at += 1;
      if (at === q.length || SPACE.test(q[at] as string)) {
        const reason =
          /[\d.:a-f]\s-$/i.test(q.slice(0, at)) && /^\s+[\da-f.:]*[.:]/i.test(q.slice(at))
            ? "a range has no blanks: 10.1.2.5-10.1.2.9"
            : "a minus stands right before what must not match, such as -kind:subnet";
        throw new QueryError(q, { from: at - 1, to: at }, reason);
      }
    } else {
      const token = readTerm(q, at, isQualifier);
      tokens.push(token);
      at = token.to;
    }
  }
  return tokens;
}
