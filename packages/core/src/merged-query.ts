import type { AnyEntity, ItemOf } from "@cadastre/store/entity";
import type { SortRange, Stored, Table } from "@cadastre/store/table";

export interface MergedQuery {
  readonly partitions: readonly string[];
  /** Sort keys, both exclusive; the same bounds in every partition. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  /** Greatest sort key first. */
  readonly reverse: boolean;
  /** About how many items the caller will take: how much is read of each partition at a time follows from it. */
  readonly expected: number;
  readonly consistent?: boolean;
}

export interface Merged<Item> {
  readonly sk: string;
  readonly item: Stored<Item>;
}

const SMALLEST = 4;
const LARGEST = 200;

interface Lane<Item> {
  items: readonly Merged<Item>[];
  /** The next of them. */
  at: number;
  /** Where to go on; absent when the partition was read to its end. */
  cursor: string | undefined;
  begun: boolean;
}

/**
 * Items of several partitions as one list, in the order of their sort keys, which must differ between partitions. A log that
 * one partition could not take in is spread over a few and read by this. Costs a read of each partition at the least, and
 * more only of those that run out.
 */
export async function* mergedQuery<E extends AnyEntity>(
  table: Table,
  entity: E,
  query: MergedQuery,
): AsyncGenerator<Merged<ItemOf<E>>> {
  const { partitions, after, before, reverse, expected, consistent = false } = query;
  const sort: SortRange | undefined =
    after === undefined && before === undefined
      ? undefined
      : { ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }) };
  const limit = Math.min(LARGEST, Math.max(SMALLEST, Math.ceil((2 * expected) / partitions.length)));
  const lanes = partitions.map((): Lane<ItemOf<E>> => ({ items: [], at: 0, cursor: undefined, begun: false }));
  const refill = async (lane: Lane<ItemOf<E>>, partition: string) => {
    while (lane.at === lane.items.length && (!lane.begun || lane.cursor !== undefined)) {
      const page = await table.query(entity, {
        partition,
        ...(sort ? { sort } : {}),
        reverse,
        limit,
        consistent,
        cursor: lane.cursor,
      });
      lane.begun = true;
      lane.cursor = page.cursor;
      lane.items = page.items.map((item) => ({ sk: entity.keyOf(item).sk, item }));
      lane.at = 0;
    }
  };
  await Promise.all(lanes.map((lane, at) => refill(lane, partitions[at] as string)));
  for (;;) {
    const first = firstOf(lanes, reverse);
    const lane = lanes[first];
    const next = lane?.items[lane.at];
    if (!lane || !next) return;
    lane.at += 1;
    yield next;
    if (lane.at === lane.items.length) await refill(lane, partitions[first] as string);
  }
}

/** Which lane has the item that comes first; -1 when none has any. There is a look at each lane for each item. */
function firstOf(lanes: readonly Lane<unknown>[], reverse: boolean): number {
  let first = -1;
  let best = "";
  for (let at = 0; at < lanes.length; at++) {
    const lane = lanes[at] as Lane<unknown>;
    const sk = lane.items[lane.at]?.sk;
    if (sk === undefined || (first >= 0 && (reverse ? sk <= best : sk >= best))) continue;
    first = at;
    best = sk;
  }
  return first;
}
