import { describe, expect, it } from "vitest";
import { parseTree } from "./parse-tree.ts";
import { printTree } from "./print-tree.ts";
import { QueryError } from "./query-error.ts";
import { isQuoted, type RawNode, textOf } from "./tree.ts";

const read = (q: string) => parseTree(q, (name) => ["kind", "name", "tag", "ip"].includes(name));
const term = (q: string) => {
  const node = read(q);
  if (node.type !== "term") throw new Error(`${q} is no term`);
  return node;
};
/** The segments of each value, those in quotes with them. */
const values = (q: string) =>
  term(q).values.map(({ segments }) => segments.map(({ text, quoted }) => (quoted ? `"${text}"` : text)));
/** A tree in short. */
function outline(node: RawNode): string {
  if (node.type === "term")
    return `${node.qualifier ?? ""}${node.values.map(({ from, to }) => `${from}-${to}`).join(",")}`;
  if (node.type === "not") return `not ${outline(node.part)}`;
  return `(${node.parts.map(outline).join({ all: " ", and: " & ", or: " | " }[node.type])})`;
}
const short = (q: string) => outline(read(q));

describe("a term", () => {
  it("has its place, and each of its values its own", () => {
    expect(term("  kind:a,bc ")).toMatchObject({
      qualifier: "kind",
      from: 2,
      to: 11,
      values: [
        { from: 7, to: 8 },
        { from: 9, to: 11 },
      ],
    });
    expect(term("web")).toEqual({
      type: "term",
      from: 0,
      to: 3,
      values: [{ from: 0, to: 3, segments: [{ text: "web", quoted: false }] }],
    });
    expect(term('KIND:"a b"')).toMatchObject({ qualifier: "kind", from: 0, to: 10, values: [{ from: 5, to: 10 }] });
  });

  it("has what is in quotes as it stands there, beside what is not", () => {
    expect(values('a"b c"d')).toEqual([["a", '"b c"', "d"]]);
    expect(values('"a,b",c')).toEqual([['"a,b"'], ["c"]]);
    expect(values('"a"')).toEqual([['"a"']]);
    expect(values('"a (b)"')).toEqual([['"a (b)"']]);
    expect(values('"a\\"b\\\\c\\d"')).toEqual([['"a"b\\c\\d"']]);
    expect(values('"a\\\\"')).toEqual([['"a\\"']]);
    expect(values('""')).toEqual([['""']]);
    expect(values('"a""b"')).toEqual([['"a"', '"b"']]);
    expect(values("a\\b")).toEqual([["a\\b"]]);
  });

  it("has a text without its quotes, and is quoted where any of it is", () => {
    const of = (q: string) => term(q).values.map((value) => [textOf(value), isQuoted(value)]);
    expect(of('a"b"c,"d",e')).toEqual([
      ["abc", true],
      ["d", true],
      ["e", false],
    ]);
  });

  it("ends at white space of any kind, and at a parenthesis that closes", () => {
    expect(short("a\tb\nc")).toBe("(0-1 2-3 4-5)");
    expect(short("(a)b")).toBe("(1-2 3-4)");
  });

  it("has a qualifier where a word stands before its first colon, known or not", () => {
    expect(term("kind:a:b")).toMatchObject({ qualifier: "kind" });
    expect(values("kind:a:b")).toEqual([["a:b"]]);
    expect(term("colour:blue")).toMatchObject({ qualifier: "colour" });
    expect(term("my_key-2:blue")).toMatchObject({ qualifier: "my_key-2" });
    expect(term("ip:10.1.2.5")).toMatchObject({ qualifier: "ip" });
    // One that is known is one, also where it looks as an address does.
    expect(parseTree("ABC:1:2", (name) => name === "abc")).toMatchObject({ qualifier: "abc" });
  });

  it.each([
    "arn:aws:ec2:x",
    "ARN:aws",
    "https://a",
    "http://a",
    "tls://a:443",
    "sha256:ab",
    "2001:db8::1",
    "abcd::1",
    "ab:cd:ef:01:23:45",
    "fe80::1/64",
    "abcd:ef:*",
    "abcd:1::-abcd:2::",
    "localhost:443",
    "aws:cloudformation:stack-name=web",
    ":443",
    "1a:b",
    '"kind":a',
    'k"ind:a"',
  ])("has none where a colon belongs to what is looked for: %s", (q) => {
    expect(term(q)).not.toHaveProperty("qualifier");
  });

  it.each(["abcde:1::", "localhost:443210", "localhost:x", "aws:web", "xarn:a", "mysha256:a", "abcd:1"])(
    "has one where that only looks so: %s",
    (q) => {
      expect(term(q)).toHaveProperty("qualifier");
    },
  );

  it("is no operator where it is in quotes, a value, one of several, or in small letters", () => {
    for (const q of ['"AND"', "kind:OR", "NOT,a", "and", "Or", 'A"ND"']) expect(term(q).type).toBe("term");
    expect(short("a AND b")).toBe("(0-1 & 6-7)");
  });
});

