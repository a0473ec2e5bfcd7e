import { FileProblem } from "../../file-problem.ts";
import type { Archive } from "./archive.ts";
import { readXml, type XmlBytes } from "./parse-xml.ts";

export interface SheetPlace {
  /** The file in the archive. */
  readonly file: XmlBytes;
  readonly sharedTexts: XmlBytes | undefined;
  readonly styles: XmlBytes | undefined;
  /** The year that its dates count from. */
  readonly calendar: 1900 | 1904;
}

/** Where a workbook keeps the sheet of a name, or its first one. Throws FileProblem (`sheet`, `malformed`). */
export async function findSheet(files: Archive, wanted: string | undefined): Promise<SheetPlace> {
  const sheets: { readonly name: string; readonly id: string | undefined }[] = [];
  let calendar: 1900 | 1904 = 1900;
  await readXml(files.read("xl/workbook.xml"), {
    open(name, attribute) {
      if (name === "sheet") sheets.push({ name: attribute("name") ?? "", id: attribute("r:id") ?? attribute("id") });
      if (name === "workbookPr" && /^(1|true)$/.test(attribute("date1904") ?? "")) calendar = 1904;
    },
    close() {},
    text() {},
  });
  const parts = await readParts(files.read("xl/_rels/workbook.xml.rels"));
  const sheet = wanted === undefined ? sheets[0] : sheets.find(({ name }) => name === wanted);
  if (sheet === undefined) {
    const choices = sheets.map(({ name }) => name);
    const message = `the workbook has no sheet ${JSON.stringify(wanted ?? "")}; it has ${choices.join(", ") || "none"}`;
    throw new FileProblem("sheet", message, { choices });
  }
  const file = files.read(parts.find(({ id }) => id === sheet.id)?.path ?? "");
  if (file === undefined) throw new FileProblem("malformed", "the workbook names a sheet that it does not hold");
  const partOf = (type: string) => files.read(parts.find((part) => part.type === type)?.path ?? "");
  return { file, sharedTexts: partOf("sharedStrings"), styles: partOf("styles"), calendar };
}

/** What a workbook is made of, with paths in the archive (ECMA-376-2, relationships). */
async function readParts(bytes: XmlBytes | undefined): Promise<readonly { id: string; type: string; path: string }[]> {
  const parts: { id: string; type: string; path: string }[] = [];
  await readXml(bytes, {
    open(name, attribute) {
      if (name !== "Relationship") return;
      const target = attribute("Target") ?? "";
      parts.push({
        id: attribute("Id") ?? "",
        type: (attribute("Type") ?? "").split("/").at(-1) ?? "",
        path: target.startsWith("/") ? target.slice(1) : `xl/${target.replace(/^\.\//, "")}`,
      });
    },
    close() {},
    text() {},
  });
  return parts;
}
