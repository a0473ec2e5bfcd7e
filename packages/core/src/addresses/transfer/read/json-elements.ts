import { FileProblem } from "../file-problem.ts";

/** One JSON text out of a stream of them. */
export interface JsonElement {
  readonly text: string;
  /** Whether it is what stood around a list, without its elements: what a service answers beside a page. */
  readonly envelope: boolean;
}

const [QUOTE, COMMA, OPEN_ARRAY, BACKSLASH, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [34, 44, 91, 92, 93, 123, 125];

/** Deeper than any export is, and far from what fills a stack. */
const DEEPEST = 64;
/** Characters that the name of a list takes, with its quotes, its colon and the space around. */
const NAME = 80;

/**
 * Cuts JSON into the elements of its list and reads none: those of an array, of the array below one of the names in
 * `lists` of an object, or values one after the other (JSON Lines, pages). Holds one element at a time.
 * Throws FileProblem (`row_length`, `malformed`).
 */
export async function* jsonElements(
  source: AsyncIterable<string>,
  { lists, most }: { readonly lists: readonly string[]; readonly most: number },
): AsyncGenerator<JsonElement> {
  const named = new RegExp(`"(?:${lists.join("|")})"\\s*:\\s*$`);
  /** What was read of the element, and of what stands around the list that it is in. */
  let element = "";
  let around = "";
  let depth = 0;
  /** The depth that elements stand at: 0 one after the other, 1 in an array, 2 in the array of an object. */
  let base = 0;
  let inText = false;
  let escaped = false;
  /** The end of the piece before. */
  let tail = "";

  const hold = (text: string) => {
    element += text;
    if (element.length > most) throw new FileProblem("row_length", `an object has more than ${most} characters`);
  };
  const take = (envelope = false): JsonElement[] => {
    const text = element.trim();
    element = "";
    return text === "" ? [] : [{ text, envelope }];
  };

  for await (const piece of source) {
    let start = 0;
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (inText) {
        inText = code !== QUOTE || escaped;
        escaped = code === BACKSLASH && !escaped;
        continue;
      }
      if (depth > DEEPEST) throw new FileProblem("malformed", `the JSON is more than ${DEEPEST} levels deep`);
      if (code === QUOTE) inText = true;
      else if (code === OPEN_OBJECT) depth++;
      else if (code === COMMA && depth === base) {
        hold(piece.slice(start, at));
        yield* take();
        start = at + 1;
      } else if (code === OPEN_ARRAY) {
        depth++;
        if (base > 0 || depth > 2) continue;
        // What stands before a list in an object is its name: a look at so much suffices, and never at all that came before.
        const before = at >= NAME ? piece.slice(at - NAME, at) : tail + piece.slice(0, at);
        if (depth === 2 && !named.test(before)) continue;
        if (depth === 1 && /\S/.test(element + piece.slice(start, at))) continue;
        hold(piece.slice(start, at));
        base = depth;
        around = element;
        element = "";
        start = at + 1;
      } else if (code === CLOSE_ARRAY && base > 0 && depth === base) {
        hold(piece.slice(start, at));
        yield* take();
        element = base === 2 ? `${around}[` : "";
        start = base === 2 ? at : at + 1;
        depth--;
        base = 0;
        if (depth === 0) around = "";
      } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
        depth--;
        if (depth > 0 || base > 0) continue;
        hold(piece.slice(start, at + 1));
        yield* take(around !== "");
        around = "";
        start = at + 1;
      }
    }
    hold(piece.slice(start));
    tail = (tail + piece).slice(-NAME);
  }
  if (depth > 0 || inText) throw new FileProblem("malformed", "the JSON ends in the middle");
  yield* take();
}
