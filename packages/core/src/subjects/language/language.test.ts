import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSearch } from "../parse-search.ts";
import { isQualifier } from "../qualifiers.ts";
import { parseTree } from "./parse-tree.ts";
import { printTree } from "./print-tree.ts";
import { QueryError } from "./query-error.ts";
import type { RawNode } from "./tree.ts";

const NOW = new Date("2026-11-30T12:00:00Z");

/** A tree without the places of its terms. */
const shape = (node: RawNode): unknown =>
  JSON.parse(JSON.stringify(node, (key, value) => (key === "from" || key === "to" ? undefined : value)));

const fragment = fc.oneof(
  fc.constantFrom(
    ..."( ) - NOT OR AND or and ! kind:instance kind:vm,vpc name:web* region:eu-* tag:env=prod tag: env=pr* ip:10. ip:10.1.2.5".split(
      " ",
    ),
    ..."10.140.64. 10.140.*  10.1.2.3-10.1.2.9 10.1.2.3:443 10.1.2.3/24 10.0.0.0/8 2001:db8:: 2001:db8:* 0a:1b:2c:3d:4e:5f".split(
      " ",
    ),
    ..."expires:<60d expires:2026-12-01..2026-12-31 changed:>2026-11-20 seen: has:owner has:x project:a sort:-expires".split(
      " ",
    ),
    ...'"two words" "a\\"b" , ,, : :: = * ** "" " arn:aws:ec2:x sha256:ab res_00 https://a … ? / // . .a \\ type:account'.split(
      " ",
    ),
  ),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const text = fc
  .tuple(fc.array(fragment, { maxLength: 9 }), fc.constantFrom(" ", " ", "", "  "))
  .map(([parts, by]) => parts.join(by));

const plain = fc
  .array(fc.constantFrom("web", "a", "*", "1", "-", ".", "ü", "=", "/"), { minLength: 1, maxLength: 4 })
  .map((parts) => `w${parts.join("")}`);
const segment = fc.oneof(
  plain.map((one) => ({ text: one, quoted: false })),
  fc.string({ maxLength: 5 }).map((one) => ({ text: one, quoted: true })),
);
const segments = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .filter((some) => some.every((one, at) => one.quoted || some[at - 1]?.quoted !== false));
const term = fc.record({
  qualifier: fc.option(fc.constantFrom("kind", "name", "tag"), { nil: undefined }),
  values: fc.array(
    segments.map((some) => ({ segments: some, from: 0, to: 0 })),
    { minLength: 1, maxLength: 3 },
  ),
});
const tree: fc.Arbitrary<RawNode> = fc.letrec<{ node: RawNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    term.map(
      ({ qualifier, values }): RawNode => ({
        type: "term",
        ...(qualifier ? { qualifier } : {}),
        values,
        from: 0,
        to: 0,
      }),
    ),
    tie("node").map((part): RawNode => ({ type: "not", part })),
    fc.record({
      type: fc.constantFrom("all" as const, "and" as const, "or" as const),
      parts: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).node;

describe("a search text", () => {
  it("of any characters is understood, or refused with a place inside of it, and nothing else happens", () => {
    fc.assert(
      fc.property(text, (q) => {
        try {
          parseSearch(q, NOW);
        } catch (error) {
          expect(error).toBeInstanceOf(QueryError);
          const { span, code, errors, extra } = error as QueryError;
          expect(code).toBe("query.invalid");
          expect(span.from).toBeGreaterThanOrEqual(0);
          expect(span.from).toBeLessThanOrEqual(span.to);
          expect(span.to).toBeLessThanOrEqual(q.length);
          expect(extra).toEqual({ place: { from: span.from, to: span.to } });
          expect(errors[0]?.message).toMatch(/^at character \d+/);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("that is printed from a tree is read as that tree", () => {
    fc.assert(
      fc.property(tree, (node) => {
        const printed = printTree(node);
        let read: RawNode;
        try {
          read = parseTree(printed, isQualifier);
        } catch (error) {
          // A made-up tree may be longer than any text that is read.
          expect((error as Error).message).toMatch(/at most|deeper/);
          return;
        }
        expect(shape(read), printed).toEqual(shape(node));
      }),
      { numRuns: 500 },
    );
  });

  it("that was read is read the same again when its tree is printed", () => {
    fc.assert(
      fc.property(text, (q) => {
        let first: RawNode;
        try {
          first = parseTree(q, isQualifier);
        } catch {
          return;
        }
        expect(shape(parseTree(printTree(first), isQualifier))).toEqual(shape(first));
      }),
      { numRuns: 1500 },
    );
  });

  it("binds NOT before AND, and AND before OR", () => {
    const [one, other] = ["a -b c OR d AND e f", "((a NOT b c) OR ((d AND e) f))"];
    expect(shape(parseTree(one, isQualifier))).toEqual(shape(parseTree(other, isQualifier)));
  });
});
