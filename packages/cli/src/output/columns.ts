import { didYouMean } from "@cadastre/contract/did-you-mean";
import { UsageError } from "../exit-codes.ts";
import type { Column } from "./table.ts";

/** What a column is called in `--columns`, `--sort` and the head of CSV: `SUCCESS AGO` is `success-ago`. */
export function nameOf({ title, name }: Pick<Column<never>, "title" | "name">): string {
  if (name !== undefined) return name;
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/g, "");
}

/** The value as data: what CSV has, and what is sorted by. */
export function rawOf<Row>(column: Column<Row>, row: Row): string | number | undefined {
  return column.raw ? column.raw(row) : column.value(row);
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) =>
      at !== null && typeof at === "object" && Object.hasOwn(at, name)
        ? (at as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}

/** A column over a member of the document, by its path: `tags.env`, `attributes.type`. */
function memberColumn<Row>(path: string): Column<Row> {
  const value = (row: Row) => {
    const member = memberAt(row, path.split("."));
    if (member === undefined || typeof member === "string" || typeof member === "number") return member;
    return JSON.stringify(member);
  };
  return { title: path, name: path, value, shape: "id" };
}

/** The column of this name, or that of a member when it has a dot. Throws UsageError with the names that there are. */
export function findColumn<Row>(columns: readonly Column<Row>[], name: string): Column<Row> {
  const wanted = name.toLowerCase();
  const found = columns.find((column) => nameOf(column) === wanted);
  if (found) return found;
  if (/^[^.]+(\.[^.]+)+$/.test(name)) return memberColumn(name);
  const names = columns.map(nameOf);
  const meant = didYouMean(name, names);
  throw new UsageError(
    `there is no column ${JSON.stringify(name)}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
    `columns: ${names.join(", ")}; or a member of what -o json shows, such as tags.env`,
  );
}

/** One key of an order: a column, upwards or downwards. */
export interface Order<Row> {
  readonly column: Column<Row>;
  readonly descending: boolean;
}

/** `region,-created`: by region, then the newest first. Throws UsageError for a column that is not there. */
export function toOrder<Row>(columns: readonly Column<Row>[], keys: readonly string[]): Order<Row>[] {
  return keys.map((key) => ({ column: findColumn(columns, key.replace(/^-/, "")), descending: key.startsWith("-") }));
}

const collator = new Intl.Collator("en", { numeric: true });

function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return collator.compare(String(a), String(b));
}

const isEmpty = (value: unknown) => value === undefined || value === "";

/** The rows in this order; what has no value comes last in either direction. Equal ones stay as they were. */
export function sortRows<Row>(rows: readonly Row[], order: readonly Order<Row>[]): Row[] {
  return rows.toSorted((a, b) => {
    for (const { column, descending } of order) {
      const [left, right] = [rawOf(column, a), rawOf(column, b)];
      if (isEmpty(left) || isEmpty(right)) {
        if (isEmpty(left) !== isEmpty(right)) return isEmpty(left) ? 1 : -1;
        continue;
      }
      const by = compare(left, right);
      if (by !== 0) return descending ? -by : by;
    }
    return 0;
  });
}
