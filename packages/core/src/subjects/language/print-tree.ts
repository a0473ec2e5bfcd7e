import type { RawNode, RawTerm, Segment } from "./tree.ts";

const toQuoted = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

const toSegment = ({ text, quoted }: Segment) => (quoted ? toQuoted(text) : text);

function toTerm({ qualifier, values }: RawTerm): string {
  const text = values.map(({ segments }) => segments.map(toSegment).join("")).join(",");
  return qualifier === undefined ? text : `${qualifier}:${text}`;
}

const BETWEEN = { all: " ", and: " AND ", or: " OR " } as const;

/** A tree as a search text that is read as this very tree. */
export function printTree(node: RawNode): string {
  if (node.type === "term") return toTerm(node);
  const inner = (part: RawNode) =>
    part.type === "term" || part.type === "not" ? printTree(part) : `(${printTree(part)})`;
  if (node.type === "not") return `NOT ${inner(node.part)}`;
  return node.parts.map(inner).join(BETWEEN[node.type]);
}
