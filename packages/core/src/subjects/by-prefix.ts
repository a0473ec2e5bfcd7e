import type { SubjectType } from "@cadastre/contract/subject";
import { parsePrefix } from "@cadastre/net/prefix";
import { type AskedAddress, stretchOf } from "./asked-address.ts";
import { allOf, type Query, type Term } from "./query.ts";

interface AskedPrefix {
  /** What contains this. */
  readonly around?: string | undefined;
  /** What is inside this; of the two one is given. */
  readonly within?: string | undefined;
  /** Of one type alone. */
  readonly type?: SubjectType | undefined;
}

/** A search by what contains a prefix, the longest first, or by what is inside one, in the order of addresses. Pure. */
export function searchByPrefix({ around, within, type }: AskedPrefix): Query {
  const asked: AskedAddress =
    around === undefined
      ? { inside: stretchOf(parsePrefix(within ?? "")) }
      : { around: parsePrefix(around, { allowAddress: true }) };
  const terms: Term[] = [
    { type: "term", field: "address", any: [asked] },
    ...(type === undefined ? [] : [{ type: "term" as const, field: "subject" as const, any: [type] }]),
  ];
  return { text: around ?? within ?? "", parameters: { around, within, type }, tree: allOf(...terms) };
}
