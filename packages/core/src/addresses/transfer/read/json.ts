import { FileProblem } from "../file-problem.ts";
import type { FileLimits } from "../limits.ts";
import { type FileRow, type RowProblem, rowProblem } from "../row.ts";
import { jsonElements } from "./json-elements.ts";

/** Under which names services answer their lists: NetBox, phpIPAM, AWS, and this API. */
const LISTS = ["results", "data", "IpamResourceCidrs", "items"];
/** What says of a page that there are more. */
const MORE = ["next", "NextToken", "cursor"];
/** How deep values may lie. What lies deeper stays JSON. */
const DEEPEST = 4;
/** Objects that are one value: people choose the names in them. */
const WHOLE = ["tags", "attributes"];

/**
 * The rows of JSON: an array of objects, objects one after the other (JSON Lines), or pages of a service. What lies in
 * objects has the names on the way to it, with dots: `vrf.name`. Arrays, tags and attributes are given as JSON. null and "" are no value.
 * Throws FileProblem (`malformed`, `row_length`, `rows`, `columns`, `empty`; `incomplete` where the last page tells of more).
 */
export async function* jsonRows(text: AsyncIterable<string>, limits: FileLimits): AsyncGenerator<FileRow> {
  let row = 0;
  let more: string | undefined;
  let pages = 0;
  for await (const element of jsonElements(text, { lists: LISTS, most: limits.rowLength })) {
    const value = parse(element.text, row + 1);
    if (element.envelope) {
      pages++;
      more = MORE.find((name) => typeof value[name] === "string" && value[name] !== "");
      continue;
    }
    if (++row > limits.rows) {
      throw new FileProblem("rows", `the file has more than ${limits.rows} rows; import it in parts`, { row });
    }
    yield toRow(value, row, limits);
  }
  if (more !== undefined) {
    throw new FileProblem("incomplete", `the last page names another one (${more}); fetch all pages into the file`);
  }
  if (row === 0 && pages === 0) throw new FileProblem("empty", "the file has no rows");
}

type Json = Readonly<Record<string, unknown>>;

function parse(text: string, row: number): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FileProblem("malformed", `row ${row} is no JSON`, { row });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new FileProblem("malformed", `row ${row} is no object; a file of JSON is an array of objects, or one a line`, {
    row,
  });
}

function toRow(value: Json, row: number, limits: FileLimits): FileRow {
  const values = new Map<string, string>();
  const problems: RowProblem[] = [];
  const walk = (object: Json, path: string, depth: number) => {
    for (const [name, member] of Object.entries(object)) {
      const column = path === "" ? name : `${path}.${name}`;
      const isObject = typeof member === "object" && member !== null && !Array.isArray(member);
      if (isObject && depth < DEEPEST && !WHOLE.includes(column)) {
        walk(member as Json, column, depth + 1);
      } else {
        const text = typeof member === "string" ? member : member === null ? "" : JSON.stringify(member);
        if (text.includes("\0")) problems.push(rowProblem(row, column, text, "the value has a NUL character"));
        else values.set(column, text);
      }
    }
  };
  walk(value, "", 1);
  if (values.size > limits.columns) {
    throw new FileProblem("columns", `row ${row} has more than ${limits.columns} members`, { row });
  }
  return { row, values, problems };
}
