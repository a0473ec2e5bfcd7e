import type * as z from "zod";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/**
 * Describes one type of item: its schema and how its key is built. Binary fields are `Uint8Array`. Items go through the schema
 * when they are written and when they are read, so it must take its own output (no transforms).
 */
export interface EntityDefinition<Schema extends z.ZodType<object>, KeyInput> {
  /** Unique name, kept in each item so that a mixed partition can be told apart. */
  readonly type: string;
  readonly schema: Schema;
  readonly key: { readonly partition: (input: KeyInput) => string; readonly sort: (input: KeyInput) => string };
  /**
   * Fields that the key already says: they are not stored a second time, and are made of the key when an item is read. An item
   * whose fields are not what its key says is refused, so no field may be named here that the item can have otherwise.
   */
  readonly fromKey?: (key: Key) => Partial<z.output<Schema>>;
  /**
   * Whether an item's fields are stored together, as one compressed attribute, where that saves a write unit: for items with much
   * text. Readers see no difference. Such an item cannot be incremented.
   */
  readonly packed?: boolean;
  /**
   * Whether an item that is removed leaves nothing on the disk of a driver that has one: neither in the file's free space nor in
   * its log. For ciphertexts and the like, which change seldom.
   */
  readonly erased?: boolean;
  /**
   * In no key space: one item for all of them, read before it is known which one is asked for. Who reads such an item by what a
   * caller gave compares whose it is.
   */
  readonly global?: boolean;
  /** Name of the field with the time at which the item ends, deleted or not: epoch seconds, or an ISO time. */
  readonly expires?: keyof z.output<Schema> & string;
  /** One line for docs/access-patterns.md: what is read by this key, and who writes it. */
  readonly about: string;
}

export interface Entity<Schema extends z.ZodType<object>, KeyInput> extends EntityDefinition<Schema, KeyInput> {
  readonly keyOf: (input: KeyInput) => Key;
}

// biome-ignore lint/suspicious/noExplicitAny: an entity of any schema and key, as tables and drivers see it.
export type AnyEntity = Entity<any, any>;
export type ItemOf<E> = E extends Entity<infer Schema, infer _> ? z.output<Schema> : never;
export type KeyOf<E> = E extends Entity<infer _, infer KeyInput> ? KeyInput : never;

/** Describes an entity; registers nothing and writes nothing. The item must carry every field that its key is built of. */
export function defineEntity<Schema extends z.ZodType<object>, KeyInput>(
  definition: EntityDefinition<Schema, KeyInput> & (z.output<Schema> extends KeyInput ? unknown : never),
): Entity<Schema, KeyInput> {
  const { partition, sort } = definition.key;
  return { ...definition, keyOf: (input) => ({ pk: partition(input), sk: sort(input) }) };
}
