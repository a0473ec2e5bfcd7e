import type { Table } from "@cadastre/store/table";
import type * as fc from "fast-check";

/** A table whose reads and commits happen in the order that the scheduler chooses. */
export function inTurns(table: Table, scheduler: fc.Scheduler): Table {
  const turn = () => scheduler.schedule(Promise.resolve());
  return {
    meter: table.meter,
    get: (entity, key, options) => turn().then(() => table.get(entity, key, options)),
    getMany: (entity, keys, options) => turn().then(() => table.getMany(entity, keys, options)),
    query: (entity, query) => turn().then(() => table.query(entity, query)),
    commit: (writes) => turn().then(() => table.commit(writes)),
    load: (writes) => turn().then(() => table.load(writes)),
    move: (from, to, items) => turn().then(() => table.move(from, to, items)),
    ready: () => table.ready(),
    close: () => table.close(),
  };
}
