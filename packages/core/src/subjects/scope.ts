import { KIND_NAMES, type KindName } from "@cadastre/contract/kinds/names";
import { PROVIDERS, type Provider } from "@cadastre/contract/scope";
import { SUBJECT_TYPES, type SubjectType } from "@cadastre/contract/subject";
import { kindsWith } from "./kinds-with.ts";
import { isOpen, type Pattern } from "./pattern.ts";
import type { Field, Term } from "./query.ts";

/** What all that a part of a search can find has in common, as far as lists are in that order. */
export interface Scope {
  readonly types: readonly SubjectType[];
  readonly kinds: readonly KindName[];
  readonly providers: readonly Provider[];
  /** Any of these; all where absent. */
  readonly accounts?: readonly Pattern[];
  readonly regions?: readonly Pattern[];
  /** Fields that must be answered. */
  readonly fields: readonly Field[];
}

export const EVERYWHERE: Scope = { types: SUBJECT_TYPES, kinds: KIND_NAMES, providers: PROVIDERS, fields: [] };

const common = <T>(some: readonly T[], others: readonly T[] | undefined): readonly T[] =>
  others === undefined ? some : some.filter((one) => others.includes(one));

/** The narrower of two lists of patterns: either holds all that both allow. */
function narrower(one: readonly Pattern[] | undefined, other: readonly Pattern[]): readonly Pattern[] {
  if (one === undefined) return other;
  return one.some(isOpen) && !other.some(isOpen) ? other : one;
}

/** The scope of what must match a term, too. */
export function narrowedBy(scope: Scope, term: Term): Scope {
  const narrowed = {
    ...scope,
    fields: [...scope.fields, term.field],
    kinds: common(scope.kinds, term.field === "kind" ? term.any : kindsWith(term)),
  };
  switch (term.field) {
    case "subject":
      return { ...narrowed, types: common(scope.types, term.any) };
    case "provider":
      return { ...narrowed, providers: common(scope.providers, term.any) };
    case "account":
      return { ...narrowed, accounts: narrower(scope.accounts, term.any) };
    case "region":
      return { ...narrowed, regions: narrower(scope.regions, term.any) };
    default:
      return narrowed;
  }
}
