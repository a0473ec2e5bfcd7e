import { isQuoted, type Segment } from "./language/tree.ts";
import { fold } from "./words.ts";

/**
 * What a text must be: the pieces in their order with anything between them, the first at its beginning and the last at its
 * end. Case and accents count only where it is exact.
 */
export interface Pattern {
  readonly pieces: readonly [string, ...string[]];
  readonly exact: boolean;
}

/** Of a value as it was written: a star that is not in quotes stands for any characters. */
export function toPattern(segments: readonly Segment[]): Pattern {
  const exact = isQuoted({ segments });
  const pieces = [""];
  for (const { text, quoted } of segments) {
    const [first = "", ...rest] = quoted ? [text] : text.split("*");
    pieces[pieces.length - 1] += first;
    pieces.push(...rest);
  }
  const [first = "", ...rest] = pieces.map((piece) => (exact ? piece.normalize("NFC") : fold(piece)));
  return { pieces: [first, ...rest], exact };
}

/** Of a text in which a star is a star. */
export const toExactPattern = (text: string): Pattern => ({ pieces: [text.normalize("NFC")], exact: true });

export const isOpen = ({ pieces }: Pattern): boolean => pieces.length > 1;

/** What a text has that begins as the pattern does, folded. */
export const beginningOf = ({ pieces }: Pattern): string => fold(pieces[0]);

/** Linear in the text: no regular expression is built. */
export function matchesPattern({ pieces, exact }: Pattern, text: string): boolean {
  return hasPieces(pieces, exact ? text.normalize("NFC") : fold(text));
}

/** The same of the beginning of a text, where the pattern has no star: `web` begins `web-1`. */
export function beginsAs({ pieces, exact }: Pattern, text: string): boolean {
  const whole = exact ? text.normalize("NFC") : fold(text);
  return pieces.length === 1 ? whole.startsWith(pieces[0]) : hasPieces(pieces, whole);
}

function hasPieces([first, ...rest]: Pattern["pieces"], text: string): boolean {
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
