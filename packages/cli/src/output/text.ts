/** C0 and C1 controls, and what reorders or hides text: names and tags come from others and must not steer a terminal. */
const UNSAFE = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/gu;

/** Whether there is something in it that must not reach a terminal. */
export function isUnsafe(text: string): boolean {
  UNSAFE.lastIndex = 0;
  return UNSAFE.test(text);
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** The text on one line, with every control character shown as `\u001b` instead of sent. */
export function neutralise(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** As `neutralise`, with line breaks kept: for messages of several lines. */
export function neutraliseLines(text: string): string {
  return text.split("\n").map(neutralise).join("\n");
}

/** JSON whose strings say the same and hold no control character, so that it may be shown on a terminal. */
export function toJson(value: unknown, indent = 2): string {
  const text = JSON.stringify(value, undefined, indent);
  // Line breaks are JSON's own layout here: those inside strings are escaped already.
  return neutraliseLines(text);
}

/** The middle left out, so that both ends of a long id can be read. `width` in characters, at least 3. */
export function shorten(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  const tail = Math.ceil((width - 1) * 0.6);
  return `${characters.slice(0, width - 1 - tail).join("")}…${characters.slice(characters.length - tail).join("")}`;
}

/** The end left out. `width` in characters, at least 1. */
export function clip(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

/** `1234567` as `1,234,567`. */
export function toCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** `2026-03-01T00:00:00.000Z` as `2026-03-01 00:00:00Z`; empty when absent. */
export function toTime(iso: string | undefined): string {
  return iso === undefined ? "" : iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
}

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
] as const;

/** Seconds as `3d`, `5h`, `12m` or `40s`; empty when absent. */
export function toAge(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? ["s", 1];
  return `${Math.floor(seconds / size)}${unit}`;
}
