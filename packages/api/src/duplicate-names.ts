// Of valid JSON: its strings, and what stands around them.
const PIECE = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gsu;

/**
 * A name that an object of valid JSON has twice, or undefined: parsers take the first or the last of them, so what is checked by one
 * can be another thing than what is done by the next.
 */
export function duplicateName(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (const [piece] of text.matchAll(PIECE)) {
    if (piece === "{" || piece === "[") {
      open.push(piece === "{" ? new Set() : undefined);
      isName = piece === "{";
    } else if (piece === "}" || piece === "]") {
      open.pop();
      isName = false;
    } else if (piece === ",") isName = open.at(-1) !== undefined;
    else if (piece === ":") isName = false;
    else if (isName) {
      const names = open.at(-1);
      const name = JSON.parse(piece) as string;
      if (names?.has(name)) return name;
      names?.add(name);
    }
  }
  return undefined;
}
