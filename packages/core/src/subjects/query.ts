import type { KindName } from "@cadastre/contract/kinds/names";
import type { Provider } from "@cadastre/contract/scope";
import type { SortField, SubjectType } from "@cadastre/contract/subject";
import type { AskedAddress } from "./asked-address.ts";
import type { TimeSpan } from "./asked-time.ts";
import type { Standing } from "./keys.ts";
import type { Span } from "./language/query-error.ts";
import type { Pattern } from "./pattern.ts";

/** What is compared as text. `words` is free text: a beginning, or with a star the whole of a word. */
export const TEXT_FIELDS = [
  "account",
  "region",
  "network",
  "subnet",
  "name",
  "owner",
  "image",
  "state",
  "type",
  "id",
  "mac",
  "words",
] as const;
export type TextField = (typeof TEXT_FIELDS)[number];

export const TIME_FIELDS = ["expires", "changed", "created", "seen"] as const;
export type TimeField = (typeof TIME_FIELDS)[number];

/** What can be there or not. */
export const HAD = [
  "owner",
  "notes",
  "name",
  "tag",
  "ip",
  "network",
  "subnet",
  "image",
  "state",
  "type",
  "mac",
  "expires",
] as const;
export type Had = (typeof HAD)[number];

/** One thing that is asked for; any of its values will do. */
export type Asked =
  | { readonly field: "subject"; readonly any: readonly SubjectType[] }
  | { readonly field: "kind"; readonly any: readonly KindName[] }
  | { readonly field: "provider"; readonly any: readonly Provider[] }
  | { readonly field: "status"; readonly any: readonly Standing[] }
  | { readonly field: TextField; readonly any: readonly Pattern[] }
  | { readonly field: "tag"; readonly key: Pattern; readonly any?: readonly Pattern[] }
  /** A whole natural or short id. */
  | { readonly field: "named"; readonly id: string }
  /** What a natural id begins with, folded. */
  | { readonly field: "idBeginning"; readonly beginning: string }
  | { readonly field: "address"; readonly any: readonly AskedAddress[] }
  | { readonly field: "port"; readonly any: readonly number[] }
  | { readonly field: TimeField; readonly span: TimeSpan }
  | { readonly field: "has"; readonly what: Had }
  /** Whether the account that owns it says so itself. */
  | { readonly field: "confirmed"; readonly any: readonly boolean[] };

export type Field = Asked["field"];

/** A term with its place in the text; one that a parameter of a list makes has none. */
export type Term = Asked & { readonly type: "term"; readonly at?: Span };

export type Node =
  | Term
  | { readonly type: "and" | "or"; readonly parts: readonly Node[] }
  | { readonly type: "not"; readonly part: Node };

export interface Sort {
  readonly field: SortField;
  readonly descending: boolean;
  readonly at?: Span;
}

/** A search as it is understood. */
export interface Query {
  /** As it was written. Its cursors belong to it, and to the parameters beside it. */
  readonly text: string;
  readonly parameters?: object;
  readonly tree: Node;
  readonly sort?: Sort;
}

/** The terms that must all hold: of the tree, and of the groups that are joined by nothing but AND. */
export function conjuncts(node: Node): readonly Node[] {
  return node.type === "and" ? node.parts.flatMap(conjuncts) : [node];
}

/** Every term, whether it must hold, may hold or must not. */
export function termsOf(node: Node): readonly Term[] {
  if (node.type === "term") return [node];
  return node.type === "not" ? termsOf(node.part) : node.parts.flatMap(termsOf);
}

export const allOf = (...parts: readonly Node[]): Node =>
  parts.length === 1 ? (parts[0] as Node) : { type: "and", parts };
export const anyOf = (...parts: readonly Node[]): Node =>
  parts.length === 1 ? (parts[0] as Node) : { type: "or", parts };

export const isText = (term: Term): term is Term & { field: TextField; any: readonly Pattern[] } =>
  (TEXT_FIELDS as readonly string[]).includes(term.field);
export const isTime = (term: Term): term is Term & { field: TimeField; span: TimeSpan } =>
  (TIME_FIELDS as readonly string[]).includes(term.field);
