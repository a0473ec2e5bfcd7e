/** Operators of a comparison (RFC 7644 §3.4.2.2, table 3). */
export const OPERATORS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"] as const;
export type Operator = (typeof OPERATORS)[number];

/** What an attribute is compared with: a JSON value that is neither a list nor an object. */
export type Literal = string | number | boolean | null;

/** An attribute as it was written: `userName`, `name.givenName`, or either after a schema's URN and a colon. */
export interface AttributePath {
  readonly schema?: string;
  readonly name: string;
  readonly sub?: string;
}

export type Filter =
  | { readonly kind: "and" | "or"; readonly filters: readonly Filter[] }
  | { readonly kind: "not"; readonly filter: Filter }
  | { readonly kind: "present"; readonly path: AttributePath }
  | { readonly kind: "compare"; readonly path: AttributePath; readonly operator: Operator; readonly value: Literal }
  /** Of a list of complex values: one of them is so. Within it, paths are those of the value. */
  | { readonly kind: "some"; readonly path: AttributePath; readonly filter: Filter };

/** What a PATCH is about: an attribute, some values of a list, or one part of them: `emails[type eq "work"].value`. */
export interface PatchPath {
  readonly path: AttributePath;
  readonly filter?: Filter;
  readonly sub?: string;
}

/** Bounds of a filter: characters, comparisons, and levels of parentheses, brackets and `not`. */
export const FILTER_LIMITS = { characters: 16_384, comparisons: 200, levels: 20 } as const;
