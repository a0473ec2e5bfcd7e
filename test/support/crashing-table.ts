import type { BulkWrite, Table } from "@cadastre/store/table";

export class Crash extends Error {}

/**
 * A table that dies at its n-th write, as a process does: of a commit nothing is written, of a load the first half, and from
 * then on nothing answers any more. `writes` counts what was asked for, so that a run without a crash tells how many there are.
 */
export function crashAt(table: Table, at: number): Table & { writes(): number } {
  let writes = 0;
  let dead = false;
  const alive = <T>(work: () => Promise<T>): Promise<T> => (dead ? Promise.reject(new Crash("dead")) : work());
  const write = async (work: () => Promise<void>, dying: () => Promise<void>): Promise<void> => {
    if (dead) throw new Crash("dead");
    writes++;
    if (writes !== at) return work();
    dead = true;
    await dying();
    throw new Crash(`at write ${at}`);
  };
  return {
    meter: table.meter,
    get: (entity, key, options) => alive(() => table.get(entity, key, options)),
    getMany: (entity, keys, options) => alive(() => table.getMany(entity, keys, options)),
    query: (entity, query) => alive(() => table.query(entity, query)),
    commit: (all) =>
      write(
        () => table.commit(all),
        async () => {},
      ),
    load: (all: readonly BulkWrite[]) =>
      all.length === 0
        ? Promise.resolve()
        : write(
            () => table.load(all),
            () => table.load(all.slice(0, Math.floor(all.length / 2))),
          ),
    move: (from, to, all) =>
      all.length === 0
        ? Promise.resolve()
        : write(
            () => table.move(from, to, all),
            () => table.move(from, to, all.slice(0, Math.floor(all.length / 2))),
          ),
    ready: () => table.ready(),
    close: () => table.close(),
    writes: () => writes,
  };
}
