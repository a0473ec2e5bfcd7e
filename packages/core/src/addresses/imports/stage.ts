import { put } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { type ConvertedRow, convertRows } from "../transfer/convert/convert-rows.ts";
import type { PrefixRow, RowKind } from "../transfer/convert/records.ts";
import { FileProblem } from "../transfer/file-problem.ts";
import { readRows } from "../transfer/read/read-rows.ts";
import { type RowProblem, rowProblem } from "../transfer/row.ts";
import { fileBytes } from "./file.ts";
import { type AddressImportItem, endOf, FILE_DAYS, ImportRowItem } from "./items.ts";
import { keepProblems } from "./problems.ts";

/** Rows that are written together. */
const AT_ONCE = 500;
const MOST_LEVELS = 100;
const MOST_CHARACTERS = 64 * 1024;

/** Whether a value can be kept: no half of a character in it, and nothing that walks it runs out of its stack. */
function isStorable(value: unknown, levels = MOST_LEVELS): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  return (
    levels > 0 && Object.entries(value).every(([name, member]) => name.isWellFormed() && isStorable(member, levels - 1))
  );
}

const NOT_TAKEN: Readonly<Record<Exclude<RowKind, "prefix">, string>> = {
  range: "ranges of addresses are not imported from files",
  vlan: "VLANs are not imported from files",
  vrf: "a VRF is an address space: make a space for each, then import its prefixes with `vrf`",
};

/** Rows as they are kept, and what is wrong with others. Throws FileProblem for a file of another kind. */
function judgeForm(rows: readonly ConvertedRow[]): { readonly good: PrefixRow[]; readonly problems: RowProblem[] } {
  const good: PrefixRow[] = [];
  const problems: RowProblem[] = [];
  for (const one of rows) {
    if ("problems" in one) {
      problems.push(...one.problems);
      continue;
    }
    const { record } = one;
    if (record.kind !== "prefix") throw new FileProblem("unknown_form", NOT_TAKEN[record.kind], { row: record.row });
    if (!isStorable(record))
      problems.push(
        rowProblem(record.row, undefined, "", "has half of a character, or is nested deeper than 100 levels"),
      );
    else if (JSON.stringify(record).length > MOST_CHARACTERS)
      problems.push(
        rowProblem(record.row, undefined, "", `says more than ${MOST_CHARACTERS} characters of one prefix`),
      );
    else good.push(record);
  }
  return { good, problems };
}

/** How many rows were looked at, also of those before; of how many some were kept, and refused. */
export interface Staged {
  readonly seen: number;
  readonly kept: number;
  readonly refused: number;
  readonly problems: number;
  readonly isWhole: boolean;
  readonly format: string | undefined;
  readonly ignored: readonly string[];
}

/**
 * Reads the file of an import and keeps its rows in the order of addresses: those after so many that were kept before, as many as one step
 * takes. What is held at a time is some rows. Throws FileProblem. Writes row and problem items; a repeat writes the same.
 */
export async function stageRows(
  context: Context,
  item: AddressImportItem,
  { after, most }: { readonly after: number; readonly most: number },
): Promise<Staged> {
  const { format, sheet, vrf, columns } = item.settings;
  const rows = readRows(fileBytes(context, item), { sheet });
  const conversion = convertRows(rows, { columns: Object.fromEntries(columns), format, vrf });
  const expiresAtSeconds = endOf(item.createdOn, FILE_DAYS);
  let [seen, kept, refused, count] = [0, 0, 0, 0];
  let isWhole = true;
  let batch: ConvertedRow[] = [];
  const flush = async (): Promise<void> => {
    const { good, problems } = judgeForm(batch);
    batch = [];
    await context.table.load(
      good.map((record) =>
        put(ImportRowItem, {
          import: item.id,
          prefix: record.prefix,
          row: record.row,
          said: JSON.stringify(record),
          expiresAtSeconds,
        }),
      ),
    );
    await keepProblems(context, item, problems, "form");
    kept += good.length;
    refused += new Set(problems.map(({ row }) => row)).size;
    count += problems.length;
  };
  for await (const one of conversion.rows) {
    seen += 1;
    if (seen <= after) continue;
    if (seen > after + most) {
      seen -= 1;
      isWhole = false;
      break;
    }
    batch.push(one);
    if (batch.length === AT_ONCE) await flush();
  }
  await flush();
  const about = conversion.about();
  return { seen, kept, refused, problems: count, isWhole, format: about?.format, ignored: about?.ignored ?? [] };
}
