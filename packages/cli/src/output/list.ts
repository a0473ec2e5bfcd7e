import type { Screen } from "./screen.ts";
import { type Column, renderTable } from "./table.ts";
import { neutralise, toCount, toJson } from "./text.ts";

/** The most that the API puts on one page. */
const MOST_PAGE = 200;
export const DEFAULT_ROWS = 50;

export interface ListOptions {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly limit?: number;
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
}

/** At most `limit` items, and whether there is one more. */
async function take<Item>(items: AsyncIterable<Item>, limit: number, each: (item: Item) => Promise<void>) {
  let count = 0;
  for await (const item of items) {
    if (count === limit) return { count, more: true };
    await each(item);
    count += 1;
  }
  return { count, more: false };
}

/** Prints a list: a table, or with `json` an array. The first 50 items, `limit` of them, or all. Reads pages as it needs them. */
export async function printList<Item>(output: ListOutput<Item>): Promise<void> {
  const { stdout, stderr, options, columns, noun } = output;
  const limit = options.all ? Number.POSITIVE_INFINITY : (options.limit ?? DEFAULT_ROWS);
  const items = output.items(Math.min(MOST_PAGE, limit + 1));
  const { count, more } = options.json
    ? await printJson(stdout, items, limit)
    : await printTable(stdout, items, limit, columns);
  if (count === 0 && !options.json) await stderr.write(`no ${neutralise(noun)}\n`);
  if (more) await stderr.write(`the first ${toCount(count)}; there are more: --all, or --limit N\n`);
}

/** An item at a time, so that a long list needs no memory. */
async function printJson<Item>(stdout: Screen, items: AsyncIterable<Item>, limit: number) {
  let before = "[\n";
  const taken = await take(items, limit, async (item) => {
    await stdout.write(`${before}${toJson(item)}`);
    before = ",\n";
  });
  await stdout.write(taken.count === 0 ? "[]\n" : "\n]\n");
  return taken;
}

async function printTable<Item>(
  stdout: Screen,
  items: AsyncIterable<Item>,
  limit: number,
  columns: readonly Column<Item>[],
) {
  const rows: Item[] = [];
  const taken = await take(items, limit, async (item) => {
    rows.push(item);
  });
  if (rows.length > 0) await stdout.write(renderTable(columns, rows, stdout));
  return taken;
}
