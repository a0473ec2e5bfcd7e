import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { PROVIDERS } from "@cadastre/contract/scope";
import type { Context } from "../context.ts";
import { nothingHas } from "../restriction.ts";
import { isOnlyActive } from "./match.ts";
import { isOpen, type Pattern, toExactPattern } from "./pattern.ts";
import { collect, mustHold, prepareSearch } from "./prepare.ts";
import { KIND_ALIASES } from "./qualifiers.ts";
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

/** What a word may have been meant as, where nothing has it as a word. */
function* otherReadings(word: string): Generator<{ written: string; term: Term }> {
  const any = [toExactPattern(word)];
  const kind = KIND_NAMES.find((one) => one === fold(word)) ?? KIND_ALIASES[fold(word)];
  if (kind !== undefined) yield { written: `kind:${word}`, term: { type: "term", field: "kind", any: [kind] } };
  const provider = PROVIDERS.find((one) => one === fold(word));
  if (provider !== undefined)
    yield { written: `provider:${word}`, term: { type: "term", field: "provider", any: [provider] } };
  if (/^[0-9a-f]{12}$/i.test(word))
    yield { written: `mac:${word}`, term: { type: "term", field: "mac", any: [toExactPattern(word.toLowerCase())] } };
  yield { written: `region:${word}`, term: { type: "term", field: "region", any } };
  yield { written: `account:${word}`, term: { type: "term", field: "account", any } };
  if (word.length >= 2)
    yield { written: `owner:${word}`, term: { type: "term", field: "owner", any: any.map(inAnyCase) } };
}

/** So many searches are tried: each reads as much as a request may. */
const MOST_TRIES = 6;

const replaced = (node: Node, term: Term, other: Term): Node =>
  node === term
    ? other
    : node.type === "and"
      ? { ...node, parts: node.parts.map((one) => replaced(one, term, other)) }
      : node;

/** For a search that finds nothing: what would be found if it were asked a little otherwise. Writes nothing. */
export async function hintFor(context: Context, all: readonly AnySubject[], query: Query): Promise<string | undefined> {
  let tries = 0;
  const finds = async (tree: Node) => {
    tries += 1;
    if (tries > MOST_TRIES) return false;
    const { found } = await collect(context, await prepareSearch(context, all, { ...query, tree }), 1);
    return found.length > 0;
  };
  if (termsOf(query.tree).some(isExact) && (await finds(withoutCase(query.tree))))
    return "upper and lower case count in quotes, and there is something in another case; * can stand for a blank";
  if (isOnlyActive(query) && (await finds(allOf(query.tree, ANY_STATUS))))
    return "what is retired is found with status:any";
  const named = mustHold(query).find(({ field }) => field === "named");
  if (named) return `${nothingHas(context)} this id and is so, and nothing names it`;
  for (const term of mustHold(query)) {
    if (term.field !== "name" || term.any.some(isOpen)) continue;
    const any = term.any.map((pattern): Pattern => ({ ...pattern, pieces: ["", pattern.pieces[0], ""] }));
    if (await finds(replaced(query.tree, term, { ...term, any })))
      return "name: is the whole name; with a star, such as name:web* or name:*web*, it is a part of it";
  }
  const words = mustHold(query).filter(
    (term) => term.field === "words" && term.any.length === 1 && !term.any[0]?.exact,
  );
  for (const term of words) {
    const span = term.at ?? { from: 0, to: 0 };
    const word = query.text.slice(span.from, span.to);
    if (!/^[\w.:@-]+$/.test(word)) continue;
    for (const { written, term: other } of otherReadings(word))
      if (await finds(replaced(query.tree, term, other)))
        return `nothing has the word ${word}; did you mean ${written}?`;
  }
  return context.restriction && "only the accounts that this token may read were searched";
}
