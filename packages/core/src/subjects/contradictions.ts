import type { KindName } from "@cadastre/contract/kinds/names";
import { type Address, formatAddress } from "@cadastre/net/address";
import { maskLength } from "@cadastre/net/mask";
import { kindsWith } from "./kinds-with.ts";
import { QueryError } from "./language/query-error.ts";
import { isOpen } from "./pattern.ts";
import { conjuncts, isText, type Node, type Term } from "./query.ts";

/** Of these a subject has one value alone; of accounts, too, unless it is shared. */
const SINGLE: readonly string[] = ["subject", "kind", "provider", "region", "status", "state", "name", "confirmed"];

/** The values that a term leaves, as texts; undefined where a star leaves more than can be told. */
function valuesOf(term: Term): string[] | undefined {
  if (isText(term)) return term.any.some(isOpen) ? undefined : term.any.map(({ pieces }) => pieces[0].toLowerCase());
  return "any" in term ? (term.any as readonly string[]).map(String) : undefined;
}

/** Two whole addresses side by side: a list that was pasted, of which each is meant. */
function oneAddress(term: Term): Address | undefined {
  const [only] = term.field === "address" && term.any.length === 1 ? term.any : [];
  return only && "has" in only ? only.has : undefined;
}

/** Why two addresses side by side are refused: a network and its mask, as routers write them, or a list. */
function twoAddresses(one: Address, other: Address): string {
  const length = maskLength(other);
  if (length !== undefined && length > 0)
    return `is a mask; a network and its mask are written with a slash: ${formatAddress(one)}/${length}`;
  return "is a second address; for either of them write 10.1.2.5,10.1.2.6, and for both AND between them";
}

/**
 * Throws QueryError for what nothing can be at once, such as `kind:instance kind:subnet`, and for two addresses side by side: an
 * empty answer would say that there is nothing. `areJoined` when AND stands between the parts.
 */
export function refuseContradictions(q: string, parts: readonly Node[], { areJoined }: { areJoined: boolean }): void {
  const terms = parts.flatMap(conjuncts).filter((node): node is Term => node.type === "term");
  const whole = { from: 0, to: q.length };
  let kinds: readonly KindName[] | undefined;
  for (const [index, term] of terms.entries()) {
    const at = term.at ?? whole;
    for (const before of terms.slice(0, index)) {
      if (before.field !== term.field) continue;
      const [some, others] = [valuesOf(before), valuesOf(term)];
      const areBare = !areJoined && parts.includes(before) && parts.includes(term);
      const isSingle = SINGLE.includes(term.field) || (term.field === "account" && areBare);
      if (isSingle && some && others && !others.some((one) => some.includes(one)))
        throw new QueryError(
          q,
          at,
          "is given twice, and nothing is both; for either of them write a list such as kind:instance,subnet",
        );
      const [one, other] = [oneAddress(before), oneAddress(term)];
      if (areBare && one !== undefined && other !== undefined && formatAddress(one) !== formatAddress(other))
        throw new QueryError(q, at, twoAddresses(one, other));
    }
    const own = term.field === "kind" ? term.any : kindsWith(term);
    if (own === undefined) continue;
    const left: readonly KindName[] = kinds === undefined ? own : kinds.filter((kind) => own.includes(kind));
    if (left.length === 0)
      throw new QueryError(
        q,
        at,
        `only ${own.join(", ")} can match here, and the rest of the search leaves ${kinds?.join(", ")}`,
      );
    kinds = left;
  }
}
