import { readXml, type XmlBytes } from "./parse-xml.ts";

/** Numbers of formats that are dates or times without being written down (ECMA-376-1, 18.8.30), East Asian ones included. */
const isBuiltInDate = (id: number): boolean =>
  (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);

/** Whether a format of numbers shows a date: it has a letter of one outside of quotes, escapes, colours and conditions. */
function isDateFormat(format: string): boolean {
  const bare = format.replace(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, "");
  return /[ymdhs]/i.test(bare);
}

/** Which styles of cells show a number as a date (`xl/styles.xml`). Throws FileProblem (`malformed`). */
export async function readDateStyles(bytes: XmlBytes | undefined): Promise<ReadonlySet<number>> {
  const dates = new Set<number>();
  if (bytes === undefined) return dates;
  const formats = new Map<number, string>();
  let inCells = false;
  let style = 0;
  await readXml(bytes, {
    open(name, attribute) {
      if (name === "numFmt") formats.set(Number(attribute("numFmtId")), attribute("formatCode") ?? "");
      else if (name === "cellXfs") inCells = true;
      else if (name === "xf" && inCells) {
        const id = Number(attribute("numFmtId") ?? 0);
        const format = formats.get(id);
        if (format === undefined ? isBuiltInDate(id) : isDateFormat(format)) dates.add(style);
        style++;
      }
    },
    close(name) {
      if (name === "cellXfs") inCells = false;
    },
    text() {},
  });
  return dates;
}

const DAY = 86_400_000;
/** Days from the beginning of a workbook's calendar to 1970: from 1899-12-30, or from 1904-01-01. */
const EPOCH = { 1900: 25_569, 1904: 24_107 };

/** A number of days as a date, or with a time where it has one: 45292 is 2024-01-01. undefined where there is no such day. */
export function toDate(days: number, calendar: 1900 | 1904): string | undefined {
  const date = new Date(Math.round((days - EPOCH[calendar]) * DAY));
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace(/T00:00:00\.000Z$/, "");
}
