import { writeCsv } from "./csv.ts";
import type { Table } from "./table.ts";
import {
  type ExportedPrefix,
  type ExportedRange,
  type ExportedTag,
  type ExportedVlan,
  prefixTable,
  rangeTable,
  tagTable,
  vlanTable,
} from "./tables.ts";
import { writeZip, type ZipEntry } from "./zip.ts";

export interface SpaceContents {
  readonly prefixes: AsyncIterable<ExportedPrefix>;
  readonly ranges: AsyncIterable<ExportedRange>;
  readonly tags: AsyncIterable<ExportedTag>;
  readonly vlans: AsyncIterable<ExportedVlan>;
}

/**
 * All of a space as a ZIP archive of CSV files, with a manifest last: which space, when, and how many rows each file has, so
 * that an archive which was cut off tells it.
 */
export function writeSpaceZip(
  contents: SpaceContents,
  about: { readonly space: string; readonly name: string; readonly at: Date },
): AsyncGenerator<Uint8Array> {
  const rows: Record<string, number> = {};
  const file = <Row>(name: string, table: Table<Row>, items: AsyncIterable<Row>): ZipEntry => {
    rows[name] = 0;
    const counted = async function* () {
      for await (const item of items) {
        rows[name] = (rows[name] ?? 0) + 1;
        yield item;
      }
    };
    return { name, content: writeCsv(table, counted()) };
  };
  const manifest = async function* () {
    const { space, name, at } = about;
    yield `${JSON.stringify({ space, name, exportedAt: at.toISOString(), files: rows }, undefined, 2)}\n`;
  };
  const entries = [
    file("prefixes.csv", prefixTable, contents.prefixes),
    file("ranges.csv", rangeTable, contents.ranges),
    file("tags.csv", tagTable, contents.tags),
    file("vlans.csv", vlanTable, contents.vlans),
    { name: "manifest.json", content: manifest() },
  ];
  return writeZip(entries, about.at);
}
