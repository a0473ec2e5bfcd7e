import type { AnyEntity, ItemOf } from "@cadastre/store/entity";
import type { Query, Stored, Table } from "@cadastre/store/table";

/** All items that a query finds, page after page: for what is bounded by its nature. */
export async function queryAll<E extends AnyEntity>(
  table: Table,
  entity: E,
  query: Omit<Query, "cursor" | "limit">,
): Promise<Stored<ItemOf<E>>[]> {
  const found: Stored<ItemOf<E>>[] = [];
  let cursor: string | undefined;
  do {
    const page = await table.query(entity, { ...query, cursor });
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}
