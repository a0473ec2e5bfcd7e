import { readXml, type XmlBytes, type XmlHandler } from "./parse-xml.ts";

/** A character that XML does not allow is written `_xHHHH_` in a workbook (ECMA-376-1, 22.9.2.19, ST_Xstring). */
export function unescapeText(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Gathers the text of `t` elements; how an East Asian text is spoken (`rPh`) stands beside it and is left out. */
export class TextReader {
  #text = "";
  #reading = false;
  #spoken = false;

  open(name: string): void {
    if (name === "rPh") this.#spoken = true;
    else if (name === "t") this.#reading = true;
  }

  close(name: string): void {
    if (name === "rPh") this.#spoken = false;
    else if (name === "t") this.#reading = false;
  }

  read(text: string): void {
    if (this.#reading && !this.#spoken) this.#text += text;
  }

  /** What was gathered since it was taken last. */
  take(): string {
    const text = unescapeText(this.#text);
    this.#text = "";
    return text;
  }
}

/** The texts that cells name by their number (`xl/sharedStrings.xml`). Throws FileProblem (`malformed`). */
export async function readSharedTexts(bytes: XmlBytes | undefined): Promise<readonly string[]> {
  const texts: string[] = [];
  if (bytes === undefined) return texts;
  const reader = new TextReader();
  const handler: XmlHandler = {
    open: (name) => reader.open(name),
    text: (text) => reader.read(text),
    close(name) {
      reader.close(name);
      if (name === "si") texts.push(reader.take());
    },
  };
  await readXml(bytes, handler);
  return texts;
}
