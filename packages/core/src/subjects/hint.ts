import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { oneNamed } from "@cadastre/contract/meant";
import { PROVIDERS } from "@cadastre/contract/scope";
import type { Context } from "../context.ts";
import { nothingHas } from "../restriction.ts";
import { isOnlyActive } from "./match.ts";
import { isOpen, type Pattern, toExactPattern } from "./pattern.ts";
import { collect, mustHold, prepareSearch } from "./prepare.ts";
import { presenceMeant, tagPresenceMeant } from "./presence.ts";
import { type Asked, allOf, type Had, isText, type Node, type Query, type Term, termsOf } from "./query.ts";
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

const hasNo = (what: Had): Node => ({ type: "not", part: { type: "term", field: "has", what } });

/** Words for what is no word of a thing, and how it is asked for. */
const SAYINGS: readonly { readonly form: RegExp; readonly written: string; readonly node: Node }[] = [
  { form: /^(?:unowned|ownerless|orphan|orphaned)$/, written: "-has:owner", node: hasNo("owner") },
  { form: /^untagged$/, written: "-has:tag", node: hasNo("tag") },
  { form: /^(?:unnamed|nameless)$/, written: "-has:name", node: hasNo("name") },
  {
    form: /^(?:retired|deleted|gone|terminated)$/,
    written: "status:retired",
    node: { type: "term", field: "status", any: ["retired"] },
  },
  { form: /^unconfirmed$/, written: "confirmed:false", node: { type: "term", field: "confirmed", any: [false] } },
];

/** What a word may have been meant as, where nothing has it as a word. */
function* otherReadings(word: string): Generator<{ written: string; node: Node }> {
  const any = [toExactPattern(word)];
  const term = (asked: Asked): Node => ({ ...asked, type: "term" });
  const saying = SAYINGS.find(({ form }) => form.test(fold(word)));
  if (saying) yield saying;
  const kind = oneNamed(fold(word), KIND_NAMES);
  if (kind !== undefined) yield { written: `kind:${word}`, node: term({ field: "kind", any: [kind] }) };
  const provider = oneNamed(fold(word), PROVIDERS);
  if (provider !== undefined) yield { written: `provider:${word}`, node: term({ field: "provider", any: [provider] }) };
  if (/^[0-9a-f]{12}$/i.test(word))
    yield { written: `mac:${word}`, node: term({ field: "mac", any: [toExactPattern(word.toLowerCase())] }) };
  const host = /^([\w.-]+\.[a-z-]+):\d{1,5}$/i.exec(word)?.[1];
  if (host !== undefined)
    yield { written: host, node: term({ field: "words", any: [inAnyCase(toExactPattern(host))] }) };
  yield { written: `region:${word}`, node: term({ field: "region", any }) };
  yield { written: `account:${word}`, node: term({ field: "account", any }) };
  if (word.length >= 2) yield { written: `owner:${word}`, node: term({ field: "owner", any: any.map(inAnyCase) }) };
}

/** So many searches are tried: each reads as much as a request may. */
const MOST_TRIES = 6;

const replaced = (node: Node, term: Term, other: Node): Node =>
  node === term
    ? other
    : node.type === "and"
      ? { ...node, parts: node.parts.map((one) => replaced(one, term, other)) }
      : node;

const written = ({ pieces }: Pattern): string => pieces.join("*");

/** What is said of values that are not in quotes. What the parameters of a list make is exact, and has no place. */
function presencesOf(term: Term): string[] {
  const isMeant = ({ exact }: Pattern) => !exact || term.at === undefined;
  if (term.field === "tag") {
    if (!isMeant(term.key)) return [];
    const values = term.any === undefined ? [undefined] : term.any.filter(isMeant).map(written);
    return values.flatMap((value) => tagPresenceMeant(written(term.key), value) ?? []);
  }
  if (!isText(term)) return [];
  return term.any.filter(isMeant).flatMap((one) => presenceMeant(term.field, written(one)) ?? []);
}

const isNegated = (tree: Node, term: Term): boolean =>
  tree.type === "not"
    ? termsOf(tree).includes(term)
    : tree.type !== "term" && tree.parts.some((part) => isNegated(part, term));

/**
 * For `owner:none` and the like, which ask for a text: how what has none is asked for. Of a search that finds something only what
 * must not match is told, which is then of no use. Pure.
 */
export function presenceHint({ tree }: Query, { isEmpty }: { readonly isEmpty: boolean }): string | undefined {
  for (const term of termsOf(tree)) {
    const [meant] = presencesOf(term);
    if (meant === undefined || !(isEmpty || isNegated(tree, term))) continue;
    return term.at === undefined ? `${meant}, in a search` : `${meant}; as a text it is in quotes`;
  }
  return undefined;
}

/** Of several things that are asked for at once: that all must hold, and which of them are words that things have to have. Pure. */
function togetherHint(query: Query, words: readonly Term[]): string | undefined {
  if (words.length === 0 || mustHold(query).length === 1) return undefined;
  const named = words.map(({ at = { from: 0, to: 0 } }) => query.text.slice(at.from, at.to)).join(", ");
  const are = words.length === 1 ? "is looked for as a word" : "are looked for as words";
  return `nothing has all of that at once; ${named} ${are} of names, tags and ids: leave some out, or write OR between them`;
}

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
    if (await finds(replaced(query.tree, term, { ...term, any } as Term)))
      return "name: is the whole name; with a star, such as name:web* or name:*web*, it is a part of it";
  }
  const words = mustHold(query).filter(
    (term) => term.field === "words" && term.any.length === 1 && !term.any[0]?.exact,
  );
  for (const term of words) {
    const span = term.at ?? { from: 0, to: 0 };
    const word = query.text.slice(span.from, span.to);
    if (!/^[\w.:@-]+$/.test(word)) continue;
    for (const { written, node: other } of otherReadings(word))
      if (await finds(replaced(query.tree, term, other)))
        return `nothing has the word ${word}; did you mean ${written}?`;
  }
  if (context.restriction) return "only the accounts that this token may read were searched";
  return togetherHint(query, words);
}
