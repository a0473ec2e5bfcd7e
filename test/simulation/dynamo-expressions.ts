/** Values as they are on the wire of DynamoDB. */
export interface Value {
  readonly S?: string;
  readonly N?: string;
  readonly [type: string]: unknown;
}
export type Item = Readonly<Record<string, Value>>;

export interface Given {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, Value>>;
}

type Test = (item: Item | undefined) => boolean;
type Read = (item: Item | undefined) => Value | undefined;

const TOKEN = /\s*(<=|>=|<>|[(),=<>+-]|[#:]?[\w.]+)/y;

/** The store has few expressions, and sends them again and again. */
const known = new Map<string, readonly string[]>();

function tokensOf(text: string): readonly string[] {
  const before = known.get(text);
  if (before !== undefined) return before;
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) tokens.push(match[1] as string);
  known.set(text, tokens);
  return tokens;
}

/** Code units from here on do not come in the order of their bytes. */
const UNORDERED = /[\ud800-\uffff]/;

/** Order of two texts by their bytes in UTF-8. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  if (UNORDERED.test(a) || UNORDERED.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

/** Order of two values of one type: numbers by size, texts by their bytes. Undefined where they cannot be compared. */
function compareValues(a: Value | undefined, b: Value | undefined): number | undefined {
  if (a?.N !== undefined && b?.N !== undefined) return Number(a.N) - Number(b.N);
  if (a?.S === undefined || b?.S === undefined) return undefined;
  return compareTexts(a.S, b.S);
}

const COMPARE: Readonly<Record<string, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "<>": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** Reads an expression's tokens one after the other. */
function createReader(text: string, { names, values }: Given) {
  const tokens = tokensOf(text);
  let at = 0;

  const peek = () => tokens[at];
  const take = () => tokens[at++] as string;
  const isNext = (token: string) => peek()?.toUpperCase() === token;
  function accept(token: string): boolean {
    if (!isNext(token)) return false;
    at += 1;
    return true;
  }
  function expect(token: string): void {
    if (!accept(token)) throw new Error(`expression ${text}: ${token} expected before ${tokens.slice(at).join(" ")}`);
  }

  const nameOf = (token: string) => (token.startsWith("#") ? (names[token] as string) : token);

  function operand(): Read {
    const token = take();
    if (token.startsWith(":")) return () => values[token];
    if (token === "if_not_exists") {
      expect("(");
      const name = nameOf(take());
      expect(",");
      const otherwise = operand();
      expect(")");
      return (item) => item?.[name] ?? otherwise(item);
    }
    const name = nameOf(token);
    return (item) => item?.[name];
  }

  function sum(): Read {
    const first = operand();
    const sign = accept("+") ? 1 : accept("-") ? -1 : 0;
    if (sign === 0) return first;
    const second = operand();
    return (item) => ({ N: String(Number(first(item)?.N) + sign * Number(second(item)?.N)) });
  }

  function call(name: string): Test {
    expect("(");
    const first = operand();
    const second = accept(",") ? operand() : undefined;
    expect(")");
    if (name === "attribute_exists") return (item) => first(item) !== undefined;
    if (name === "attribute_not_exists") return (item) => first(item) === undefined;
    if (name === "begins_with") return (item) => (first(item)?.S ?? "\0").startsWith(second?.(item)?.S ?? "");
    throw new Error(`expression ${text}: the function ${name} is not simulated`);
  }

  function primary(): Test {
    if (accept("(")) {
      const inner = either();
      expect(")");
      return inner;
    }
    if (accept("NOT")) {
      const inner = primary();
      return (item) => !inner(item);
    }
    if (tokens[at + 1] === "(") return call(take());
    const left = operand();
    if (accept("BETWEEN")) {
      const low = operand();
      expect("AND");
      const high = operand();
      return (item) =>
        (compareValues(left(item), low(item)) ?? -1) >= 0 && (compareValues(left(item), high(item)) ?? 1) <= 0;
    }
    const compare = COMPARE[take()];
    if (compare === undefined) throw new Error(`expression ${text}: a comparison expected`);
    const right = operand();
    return (item) => {
      const order = compareValues(left(item), right(item));
      return order !== undefined && compare(order);
    };
  }

  function both(): Test {
    const first = primary();
    if (!accept("AND")) return first;
    const rest = both();
    return (item) => first(item) && rest(item);
  }

  function either(): Test {
    const first = both();
    if (!accept("OR")) return first;
    const rest = either();
    return (item) => first(item) || rest(item);
  }

  return { peek, take, accept, expect, nameOf, sum, either };
}

/** The condition as a test of items. */
export const testOf = (text: string, given: Given): Test => createReader(text, given).either();

/** Whether a condition holds of an item, or of none. */
export function holds(text: string | undefined, given: Given, item: Item | undefined): boolean {
  return text === undefined || testOf(text, given)(item);
}

/** The item after an update expression: SET, ADD and REMOVE. */
export function updated(text: string, given: Given, item: Item): Item {
  const reader = createReader(text, given);
  const after: Record<string, Value> = { ...item };
  while (reader.peek() !== undefined) {
    const action = reader.take().toUpperCase();
    do {
      const name = reader.nameOf(reader.take());
      if (action === "REMOVE") delete after[name];
      else if (action === "SET") {
        reader.expect("=");
        const value = reader.sum()(item);
        if (value === undefined) throw new Error(`expression ${text}: no value for ${name}`);
        after[name] = value;
      } else if (action === "ADD") {
        const value = reader.sum()(item);
        after[name] = { N: String(Number(item[name]?.N ?? 0) + Number(value?.N)) };
      } else throw new Error(`expression ${text}: ${action} is not simulated`);
    } while (reader.accept(","));
  }
  return after;
}
