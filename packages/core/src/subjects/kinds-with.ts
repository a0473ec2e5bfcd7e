import type { KindName } from "@cadastre/contract/kinds/names";
import type { Term } from "./query.ts";

/** Kinds that are in networks. */
export const NETWORKED: readonly KindName[] = ["network", "subnet", "instance", "interface", "address"];

/** The kinds that can have what a term asks for; all of them where a field is not here. */
const KINDS_WITH: Readonly<Record<string, readonly KindName[]>> = {
  image: ["instance"],
  mac: ["instance", "interface"],
  port: ["endpoint"],
  expires: ["certificate"],
  state: NETWORKED,
  type: ["instance", "interface", "address"],
  network: NETWORKED,
  subnet: ["subnet", "instance", "interface", "address"],
};

/** The kinds that a term leaves, undefined where it leaves all. A term of the kind itself is not asked here. */
export function kindsWith(term: Term): readonly KindName[] | undefined {
  return KINDS_WITH[term.field === "has" ? term.what : term.field];
}
