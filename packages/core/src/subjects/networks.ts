import { QueryError } from "./language/query-error.ts";
import { isOpen, type Pattern, toExactPattern } from "./pattern.ts";
import { anyOf, isText, type Node, type Query, type Term } from "./query.ts";
import { isWholeId } from "./read-values.ts";

/** Networks or subnets of one name that are looked at. */
const MOST_NAMESAKES = 50;

/** Finds at most so many by a query; the natural ids of what it finds, and whether there may be more. */
export type FindIds = (query: Query, limit: number) => Promise<{ ids: readonly string[]; hasMore: boolean }>;

type Placed = Term & { field: "network" | "subnet"; any: readonly Pattern[] };

const isPlaced = (node: Term): node is Placed => node.field === "network" || node.field === "subnet";

async function idsOf(find: FindIds, { text }: Query, term: Placed, pattern: Pattern): Promise<readonly Pattern[]> {
  if (!isOpen(pattern) && isWholeId(pattern.pieces[0])) return [pattern];
  const kind: Term = { type: "term", field: "kind", any: [term.field] };
  const status: Term = { type: "term", field: "status", any: ["active", "retired"] };
  const called = anyOf(...(["name", "id"] as const).map((field): Term => ({ type: "term", field, any: [pattern] })));
  const { ids, hasMore } = await find({ text, tree: { type: "and", parts: [kind, status, called] } }, MOST_NAMESAKES);
  if (hasMore) {
    const reason = `more than ${MOST_NAMESAKES} ${term.field}s are called so; ask for fewer, or by their account: and region:`;
    throw new QueryError(text, term.at ?? { from: 0, to: text.length }, reason);
  }
  // One that the register does not have is known by the ids of what is in it.
  return ids.length === 0 ? [pattern] : ids.map(toExactPattern);
}

/**
 * The same search with the natural ids of the networks and subnets that it names, whose names others do not have. Throws
 * QueryError where too many are called so.
 */
export async function withNetworks(find: FindIds, query: Query): Promise<Query> {
  const resolve = async (node: Node): Promise<Node> => {
    if (node.type === "not") return { type: "not", part: await resolve(node.part) };
    if (node.type !== "term") return { type: node.type, parts: await Promise.all(node.parts.map(resolve)) };
    if (!isText(node) || !isPlaced(node)) return node;
    const any = (await Promise.all(node.any.map((pattern) => idsOf(find, query, node, pattern)))).flat();
    return { ...node, any };
  };
  return { ...query, tree: await resolve(query.tree) };
}
