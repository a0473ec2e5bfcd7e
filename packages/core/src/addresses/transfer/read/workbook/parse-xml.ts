import { Parser } from "saxen";
import { FileProblem } from "../../file-problem.ts";

/** What is told of an XML file, in its order. Names are without the prefix of their namespace. */
export interface XmlHandler {
  open(name: string, attribute: (name: string) => string | undefined): void;
  close(name: string): void;
  /** May come in several pieces. */
  text(text: string): void;
}

/** So many bytes of a file without a tag or a text are no workbook's: what is begun and not ended is looked at again with each piece. */
const MOST_SILENT = 2 * 1024 * 1024;

/** An XML file, piece by piece. */
export type XmlBytes = AsyncIterable<Uint8Array>;

/** Parses an XML file, and stops after each piece of it. Knows no entities but XML's own. Throws FileProblem (`malformed`). */
export async function* parseXml(bytes: XmlBytes, handler: XmlHandler): AsyncGenerator<void> {
  const parser = new Parser();
  let silent = 0;
  parser.on("openTag", (name, attributes, decode) => {
    silent = 0;
    handler.open(localName(name), (wanted) => {
      const values = attributes();
      const value = values[wanted] ?? Object.entries(values).find(([key]) => localName(key) === wanted)?.[1];
      return value === undefined ? undefined : decode(value);
    });
  });
  parser.on("closeTag", (name) => handler.close(localName(name)));
  const hear = (text: string) => {
    silent = 0;
    handler.text(text);
  };
  parser.on("text", (text, decode) => hear(decode(text)));
  parser.on("cdata", hear);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for await (const piece of bytes) {
      silent += piece.length;
      if (silent > MOST_SILENT) throw new FileProblem("malformed", "the workbook holds a file that is no sheet's");
      parser.write(decoder.decode(piece, { stream: true }));
      yield;
    }
    parser.write(decoder.decode());
    parser.end();
    yield;
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    throw new FileProblem("malformed", "the workbook holds a file that is no XML");
  }
}

/** Parses all of an XML file. Throws FileProblem (`malformed`). */
export async function readXml(bytes: XmlBytes | undefined, handler: XmlHandler): Promise<void> {
  if (bytes === undefined) throw new FileProblem("malformed", "the workbook lacks a file");
  for await (const _ of parseXml(bytes, handler));
}

const localName = (name: string): string => name.slice(name.indexOf(":") + 1);
