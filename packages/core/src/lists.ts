import { ProblemError } from "@cadastre/contract/errors";
import type { AnyEntity, ItemOf } from "@cadastre/store/entity";
import { CursorError } from "@cadastre/store/errors";
import type { Page, Query, Stored, Table } from "@cadastre/store/table";

/** What every list takes: how many at most, and where the page before it ended. */
export interface ListOptions {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What every list answers; there is no more when the cursor is absent. */
export interface Listed<View> {
  readonly items: readonly View[];
  readonly cursor?: string;
}

/** One page of a query. Throws 422 `cursor.invalid` for a cursor that is not of this query. */
export async function queryPage<E extends AnyEntity>(table: Table, entity: E, query: Query): Promise<Page<ItemOf<E>>> {
  try {
    return await table.query(entity, query);
  } catch (error) {
    if (error instanceof CursorError) throw new ProblemError("cursor.invalid", error.message);
    throw error;
  }
}

/** A page whose items are turned into what the API shows. */
export function toListed<Item, View>(page: Page<Item>, toView: (item: Stored<Item>) => View): Listed<View> {
  return { items: page.items.map(toView), ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
}
