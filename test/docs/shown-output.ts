/** What stands in a document for what differs from run to run. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  TIME: "\\d{4}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z",
  PORT: "\\d+",
  NUMBER: "\\d+",
  _ID: "_[0-9A-Za-z]{26,32}",
  "…": ".*",
};
const TOKEN = /(\bTIME\b|\bPORT\b|\bNUMBER\b|_ID\b|…|\s+)/;

function patternOf(line: string): RegExp {
  const parts = line
    .trim()
    .split(TOKEN)
    .map((part) => (/^\s+$/.test(part) ? "\\s+" : (PLACEHOLDERS[part] ?? RegExp.escape(part))));
  return new RegExp(`^\\s*${parts.join("")}\\s*$`);
}

/**
 * The first line that a document shows and the real output does not have there; undefined when all are there, in order. A line
 * of `…` alone stands for any number of lines, `…` in a line for any text; columns may be as wide as they like.
 */
export function firstMissing(shown: string, actual: string): string | undefined {
  const lines = actual.split("\n");
  let at = 0;
  for (const line of shown.split("\n")) {
    if (line.trim() === "…" || line.trim() === "") continue;
    const pattern = patternOf(line);
    const found = lines.findIndex((one, place) => place >= at && pattern.test(one));
    if (found < 0) return line;
    at = found + 1;
  }
  return undefined;
}
