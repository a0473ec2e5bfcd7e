import { type Collector, collector } from "@cadastre/contract/collector";
import { ProblemError } from "@cadastre/contract/errors";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { type Listed, type ListOptions, queryPage } from "../lists.ts";
import { COLLECTORS_PARTITION, CollectorItem, CollectorListItem } from "./items.ts";

/** Answers the ISO time of the collector's last accepted run, or undefined when there was none. */
export type LastSeen = (collector: Collector) => Promise<string | undefined>;

/** What the API shows of a stored collector. */
export function toCollector(stored: Stored<CollectorItem>, lastSeenAt?: string): Collector {
  return collector.parse({ ...stored, ...(lastSeenAt === undefined ? {} : { lastSeenAt }) });
}

/** The stored collector, read strongly. Throws 404 `collector.not_found`. */
export async function readCollector(context: Context, id: string): Promise<Stored<CollectorItem>> {
  const stored = await context.table.get(CollectorItem, { id }, { consistent: true });
  if (!stored) throw new ProblemError("collector.not_found");
  return stored;
}

async function withLastSeen(stored: Stored<CollectorItem>, lastSeen: LastSeen): Promise<Collector> {
  const seen = toCollector(stored);
  return toCollector(stored, await lastSeen(seen));
}

/** One collector. Throws 404 `collector.not_found`. */
export async function getCollector(context: Context, id: string, lastSeen: LastSeen): Promise<Collector> {
  return withLastSeen(await readCollector(context, id), lastSeen);
}

/** All collectors, oldest first, in every state. Throws 422 `cursor.invalid`. */
export async function listCollectors(
  context: Context,
  { limit, cursor, lastSeen }: ListOptions & { lastSeen: LastSeen },
): Promise<Listed<Collector>> {
  const { table } = context;
  const page = await queryPage(table, CollectorListItem, {
    partition: COLLECTORS_PARTITION,
    consistent: true,
    limit,
    cursor,
  });
  const found = await table.getMany(CollectorItem, page.items, { consistent: true });
  const items = await Promise.all(
    found.filter((stored) => stored !== undefined).map((stored) => withLastSeen(stored, lastSeen)),
  );
  return { items, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
}
