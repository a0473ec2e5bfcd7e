import type { Context } from "../context.ts";
import { isOnlyActive } from "./match.ts";
import type { Pattern } from "./pattern.ts";
import { collect, prepareSearch } from "./prepare.ts";
import { allOf, type Node, type Query, type Term, termsOf } from "./query.ts";
import type { AnySubject } from "./subject.ts";
import { fold } from "./words.ts";

const inAnyCase = ({ pieces: [first, ...rest] }: Pattern): Pattern => ({
  pieces: [fold(first), ...rest.map(fold)],
  exact: false,
});

/** Fields whose quoted values are compared exactly for their case alone; keys such as accounts are always exact. */
const CASED: readonly string[] = ["words", "name", "owner", "image", "state", "type", "network", "subnet", "id"];

function withoutCase(node: Node): Node {
  if (node.type === "not") return { type: "not", part: withoutCase(node.part) };
  if (node.type !== "term") return { type: node.type, parts: node.parts.map(withoutCase) };
  if (node.field === "tag")
    return { ...node, key: inAnyCase(node.key), ...(node.any ? { any: node.any.map(inAnyCase) } : {}) };
  if (!CASED.includes(node.field) || !("any" in node)) return node;
  return { ...node, any: (node.any as readonly Pattern[]).map(inAnyCase) } as Term;
}

const isExact = (term: Term): boolean =>
  term.field === "tag"
    ? term.key.exact || (term.any ?? []).some(({ exact }) => exact)
    : CASED.includes(term.field) && "any" in term && (term.any as readonly Pattern[]).some(({ exact }) => exact);

const ANY_STATUS: Term = { type: "term", field: "status", any: ["active", "retired"] };

/** For a search that finds nothing: what would be found if it were asked a little otherwise. Writes nothing. */
export async function hintFor(context: Context, all: readonly AnySubject[], query: Query): Promise<string | undefined> {
  const finds = async (tree: Node) => {
    const { found } = await collect(context, await prepareSearch(context, all, { ...query, tree }), 1);
    return found.length > 0;
  };
  if (termsOf(query.tree).some(isExact) && (await finds(withoutCase(query.tree))))
    return "upper and lower case count in quotes, and there is something in another case; * can stand for a blank";
  if (isOnlyActive(query) && (await finds(allOf(query.tree, ANY_STATUS))))
    return "what is retired is found with status:any";
  return undefined;
}
