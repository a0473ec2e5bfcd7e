import type { AnyEntity, ItemOf, KeyOf } from "./entity.ts";

/**
 * What a stored item looks like when it is read: its own fields, and the version that `replace` and `remove` ask for.
 * Versions are opaque: every commit makes a new one, also where an item was removed and made anew; bulk state has one that
 * follows from its content. No field of an item may be named `version`.
 */
export type Stored<Item> = Item & { readonly version: number };

/**
 * The closed set of things a commit can do. Each refuses by a condition of its own, so that a commit says exactly what it
 * relies on: `create` needs the key to be free (an expired item counts as free), `replace` and `remove` need the version
 * that was read, `check` needs a version, presence or absence and writes nothing, `put` overwrites. `increment` adds a whole
 * number to one numeric field and is never refused: it starts from zero, and where nothing is, the item is made of `key` as it
 * was given, the field and the schema's defaults. So it is only for entities that are no more than that and have no end.
 */
export type Write =
  | { readonly op: "create"; readonly entity: AnyEntity; readonly item: object }
  | { readonly op: "replace"; readonly entity: AnyEntity; readonly item: object; readonly version: number }
  | { readonly op: "put"; readonly entity: AnyEntity; readonly item: object }
  | { readonly op: "remove"; readonly entity: AnyEntity; readonly key: object; readonly version?: number }
  | {
      readonly op: "check";
      readonly entity: AnyEntity;
      readonly key: object;
      readonly is: number | "present" | "absent";
    }
  | {
      readonly op: "increment";
      readonly entity: AnyEntity;
      readonly key: object;
      readonly field: string;
      readonly by: number;
    };

/** Idempotent bulk state: the last write of a key wins, order is not promised, and a repeat changes nothing. */
export type BulkWrite =
  | { readonly op: "put"; readonly entity: AnyEntity; readonly item: object }
  | { readonly op: "remove"; readonly entity: AnyEntity; readonly key: object };

export const COMMIT_LIMIT = 100;

/** Bounds on the sort key. `from` and `to` are inclusive; `after` and `before` are exclusive. */
export type SortRange =
  | { readonly beginsWith: string }
  | { readonly from?: string; readonly to?: string }
  | { readonly after?: string; readonly before?: string };

export interface Query {
  readonly partition: string;
  readonly sort?: SortRange;
  readonly limit?: number;
  readonly cursor?: string | undefined;
  readonly reverse?: boolean;
  /** Strongly consistent read. Costs twice as much. */
  readonly consistent?: boolean;
}

export interface Page<Item> {
  readonly items: readonly Stored<Item>[];
  /** Opaque, URL-safe; absent on the last page. A cursor made for another query is refused with `cursor.invalid`. */
  readonly cursor?: string;
}

/** Capacity units by DynamoDB's published rules, the same on every driver. */
export interface Units {
  readonly read: number;
  readonly write: number;
}

export interface Table {
  get<E extends AnyEntity>(
    entity: E,
    key: KeyOf<E>,
    options?: { consistent?: boolean },
  ): Promise<Stored<ItemOf<E>> | undefined>;
  /** Answers in the order of the keys, `undefined` where nothing is stored. Any number of keys. */
  getMany<E extends AnyEntity>(
    entity: E,
    keys: readonly KeyOf<E>[],
    options?: { consistent?: boolean },
  ): Promise<(Stored<ItemOf<E>> | undefined)[]>;
  /** Items of the entity's type only; a page ends at `limit` or after 1 MB was read, whichever is first. Throws CursorError. */
  query<E extends AnyEntity>(entity: E, query: Query): Promise<Page<ItemOf<E>>>;
  /**
   * All or nothing, at most 100 writes, no two of them on one key. Every item is checked by its schema.
   * Throws ConflictError, InvalidItemError, LimitError or ItemTooLargeError.
   */
  commit(writes: readonly Write[]): Promise<void>;
  /**
   * Any number of writes in batches, unprocessed ones retried with backoff. Not atomic: only for idempotent state. Every item
   * is checked by its schema. Throws InvalidItemError, LimitError, ItemTooLargeError, or BusyError when it may be done in part.
   */
  load(writes: readonly BulkWrite[]): Promise<void>;
  /**
   * Moves items, as they were read, from where one entity has them to where another one of the same schema does. Each is whole in the one place or
   * the other, or for a moment in both, wherever it stops. Not atomic: only for items that nobody else writes. A repeat changes nothing. Throws what
   * `load` throws.
   */
  move<E extends AnyEntity>(from: E, to: AnyEntity, items: readonly Stored<ItemOf<E>>[]): Promise<void>;
  /** Units spent through this table so far. */
  readonly meter: Meter;
  /** Resolves when the table answers; throws with the reason when it does not. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface Meter {
  readonly units: Units;
  /** Runs `work` and answers what it alone spent, also with other work going on (AsyncLocalStorage). */
  measure<T>(work: () => Promise<T>): Promise<{ result: T; units: Units; calls: number }>;
}

/**
 * Why one write of a commit was refused; `index` is its place in the commit. A `check` is always refused as "check"; "busy" means
 * that others held the items or the store for all attempts, and nothing was wrong with the commit.
 */
export interface Refusal {
  readonly index: number;
  readonly reason: "exists" | "missing" | "version" | "check" | "busy";
}

export function create<E extends AnyEntity>(entity: E, item: ItemOf<E>): Write {
  return { op: "create", entity, item };
}

export function replace<E extends AnyEntity>(entity: E, item: ItemOf<E>, version: number): Write {
  return { op: "replace", entity, item, version };
}

export function put<E extends AnyEntity>(entity: E, item: ItemOf<E>): Extract<Write, { op: "put" }> {
  return { op: "put", entity, item };
}

/** Removes at a version, or whatever is there when no version is given (then absence is no error). */
export function remove<E extends AnyEntity>(entity: E, key: KeyOf<E>, version?: number): Write {
  return version === undefined ? { op: "remove", entity, key } : { op: "remove", entity, key, version };
}

export function check<E extends AnyEntity>(entity: E, key: KeyOf<E>, is: number | "present" | "absent"): Write {
  return { op: "check", entity, key, is };
}

/** Adds to a field of an item that is made when it is missing. The key is stored with it, so it has all of the key's fields. */
export function increment<E extends AnyEntity>(
  entity: E,
  key: KeyOf<E>,
  field: Exclude<keyof ItemOf<E>, keyof KeyOf<E>> & string,
  by: number,
): Write {
  return { op: "increment", entity, key, field, by };
}
