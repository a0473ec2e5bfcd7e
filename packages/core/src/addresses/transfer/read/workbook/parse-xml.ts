import { Parser } from "saxen";
import { FileProblem } from "../../file-problem.ts";

/** What is told of an XML file, in its order. Names are without the prefix of their namespace. */
export interface XmlHandler {
  open(name: string, attribute: (name: string) => string | undefined): void;
  close(name: string): void;
  /** May come in several pieces. */
  text(text: string): void;
}

/** So many characters are parsed at a time, so that what they hold can be taken before the next. */
const PIECE = 64 * 1024;

/** Parses an XML file, and stops after each piece of it. Declares no entities of its own. Throws FileProblem (`malformed`). */
export function* parseXml(bytes: Uint8Array, handler: XmlHandler): Generator<void> {
  const parser = new Parser();
  parser.on("openTag", (name, attributes, decode) => {
    handler.open(localName(name), (wanted) => {
      const values = attributes();
      const value = values[wanted] ?? Object.entries(values).find(([key]) => localName(key) === wanted)?.[1];
      return value === undefined ? undefined : decode(value);
    });
  });
  parser.on("closeTag", (name) => handler.close(localName(name)));
  parser.on("text", (text, decode) => handler.text(decode(text)));
  parser.on("cdata", (text) => handler.text(text));
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for (let start = 0; start < bytes.length; start += PIECE) {
      const end = start + PIECE;
      parser.write(decoder.decode(bytes.subarray(start, end), { stream: end < bytes.length }));
      yield;
    }
    parser.end();
    yield;
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    throw new FileProblem("malformed", "the workbook holds a file that is no XML");
  }
}

/** Parses all of an XML file at once. Throws FileProblem (`malformed`). */
export function readXml(bytes: Uint8Array | undefined, handler: XmlHandler): void {
  for (const _ of parseXml(bytes ?? new Uint8Array(0), handler));
}

const localName = (name: string): string => name.slice(name.indexOf(":") + 1);
