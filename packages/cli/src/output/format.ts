import { UsageError } from "../exit-codes.ts";

export const FORMATS = ["table", "wide", "json", "yaml", "csv", "name"] as const;
/**
 * How a result is printed: a table that fits the terminal, one with every column and whole values, the documents of the API, rows
 * for a spreadsheet, or only what commands take for each thing.
 */
export type Format = (typeof FORMATS)[number];

export interface FormatOptions {
  readonly output?: Format;
  /** The older name of `-o json`. */
  readonly json?: boolean;
}

/** The format that is asked for. Throws UsageError for two of them. */
export function formatOf({ output, json }: FormatOptions): Format {
  if (json && output !== undefined && output !== "json") {
    throw new UsageError(`--json and -o ${output} are two formats: give one of them`);
  }
  return output ?? (json ? "json" : "table");
}

/** The format, where not every one makes sense. Throws UsageError for the others: call it before anything is done. */
export function formatAmong(options: FormatOptions, allowed: readonly Format[], what: string): Format {
  const format = formatOf(options);
  if (allowed.includes(format)) return format;
  throw new UsageError(`${what} has no -o ${format}: ${allowed.join(", ")}`);
}