describe("a tree", () => {
  it.each([
    ["", "()"],
    ["   ", "()"],
    ["a", "0-1"],
    ["(a)", "1-2"],
    ["((a))", "2-3"],
    ["a b", "(0-1 2-3)"],
    ["a b OR c d", "((0-1 2-3) | (7-8 9-10))"],
    ["a OR b OR c", "(0-1 | 5-6 | 10-11)"],
    ["a AND b c AND d", "((0-1 & 6-7) (8-9 & 14-15))"],
    ["-a b", "(not 1-2 3-4)"],
    ["NOT a AND b", "(not 4-5 & 10-11)"],
    ["--a", "not not 2-3"],
    ["-(a OR b) c", "(not (2-3 | 7-8) 10-11)"],
    ["a (b OR c) d", "(0-1 (3-4 | 8-9) 11-12)"],
    ["a-b", "0-3"],
  ])("%s is %s", (q, expected) => {
    expect(short(q)).toBe(expected);
  });

  it.each([
    "a",
    '"a b"',
    'a"b"c',
    "kind:a,b",
    'tag:"a\\"b\\\\c"',
    "NOT a",
    "NOT NOT a",
    "NOT (a b)",
    "a (b OR c)",
    "(a b) OR c",
    "a AND (b c) AND NOT d",
  ])("is printed as it is read: %s", (q) => {
    expect(printTree(read(q))).toBe(q);
  });
});

describe("what is no search is refused with its place, from 0 and from 1, and as it stands there", () => {
  it.each<[string, number, number, string]>([
    ["a (b", 2, 3, "the group is not closed"],
    ["a ()", 2, 4, "there is nothing in the group"],
    ["a b) c", 3, 4, "no group is open that this ends"],
    [")", 0, 1, "no group is open that this ends"],
    ["a OR )", 5, 6, "no group is open that this ends"],
    ["a b OR", 4, 6, "something to look for is missing at the end"],
    ["a AND", 2, 5, "something to look for is missing at the end"],
    ["a NOT", 2, 5, "something to look for is missing at the end"],
    ["OR a", 0, 2, "missing beside OR; as a word"],
    ["a AND AND b", 6, 9, "missing beside AND"],
    ["a OR OR b", 5, 7, "missing beside OR"],
    ['a "b c', 2, 6, 'a quote is not closed; a quote in quotes is \\"'],
    ['a "b\\"', 2, 6, "a quote is not closed"],
    [",", 0, 1, "a list has an empty part"],
    ["a kind:", 2, 7, ": kind: has no value; one follows the colon without a blank"],
    ["kind:a,", 6, 7, "a list has an empty part"],
    ["kind:,a", 4, 6, "a list has an empty part"],
    ["a kind:b,,c", 8, 10, "a list has an empty part"],
    ["a,", 1, 2, "a list has an empty part"],
    ["kind:(a)", 0, 6, "a group stands apart"],
    ["a(b)", 0, 2, "a group stands apart"],
    ["a -", 2, 3, "a minus stands right before what must not match"],
    ["a - b", 2, 3, "a minus stands right before what must not match"],
    ["10.1.2.5 - 10.1.2.9", 9, 10, "a range has no blanks: 10.1.2.5-10.1.2.9"],
    ["abcd:: - abcd::9", 7, 8, "a range has no blanks"],
    ["my - 10.1.2.9", 3, 4, "a minus stands right before"],
    ["10.1.2.5 - web", 9, 10, "a minus stands right before"],
  ])("%s", (q, from, to, message) => {
    const shown = q.slice(from, to);
    expect(() => read(q)).toThrow(
      expect.objectContaining({
        code: "query.invalid",
        name: "QueryError",
        span: expect.objectContaining({ from, to }),
        extra: { place: { from, to } },
        message: expect.stringContaining(`at character ${from + 1}, ${shown}: `),
        errors: [{ path: "q", message: expect.stringContaining(message) }],
      }),
    );
  });

  it("when it has more than 1,000 characters, 60 values or 30 levels", () => {
    const refused = (message: string) => expect.objectContaining({ message: expect.stringContaining(message) });
    expect(read("a".repeat(1000)).type).toBe("term");
    expect(() => read("a".repeat(1001))).toThrow(refused("the query has 1001 characters; at most 1000 are allowed"));
    expect(term(Array.from({ length: 60 }, () => "a").join(",")).values).toHaveLength(60);
    expect(() => read(Array.from({ length: 61 }, () => "a").join(","))).toThrow(refused("at most 60 values"));
    expect(() => read(`${"a,b ".repeat(30)}c`)).toThrow(refused("at most 60 values"));
    expect(read(`${"(".repeat(30)}a${")".repeat(30)}`).type).toBe("term");
    expect(() => read(`${"(".repeat(31)}a${")".repeat(31)}`)).toThrow(refused("nested deeper than 30 levels"));
    expect(read(`${"-".repeat(30)}a`).type).toBe("not");
    expect(() => read(`${"-".repeat(31)}a`)).toThrow(refused("nested deeper"));
    expect(() => read("a\ud800")).toThrow(refused("half of a surrogate pair is no text"));
  });

  it("shows 80 characters of it, and nothing where the place is empty", () => {
    expect(new QueryError("", { from: 0, to: 0 }, "no").message).toBe("at character 1: no");
    const [error] = [`(${"a".repeat(200)}`].map((q) => {
      try {
        return read(q);
      } catch (thrown) {
        return thrown as Error;
      }
    });
    expect((error as Error).message).toContain("at character 1, (: the group");
    const long = `kind:${"a".repeat(200)},`;
    expect(() => read(`"${long}`)).toThrow(`at character 1, "${long.slice(0, 79)}: a quote`);
  });
});
