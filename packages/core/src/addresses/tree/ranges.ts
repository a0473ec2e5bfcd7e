import { withinRange } from "@cadastre/net/key";
import type { Prefix } from "@cadastre/net/prefix";
import { ipSort } from "./items.ts";

/** After every key that begins so, and before every key behind it. */
const END = "\u{10ffff}";

const LENGTH_DIGITS = 3;

/** Bounds, both exclusive, on the sort keys of the prefixes inside one, itself included or not. */
export function boundsWithin(
  prefix: Prefix,
  { itself }: { readonly itself: boolean },
): { after: string; before: string } {
  const own = ipSort(prefix);
  const shorter = String(prefix.length - 1).padStart(LENGTH_DIGITS, "0");
  const before = own.slice(0, -LENGTH_DIGITS) + (prefix.length === 0 ? "" : shorter + END);
  return {
    after: itself ? before : own,
    before: `${own.slice(0, own.indexOf("#") + 1)}${withinRange(prefix).to}${END}`,
  };
}

/** The same of all prefixes of a family, or of both. */
export const boundsOf = (family: 4 | 6 | undefined): { after: string; before: string } => {
  const beginning = family === undefined ? "ip#" : `ip#${family}:`;
  return { after: beginning, before: beginning + END };
};
