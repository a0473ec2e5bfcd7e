import type { AnyEntity } from "@cadastre/store/entity";
import type { Table } from "@cadastre/store/table";
import { tableWith } from "./table-with.ts";

interface Past {
  readonly item: unknown;
  readonly at: number;
}

/**
 * A table whose eventually consistent reads are as old as they may be: whenever `isLate` says so, an item is answered as it
 * was before its last write, for as long as not `lag` more writes have been made. Consistent reads and conditions are not late.
 */
export function laggingTable(table: Table, options: { readonly lag: number; readonly isLate: () => boolean }): Table {
  const past = new Map<string, Past>();
  let writes = 0;
  const nameOf = (entity: AnyEntity, key: object) => {
    const { pk, sk } = entity.keyOf(key);
    return `${pk}\n${sk}`;
  };

  async function remember(entity: AnyEntity, key: object): Promise<void> {
    past.set(nameOf(entity, key), { item: await table.get(entity, key, { consistent: true }), at: writes });
  }

  /** The item as a replica may still have it. */
  function replica<T>(entity: AnyEntity, key: object, item: T): T {
    const before = past.get(nameOf(entity, key));
    if (!before || writes - before.at > options.lag || !options.isLate()) return item;
    return before.item as T;
  }

  return tableWith(table, {
    async get(entity, key, how) {
      const item = await table.get(entity, key, how);
      return how?.consistent ? item : replica(entity, key as object, item);
    },
    async getMany(entity, keys, how) {
      const items = await table.getMany(entity, keys, how);
      return how?.consistent ? items : items.map((item, at) => replica(entity, keys[at] as object, item));
    },
    async query(entity, query) {
      const page = await table.query(entity, query);
      if (query.consistent) return page;
      return { ...page, items: page.items.flatMap((item) => replica(entity, item, item) ?? []) };
    },
    async commit(all) {
      writes++;
      for (const write of all) {
        if (write.op !== "check") await remember(write.entity, "item" in write ? write.item : write.key);
      }
      return table.commit(all);
    },
    async load(all) {
      writes++;
      for (const write of all) await remember(write.entity, "item" in write ? write.item : write.key);
      return table.load(all);
    },
  });
}
