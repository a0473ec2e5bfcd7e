import type { Span } from "./query-error.ts";

/** A part of a value, as it stands or in quotes: a star in quotes is a star, and case counts there. */
export interface Segment {
  readonly text: string;
  readonly quoted: boolean;
}

export interface RawValue extends Span {
  readonly segments: readonly Segment[];
}

/** `kind:a,b`, `web`, `"two words"`: any of its values will do. Nothing is understood of them yet. */
export interface RawTerm extends Span {
  readonly type: "term";
  /** Before the colon, lower case. */
  readonly qualifier?: string;
  readonly values: readonly RawValue[];
}

export interface RawGroup {
  /** `all` stand side by side, `and` are joined by the word AND: they mean the same, but for a slip only the first can be. */
  readonly type: "all" | "and" | "or";
  readonly parts: readonly RawNode[];
}

export interface RawNot {
  readonly type: "not";
  readonly part: RawNode;
}

/** A search text as it is built, before any word of it is understood. */
export type RawNode = RawTerm | RawGroup | RawNot;

/** The text of a value, its quotes taken off. */
export const textOf = ({ segments }: Pick<RawValue, "segments">): string => segments.map(({ text }) => text).join("");

/** Whether any of a value is in quotes. */
export const isQuoted = ({ segments }: Pick<RawValue, "segments">): boolean => segments.some(({ quoted }) => quoted);
