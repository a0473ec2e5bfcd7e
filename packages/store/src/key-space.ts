import type { AnyEntity } from "./entity.ts";
import type { Query, Table } from "./table.ts";

/** The whole table of a part, and the parts of a whole table. */
const WHOLES = new WeakMap<Table, Table>();
const PARTS = new WeakMap<Table, Map<string, Table>>();

/** The entity as it stands in a key space: the same item under a longer key. Made once for each. */
function createEntities(prefix: string): (entity: AnyEntity) => AnyEntity {
  const made = new WeakMap<AnyEntity, AnyEntity>();
  return function inSpace(entity) {
    if (entity.global) return entity;
    const known = made.get(entity);
    if (known) return known;
    const { keyOf, fromKey } = entity;
    const placed: AnyEntity = {
      ...entity,
      keyOf(input) {
        const { pk, sk } = keyOf(input);
        return { pk: prefix + pk, sk };
      },
      ...(fromKey && { fromKey: ({ pk, sk }) => fromKey({ pk: pk.slice(prefix.length), sk }) }),
    };
    made.set(entity, placed);
    return placed;
  };
}

function createPart(whole: Table, prefix: string): Table {
  const inSpace = createEntities(prefix);
  const placed = <Some extends { readonly entity: AnyEntity }>(writes: readonly Some[]): Some[] =>
    writes.map((write) => ({ ...write, entity: inSpace(write.entity) }));
  return {
    get: (entity, key, options) => whole.get(inSpace(entity) as typeof entity, key, options),
    getMany: (entity, keys, options) => whole.getMany(inSpace(entity) as typeof entity, keys, options),
    query(entity, query: Query) {
      const partition = entity.global ? query.partition : prefix + query.partition;
      return whole.query(inSpace(entity) as typeof entity, { ...query, partition });
    },
    commit: (writes) => whole.commit(placed(writes)),
    load: (writes) => whole.load(placed(writes)),
    move: (from, to, items) => whole.move(inSpace(from) as typeof from, inSpace(to), items),
    meter: whole.meter,
    ready: () => whole.ready(),
    close: () => whole.close(),
  };
}

/**
 * The part of a table whose partition keys begin with a prefix: what is written through it is there, and nothing else can be read,
 * whatever key is asked for. Items of global entities are the same in all parts. The empty prefix is the table itself, and a part
 * of a part is a part of the whole. Prefixes must be of one length and no beginning of a partition of the whole table. Costs nothing but
 * the bytes of the prefix; meter, readiness and end are those of the table.
 */
export function inKeySpace(table: Table, prefix: string): Table {
  const whole = WHOLES.get(table) ?? table;
  if (prefix === "") return whole;
  const parts = PARTS.get(whole) ?? new Map<string, Table>();
  PARTS.set(whole, parts);
  const part = parts.get(prefix) ?? createPart(whole, prefix);
  parts.set(prefix, part);
  WHOLES.set(part, whole);
  return part;
}
