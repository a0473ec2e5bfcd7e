import { UsageError } from "../exit-codes.ts";
import { findColumn, type Order, sortRows, toOrder } from "./columns.ts";
import { csvEncoder, type Encoder, jsonEncoder, nameEncoder, yamlEncoder } from "./encode.ts";
import { type Format, type FormatOptions, formatOf } from "./format.ts";
import type { Screen } from "./screen.ts";
import { type Column, renderTable } from "./table.ts";
import { neutralise, toCount } from "./text.ts";
import { keepWatching } from "./watch-list.ts";

/** The most that the API puts on one page. */
const MOST_PAGE = 200;
export const DEFAULT_ROWS = 50;

export interface ListOptions extends FormatOptions {
  readonly all?: boolean;
  readonly limit?: number;
  /** Names of columns, in the order in which they are shown. */
  readonly columns?: readonly string[];
  /** Names of columns, `-` before one that goes downwards. */
  readonly order?: readonly string[];
  /** Seconds between two looks. */
  readonly watch?: number;
}

export interface ListOutput<Item> {
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly options: ListOptions;
  readonly columns: readonly Column<Item>[];
  /** What there is none of, for an empty list: `collectors`. */
  readonly noun: string;
  /** All items; `pageSize` is how many are asked for at once. */
  readonly items: (pageSize: number) => AsyncIterable<Item>;
  onInterrupt(this: void, first: () => void): void;
}

/** A list as it is asked for: everything that can be wrong about that is found before anything is sent. */
interface Plan<Item> {
  readonly format: Format;
  readonly limit: number;
  /** Undefined unless `--columns` says which. */
  readonly picked: readonly Column<Item>[] | undefined;
  readonly order: readonly Order<Item>[];
}

function planOf<Item>({ options, columns }: Pick<ListOutput<Item>, "options" | "columns">): Plan<Item> {
  const format = formatOf(options);
  if (options.watch !== undefined && format !== "table" && format !== "wide") {
    throw new UsageError(`--watch shows a table: leave out -o ${format}`);
  }
  return {
    format,
    limit: options.all ? Number.POSITIVE_INFINITY : (options.limit ?? DEFAULT_ROWS),
    picked: options.columns?.map((name) => findColumn(columns, name)),
    order: toOrder(columns, options.order ?? []),
  };
}

function encoderOf<Item>({ format, picked }: Plan<Item>, columns: readonly Column<Item>[]): Encoder<Item> | undefined {
  if (format === "json") return jsonEncoder(picked);
  if (format === "yaml") return yamlEncoder(picked);
  if (format === "csv") return csvEncoder(picked ?? columns);
  return format === "name" ? nameEncoder(picked ?? columns) : undefined;
}

/** At most `limit` items, and whether there is one more. */
async function take<Item>(items: AsyncIterable<Item>, limit: number, each: (item: Item, index: number) => unknown) {
  let count = 0;
  for await (const item of items) {
    if (count === limit) return { count, more: true };
    await each(item, count);
    count += 1;
  }
  return { count, more: false };
}

async function collect<Item>(items: AsyncIterable<Item>, { limit, order }: Plan<Item>) {
  const rows: Item[] = [];
  const { more } = await take(items, limit, (item) => rows.push(item));
  return { rows: sortRows(rows, order), more };
}

function tableOf<Item>(plan: Plan<Item>, columns: readonly Column<Item>[], rows: readonly Item[], screen: Screen) {
  if (rows.length === 0) return "";
  const whole = plan.format === "wide";
  if (plan.picked) {
    // What is asked for by its name is shown, also when nothing has a value.
    const asked = plan.picked.map((column) => ({ ...column, optional: false, wide: false, spare: false }));
    return renderTable(asked, rows, screen, { whole });
  }
  return renderTable(columns, rows, screen, { whole });
}

async function writeEncoded<Item>(stdout: Screen, encoder: Encoder<Item>, items: AsyncIterable<Item>, limit: number) {
  if (encoder.head !== "") await stdout.write(encoder.head);
  const taken = await take(items, limit, (item, index) => stdout.write(encoder.item(item, index)));
  const foot = encoder.foot(taken.count);
  if (foot !== "") await stdout.write(foot);
  return taken;
}

async function* fromRows<Item>(rows: readonly Item[]): AsyncGenerator<Item> {
  yield* rows;
}

/**
 * Prints a list in the format that is asked for: the first 50 items, `limit` of them, or all. Reads pages as it needs them. With
 * `order` what is shown is sorted; with `watch` a table is shown again and again until Ctrl-C. Throws UsageError for a
 * column that is not there, before anything is sent.
 */
export async function printList<Item>(output: ListOutput<Item>): Promise<void> {
  const { stdout, stderr, options, columns, noun, items } = output;
  const plan = planOf(output);
  const pageSize = Math.min(MOST_PAGE, plan.limit + 1);
  if (options.watch !== undefined) {
    const draw = async () => {
      const { rows } = await collect(items(pageSize), plan);
      return tableOf(plan, columns, rows, stdout) || `no ${neutralise(noun)}\n`;
    };
    return keepWatching({ ...output, seconds: options.watch, draw });
  }
  const encoder = encoderOf(plan, columns);
  let shown: { readonly count: number; readonly more: boolean };
  if (encoder && plan.order.length === 0) {
    shown = await writeEncoded(stdout, encoder, items(pageSize), plan.limit);
  } else {
    const { rows, more } = await collect(items(pageSize), plan);
    shown = { count: rows.length, more };
    if (encoder) await writeEncoded(stdout, encoder, fromRows(rows), plan.limit);
    else if (rows.length > 0) await stdout.write(tableOf(plan, columns, rows, stdout));
  }
  if (shown.count === 0 && !encoder) await stderr.write(`no ${neutralise(noun)}\n`);
  if (shown.more) {
    const first =
      plan.order.length > 0
        ? `the first ${toCount(shown.count)}, sorted among themselves`
        : `the first ${toCount(shown.count)}`;
    await stderr.write(`${first}; there are more: --all, or --limit N\n`);
  }
}

/** Prints a list that is whole already: all of it, however long. */
export function printAll<Item>({
  items,
  ...output
}: Omit<ListOutput<Item>, "items"> & { readonly items: readonly Item[] }): Promise<void> {
  return printList({ ...output, options: { ...output.options, all: true }, items: () => fromRows(items) });
}
