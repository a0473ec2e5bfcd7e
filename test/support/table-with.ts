import type { Table } from "@cadastre/store/table";

/** The table with some of its operations in another's hands. */
export function tableWith(table: Table, operations: Partial<Table>): Table {
  return {
    meter: table.meter,
    get: (entity, key, options) => table.get(entity, key, options),
    getMany: (entity, keys, options) => table.getMany(entity, keys, options),
    query: (entity, query) => table.query(entity, query),
    commit: (writes) => table.commit(writes),
    load: (writes) => table.load(writes),
    move: (from, to, items) => table.move(from, to, items),
    ready: () => table.ready(),
    close: () => table.close(),
    ...operations,
  };
}
