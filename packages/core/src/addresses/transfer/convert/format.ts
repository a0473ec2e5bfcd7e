import type { RowKind } from "./records.ts";

/** The text of a column of the row, by its name as `columnKey` has it, or "". */
export type Cells = (column: string) => string;

/** A form that a program exports its data in: which columns tell it, and what they mean. Columns are named as by `columnKey`. */
export interface Format {
  readonly name: string;
  readonly kind: RowKind;
  /** It is this form when the file has all columns of one of these lists. */
  readonly marks: readonly (readonly string[])[];
  /** Member → the columns that may say it, the best one first. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Member, or `vrf` → what its column's text is here. */
  readonly read?: Readonly<Record<string, (text: string, cells: Cells) => string>>;
  /** Rows that stand for nothing here. */
  readonly passesOver?: (cells: Cells) => boolean;
  /** The columns that say in which VRF something is, the best one first. */
  readonly vrf?: readonly string[];
}

/** A column's name without what programs write differently: `External ID` and `external_id` are `externalid`. */
export function columnKey(column: string): string {
  return column.toLowerCase().replace(/[\s_-]+/g, "");
}

/** "10.0.0.1/24" is the address 10.0.0.1 here: what is behind the slash is its network's length. */
export const withoutMask = (text: string): string => text.split("/")[0] ?? "";
