import { AccountItem } from "@cadastre/core/accounts/items";
import { accountEntries } from "@cadastre/core/accounts/subject";
import type { Context } from "@cadastre/core/context";
import { CountItem, createCountSums } from "@cadastre/core/register/counts";
import { countedOf, indexedAs, resourceEntries } from "@cadastre/core/register/entries";
import { ResourceItem } from "@cadastre/core/register/items";
import { SaidItem } from "@cadastre/core/said/items";
import { IndexItem } from "@cadastre/core/subjects/items";
import { ownerEntries } from "@cadastre/core/subjects/keys";
import type { AnyEntity, ItemOf } from "@cadastre/store/entity";
import type { BulkWrite, Table, Write } from "@cadastre/store/table";

const partitionsOf = new WeakMap<Table, Map<string, Set<string>>>();

/** The same table, which remembers the partitions that were written of each type of item: there is no scan to find them by. */
export function remembering(table: Table): Table {
  const partitions = new Map<string, Set<string>>();
  const note = (writes: readonly (Write | BulkWrite)[]) => {
    for (const write of writes) {
      const key = write.entity.keyOf("item" in write ? write.item : write.key);
      const known = partitions.get(write.entity.type) ?? new Set();
      partitions.set(write.entity.type, known.add(key.pk));
    }
  };
  const wrapped: Table = {
    meter: table.meter,
    get: (entity, key, options) => table.get(entity, key, options),
    getMany: (entity, keys, options) => table.getMany(entity, keys, options),
    query: (entity, query) => table.query(entity, query),
    commit: (writes) => {
      note(writes);
      return table.commit(writes);
    },
    load: (writes) => {
      note(writes);
      return table.load(writes);
    },
    move: (from, to, items) => {
      note(items.map((item) => ({ op: "put", entity: to, item })));
      return table.move(from, to, items);
    },
    ready: () => table.ready(),
    close: () => table.close(),
  };
  partitionsOf.set(wrapped, partitions);
  return wrapped;
}

/** Every stored item of a type, through a table that remembers. */
export async function allOf<E extends AnyEntity>(context: Context, entity: E): Promise<ItemOf<E>[]> {
  const partitions = partitionsOf.get(context.table);
  if (!partitions) throw new Error("only the context of createTestContext knows what was written");
  const items: ItemOf<E>[] = [];
  for (const partition of partitions.get(entity.type) ?? []) {
    let cursor: string | undefined;
    do {
      const page = await context.table.query(entity, { partition, cursor, consistent: true });
      items.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
  return items;
}

/**
 * The index compared with what the stored subjects say: `missing` are entries that a subject should have, `stray` those that
 * none has. Nothing may ever be missing; strays are left only by what was interrupted or lost a race after it
 * had loaded them for a resource that it then did not make, and shown to nobody.
 */
export async function indexDump(context: Context): Promise<{ missing: string[]; stray: string[]; entries: number }> {
  const toText = ({ p, s }: { p: string; s: string }) => `${p}  ${s}`;
  const expected = [
    ...(await allOf(context, ResourceItem)).flatMap((resource) => resourceEntries(resource)),
    ...(await allOf(context, AccountItem)).flatMap(accountEntries),
  ];
  const owners = (await allOf(context, SaidItem)).map(({ subject: { key }, owner }) => ({ key, owner }));
  for (const { key, owner } of owners) {
    const resource = await context.table.get(ResourceItem, { idHash: key });
    if (resource) expected.push(...ownerEntries(indexedAs(resource), owner));
  }
  const stored = new Set((await allOf(context, IndexItem)).map(toText));
  const wanted = new Set(expected.map(toText));
  return {
    missing: [...wanted].filter((entry) => !stored.has(entry)),
    stray: [...stored].filter((entry) => !wanted.has(entry)),
    entries: stored.size,
  };
}

/** What the counters say, summed over their slots, and a full recount of the resources: to be equal. */
export async function countDump(context: Context): Promise<{ stored: object; expected: object }> {
  const sum = (
    counters: readonly { family: string; status: string; place: string; kind: string; whose: string; n: number }[],
  ) => {
    const sums = new Map<string, number>();
    for (const { family, status, place, kind, whose, n } of counters) {
      const name = [family, status, place, kind, whose].join(" ");
      sums.set(name, (sums.get(name) ?? 0) + n);
    }
    return Object.fromEntries([...sums].filter(([, n]) => n !== 0).sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const stored = await allOf(context, CountItem);
  const sums = createCountSums();
  for (const resource of await allOf(context, ResourceItem)) sums.add({ after: countedOf(resource) });
  const recounted = sums.writes().map((write) => {
    if (write.op !== "increment") throw new Error("counts are increments");
    return { ...(write.key as ItemOf<typeof CountItem>), n: write.by };
  });
  return { stored: sum(stored), expected: sum(recounted) };
}
