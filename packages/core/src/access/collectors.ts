import { type Collector, collector } from "@cadastre/contract/collector";
import { ProblemError } from "@cadastre/contract/errors";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
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
  if (stored?.organization !== context.organization) throw new ProblemError("collector.not_found");
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

export interface CollectorFilter {
  readonly state?: Collector["state"] | undefined;
}

/** Collectors, oldest first, all or those in a state. Throws 422 `cursor.invalid`. */
export function listCollectors(
  context: Context,
  { limit, cursor, state, lastSeen }: ListOptions & CollectorFilter & { lastSeen: LastSeen },
): Promise<Listed<Collector>> {
  const { table } = context;
  return selectPage(
    context,
    {
      list: "collectors",
      filters: { state },
      entity: CollectorListItem,
      partition: COLLECTORS_PARTITION,
      async select(items) {
        const found = await table.getMany(CollectorItem, items, { consistent: true });
        const isWanted = (stored: Stored<CollectorItem>) => state === undefined || stored.state === state;
        return Promise.all(
          found.map(async (stored) => (stored && isWanted(stored) ? withLastSeen(stored, lastSeen) : undefined)),
        );
      },
    },
    { limit, cursor },
  );
}
