import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { circlesOf } from "./circles.ts";

const graphOf = (edges: Readonly<Record<string, string>>) =>
  new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));

describe("circles", () => {
  it("of any length are found, and a way that only leads into one is none", () => {
    expect(circlesOf(graphOf({ a: "b", b: "c", c: "d", d: "" }))).toEqual([]);
    expect(circlesOf(graphOf({ a: "b", b: "c", c: "d", d: "b" }))).toEqual([["b", "c", "d"]]);
    expect(circlesOf(graphOf({ a: "a", b: "c", c: "b", d: "abc" }))).toEqual([["a"], ["b", "c"]]);
  });

  it("are those nodes that can reach one another, whatever the graph", () => {
    const nodes = [..."abcdefg"];
    const aGraph = fc.array(fc.tuple(fc.constantFrom(...nodes), fc.constantFrom(...nodes)), { maxLength: 14 });
    fc.assert(
      fc.property(aGraph, (edges) => {
        const graph = new Map(nodes.map((node) => [node, new Set<string>()]));
        for (const [from, to] of edges) graph.get(from)?.add(to);
        const reached = (from: string) => {
          const seen = new Set<string>();
          const walk = (node: string): void => {
            for (const next of graph.get(node) ?? []) if (!seen.has(next) && seen.add(next)) walk(next);
          };
          walk(from);
          return seen;
        };
        const circles = circlesOf(graph);
        for (const node of nodes) {
          const own = circles.filter((circle) => circle.includes(node));
          const expected = nodes.filter((other) => reached(node).has(other) && reached(other).has(node));
          expect(own).toEqual(expected.length === 0 ? [] : [expected]);
        }
      }),
    );
  });
});
