import { type ErrorCode, ProblemError } from "@cadastre/contract/errors";
import {
  type AttributePath,
  FILTER_LIMITS,
  type Filter,
  type Literal,
  OPERATORS,
  type Operator,
  type PatchPath,
} from "./filter.ts";
import { shown, type Token, toTokens } from "./tokens.ts";

const NAME = "\\$?[A-Za-z][A-Za-z0-9_-]*";
const PATH = new RegExp(`^(?:(?<schema>urn:.+):)?(?<name>${NAME})(?:\\.(?<sub>${NAME}))?$`, "iu");
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/iu;
const LITERALS: Readonly<Record<string, Literal>> = { true: true, false: false, null: null };

/** An attribute's path, of a text that is nothing else; undefined when it is none. */
export function toAttributePath(text: string): AttributePath | undefined {
  const { schema, name, sub } = PATH.exec(text)?.groups ?? {};
  if (name === undefined) return undefined;
  return { ...(schema === undefined ? {} : { schema }), name, ...(sub === undefined ? {} : { sub }) };
}

/** One text: its tokens, and how far it was read. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #code: ErrorCode;
  #next = 0;
  #comparisons = 0;
  #levels = 0;

  constructor(text: string, code: ErrorCode) {
    this.#tokens = toTokens(text, code);
    this.#code = code;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  fail(expected: string): never {
    const token = this.peek();
    const found = token ? `${shown(token.text)} at position ${token.at}` : "the end";
    throw new ProblemError(this.#code, `expected ${expected}, found ${found}`);
  }

  /** Takes the next token when it is a word of these, whatever its case. */
  takeWord(...words: readonly string[]): string | undefined {
    const token = this.peek();
    const word = token?.kind === "word" ? token.text.toLowerCase() : undefined;
    if (word === undefined || !words.includes(word)) return undefined;
    this.#next += 1;
    return word;
  }

  take(kind: Token["kind"], expected: string = shown(kind)): Token {
    const token = this.peek();
    if (token?.kind !== kind) this.fail(expected);
    this.#next += 1;
    return token;
  }

  isAt(kind: Token["kind"]): boolean {
    return this.peek()?.kind === kind;
  }

  /** Whether the next token stands right behind the last one, with nothing between them. */
  isAttached(): boolean {
    const [last, next] = [this.#tokens[this.#next - 1], this.peek()];
    return last !== undefined && next !== undefined && last.at + last.text.length === next.at;
  }

  end(): void {
    if (this.peek() !== undefined) this.fail("the end");
  }

  path(): AttributePath {
    const token = this.peek();
    const path = token?.kind === "word" ? toAttributePath(token.text) : undefined;
    if (!path) this.fail("the name of an attribute");
    this.#next += 1;
    return path;
  }

  literal(): Literal {
    const token = this.peek();
    if (token?.kind === "string") {
      this.#next += 1;
      return token.value;
    }
    const word = token?.kind === "word" ? token.text : "";
    const value = NUMBER.test(word) ? Number(word) : LITERALS[word.toLowerCase()];
    if (value === undefined) this.fail('a value: "text" in double quotes, a number, true, false or null');
    this.#next += 1;
    return value;
  }

  /** Of deep texts nothing may go through the stack. */
  nested(read: () => Filter): Filter {
    this.#levels += 1;
    if (this.#levels > FILTER_LIMITS.levels) {
      throw new ProblemError(this.#code, `it is nested deeper than ${FILTER_LIMITS.levels} levels`);
    }
    const filter = read();
    this.#levels -= 1;
    return filter;
  }

  counted(filter: Filter): Filter {
    this.#comparisons += 1;
    if (this.#comparisons <= FILTER_LIMITS.comparisons) return filter;
    throw new ProblemError(this.#code, `it has more than ${FILTER_LIMITS.comparisons} comparisons`);
  }
}

const isOperator = (word: string): word is Operator => (OPERATORS as readonly string[]).includes(word);

/** `or` of `and` of terms; within the brackets of a list's values there are no further brackets. */
function readAny(reader: Reader, isWithin: boolean): Filter {
  return joined(reader, "or", () => joined(reader, "and", () => readTerm(reader, isWithin)));
}

function joined(reader: Reader, kind: "and" | "or", read: () => Filter): Filter {
  const first = read();
  const filters = [first];
  while (reader.takeWord(kind)) filters.push(read());
  return filters.length === 1 ? first : { kind, filters };
}

function readGroup(reader: Reader, isWithin: boolean): Filter {
  reader.take("(");
  const filter = reader.nested(() => readAny(reader, isWithin));
  reader.take(")");
  return filter;
}

function readBrackets(reader: Reader): Filter {
  reader.take("[");
  const filter = reader.nested(() => readAny(reader, true));
  reader.take("]");
  return filter;
}

function readTerm(reader: Reader, isWithin: boolean): Filter {
  if (reader.isAt("(")) return readGroup(reader, isWithin);
  if (reader.takeWord("not")) return { kind: "not", filter: readGroup(reader, isWithin) };
  const path = reader.path();
  if (!isWithin && reader.isAt("[")) return { kind: "some", path, filter: readBrackets(reader) };
  const word = reader.takeWord("pr", ...OPERATORS);
  if (word === "pr") return reader.counted({ kind: "present", path });
  if (word === undefined || !isOperator(word)) reader.fail(`an operator: pr, ${OPERATORS.join(", ")}`);
  return reader.counted({ kind: "compare", path, operator: word, value: reader.literal() });
}

/**
 * Reads a filter by the grammar of RFC 7644 §3.4.2.2; operators and names in any case, and no space is needed before a string.
 * Throws `scim.invalid_filter` with the place, also beyond `FILTER_LIMITS`.
 */
export function parseFilter(text: string): Filter {
  const reader = new Reader(text, "scim.invalid_filter");
  const filter = readAny(reader, false);
  reader.end();
  return filter;
}

/** Reads the path of a PATCH (RFC 7644 §3.5.2): an attribute, or `list[filter]` and then perhaps `.part`. Throws `scim.invalid_path`. */
export function parsePatchPath(text: string): PatchPath {
  const reader = new Reader(text, "scim.invalid_path");
  const path = reader.path();
  if (!reader.isAt("[")) {
    reader.end();
    return { path };
  }
  if (path.sub !== undefined) reader.fail("the end: brackets are for attributes, not for parts of them");
  const filter = readBrackets(reader);
  if (reader.peek() === undefined) return { path, filter };
  const isPart = reader.isAttached();
  const { text: word } = reader.take("word", "a part such as .value");
  const { name: sub, ...rest } = (word.startsWith(".") ? toAttributePath(word.slice(1)) : undefined) ?? {};
  if (sub === undefined || !isPart || Object.keys(rest).length > 0) {
    throw new ProblemError("scim.invalid_path", `expected a part such as .value, found ${shown(word)}`);
  }
  reader.end();
  return { path, filter, sub };
}
