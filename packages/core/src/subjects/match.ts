import type { KindName } from "@cadastre/contract/kinds/names";
import type { Provider } from "@cadastre/contract/scope";
import type { SubjectType } from "@cadastre/contract/subject";
import type { Prefix } from "@cadastre/net/prefix";
import { hasAsked } from "./asked-address.ts";
import { isInSpan } from "./asked-time.ts";
import type { Standing } from "./keys.ts";
import { beginsAs, isOpen, matchesPattern, type Pattern } from "./pattern.ts";
import {
  type Field,
  type Had,
  isText,
  isTime,
  type Node,
  type Query,
  type Term,
  type TextField,
  type TimeField,
  termsOf,
} from "./query.ts";
import { beginsInside, fold, isInner } from "./words.ts";

/** What a search can know of a subject. */
export interface Facts {
  readonly subject: SubjectType;
  readonly kind?: KindName | undefined;
  /** Absent where it is of none. */
  readonly provider?: Provider | undefined;
  readonly status: Standing;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly prefixes: readonly Prefix[];
  readonly port?: number | undefined;
  readonly confirmed?: boolean | undefined;
  /** Everything of it that a field is compared with. */
  readonly texts: (field: TextField) => readonly string[];
  readonly time: (field: TimeField) => string | undefined;
  readonly has: (what: Had) => boolean;
  /** Whether a whole natural or short id is its own, and whether it stands in a relation to what has it. */
  readonly is: (id: string) => boolean;
  readonly refersTo: (id: string) => boolean;
  /** Fields that this type of subject has an answer to; of another one nothing is known, also not that it is otherwise. */
  readonly answers: readonly Field[];
}

/** Yes, no, or that the subject has no such thing: what is not known is not known to be otherwise either. */
type Truth = boolean | undefined;

function all(truths: readonly Truth[]): Truth {
  return truths.includes(false) ? false : truths.includes(undefined) ? undefined : true;
}

function wordMatches(facts: Facts, pattern: Pattern): boolean {
  const compare = isOpen(pattern) ? matchesPattern : beginsAs;
  if (facts.texts("words").some((text) => compare(pattern, text))) return true;
  const [word] = pattern.pieces;
  return !isOpen(pattern) && !pattern.exact && isInner(word) && beginsInside(facts.name, word);
}

function tagMatches({ tags }: Facts, key: Pattern, any: readonly Pattern[] | undefined): boolean {
  return Object.entries(tags).some(
    ([name, value]) => matchesPattern(key, name) && (any?.some((pattern) => matchesPattern(pattern, value)) ?? true),
  );
}

function termMatches(facts: Facts, term: Term, isAlone: boolean): Truth {
  if (term.field === "subject") return term.any.includes(facts.subject);
  if (!facts.answers.includes(term.field)) return undefined;
  if (term.field === "words") return term.any.some((pattern) => wordMatches(facts, pattern));
  if (isText(term)) {
    const texts = facts.texts(term.field);
    return term.any.some((pattern) => texts.some((text) => matchesPattern(pattern, text)));
  }
  if (isTime(term)) {
    const at = facts.time(term.field);
    return at !== undefined && isInSpan(at, term.span);
  }
  switch (term.field) {
    case "kind":
      return facts.kind !== undefined && term.any.includes(facts.kind);
    case "provider":
      return facts.provider !== undefined && term.any.includes(facts.provider);
    case "status":
      return term.any.includes(facts.status);
    case "tag":
      return tagMatches(facts, term.key, term.any);
    case "named":
      return facts.is(term.id) || (!isAlone && facts.refersTo(term.id));
    case "idBeginning":
      return facts.texts("id").some((id) => fold(id).startsWith(term.beginning));
    case "address":
      return term.any.some((asked) => hasAsked(facts.prefixes, facts.port, asked));
    case "port":
      return facts.port !== undefined && term.any.includes(facts.port);
    case "has":
      return facts.has(term.what);
    case "confirmed":
      return facts.confirmed === undefined ? undefined : term.any.includes(facts.confirmed);
    default:
      return undefined;
  }
}

function truthOf(facts: Facts, node: Node, isAlone: boolean): Truth {
  if (node.type === "term") return termMatches(facts, node, isAlone);
  if (node.type === "not") {
    const truth = truthOf(facts, node.part, true);
    return truth === undefined ? undefined : !truth;
  }
  if (node.type === "and")
    return all(node.parts.map((part) => truthOf(facts, part, isAlone && node.parts.length === 1)));
  const truths = node.parts.map((part) => truthOf(facts, part, true));
  return truths.includes(true) ? true : truths.includes(undefined) ? undefined : false;
}

/** What is retired is found where its status is asked for, and by its own id alone. */
export function isOnlyActive({ tree }: Query): boolean {
  const terms = termsOf(tree);
  if (terms.some(({ field }) => field === "status")) return false;
  return !(tree.type === "term" && tree.field === "named");
}

/**
 * Whether a subject is what is asked for. Pure. A whole id means the subject itself; side by side with other terms also what
 * stands in a relation to it.
 */
export function matchesQuery(facts: Facts, query: Query): boolean {
  if (facts.status !== "active" && isOnlyActive(query)) return false;
  return truthOf(facts, query.tree, true) === true;
}
