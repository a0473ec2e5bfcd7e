import type { ImportProblem } from "@cadastre/contract/addresses/import";
import { put } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import type { RowProblem } from "../transfer/row.ts";
import { type AddressImportItem, endOf, IMPORT_DAYS, ImportProblemItem } from "./items.ts";

/** What is found when the file is read, when its rows meet the space, and when they are taken back: of a row each has places of its own. */
const FIRST = { form: 0, space: 1000, undo: 2000 } as const;

const wellFormed = (text: string): string => text.toWellFormed();

/** Keeps what is wrong with rows. Found again, it is the same items. */
export async function keepProblems(
  { table }: Pick<Context, "table">,
  { id, createdOn }: Pick<AddressImportItem, "id" | "createdOn">,
  problems: readonly RowProblem[],
  found: keyof typeof FIRST,
): Promise<void> {
  if (problems.length === 0) return;
  const places = new Map<number, number>();
  await table.load(
    problems.map(({ row, column, value, reason }) => {
      const place = places.get(row) ?? FIRST[found];
      places.set(row, place + 1);
      const said: ImportProblem = {
        row,
        ...(column === undefined ? {} : { column: wellFormed(column) }),
        value: wellFormed(value),
        reason: wellFormed(reason),
      };
      return put(ImportProblemItem, { ...said, import: id, place, expiresAtSeconds: endOf(createdOn, IMPORT_DAYS) });
    }),
  );
}
