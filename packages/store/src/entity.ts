import type * as z from "zod";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/**
 * Describes one type of item: its schema, how its key is built, and its sparse indexes. Binary fields are `Uint8Array`.
 * Items go through the schema when they are written and when they are read, so it must take its own output (no transforms).
 * `expires` names an ISO-time or epoch-seconds field after which the item counts as gone, whether or not it was deleted.
 */
export interface EntityDefinition<Schema extends z.ZodType<object>, KeyInput> {
  /** Unique name, kept in each item so that a mixed partition can be told apart. */
  readonly type: string;
  readonly schema: Schema;
  readonly key: { readonly partition: (input: KeyInput) => string; readonly sort: (input: KeyInput) => string };
  /** An index key is absent when the item does not belong in that index. */
  readonly indexes?: Readonly<Record<string, (item: z.output<Schema>) => Key | undefined>>;
  /** Name of the field with the time at which the item ends: epoch seconds, or an ISO time. */
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

// DynamoDB's rule for the name of an index.
const INDEX_NAME = /^[A-Za-z0-9_.-]{3,255}$/;

/** Describes an entity; registers nothing and writes nothing. The item must carry every field that its key is built of. */
export function defineEntity<Schema extends z.ZodType<object>, KeyInput>(
  definition: EntityDefinition<Schema, KeyInput> & (z.output<Schema> extends KeyInput ? unknown : never),
): Entity<Schema, KeyInput> {
  const { partition, sort } = definition.key;
  for (const index of Object.keys(definition.indexes ?? {})) {
    if (INDEX_NAME.test(index)) continue;
    throw new TypeError(
      `entity ${definition.type} has index "${index}"; allowed: 3 to 255 letters, digits, "_", "." and "-"`,
    );
  }
  return { ...definition, keyOf: (input) => ({ pk: partition(input), sk: sort(input) }) };
}
