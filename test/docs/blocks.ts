/** A fenced block of a document: its language, and the marks behind it (`sh runnable`, `text output`, `js file=post.mjs`). */
export interface Block {
  readonly language: string;
  readonly marks: ReadonlyMap<string, string>;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

/** In a list it is as far in as the list's text, and so is what stands in it. */
const FENCE = /^( {0,3})```(\S*)[ \t]*(.*)$/;

/** The fenced blocks of a Markdown text, in order. Throws for one that is never closed. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open:
    | { language: string; marks: ReadonlyMap<string, string>; line: number; lines: string[]; indent: string }
    | undefined;
  for (const [at, line] of markdown.split("\n").entries()) {
    const fence = FENCE.exec(line);
    if (!fence) {
      open?.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else if (open) {
      blocks.push({ language: open.language, marks: open.marks, line: open.line, text: open.lines.join("\n") });
      open = undefined;
    } else {
      const [, indent = "", language = "", marks = ""] = fence;
      open = { language, marks: marksOf(marks), line: at + 1, lines: [], indent };
    }
  }
  if (open) throw new Error(`the block at line ${open.line} is not closed`);
  return blocks;
}

function marksOf(text: string): Map<string, string> {
  const words = text.split(/\s+/).filter((word) => word !== "");
  return new Map(words.map((word) => [word.split("=")[0] as string, word.slice(word.indexOf("=") + 1)]));
}
