import { defineEntity } from "@cadastre/store/entity";
import { ConflictError } from "@cadastre/store/errors";
import { check, create, type Table } from "@cadastre/store/table";
import * as z from "zod";
import { newSealKey } from "../sealed-text.ts";

const partition = ({ person }: { person: string }) => `person-key#${person}`;

export const PersonKeyItem = defineEntity({
  type: "person-key",
  about:
    "What a person's data in audit records of an organization is sealed with. Removed, the data is gone for good, and the records stay as they are",
  schema: z.object({ person: z.string(), key: z.string() }),
  key: { partition, sort: () => "key" },
  erased: true,
});

export const PersonErasedItem = defineEntity({
  type: "person-erased",
  about: "That a person's data was erased: none is kept in audit records from then on",
  schema: z.object({ person: z.string(), at: z.iso.datetime() }),
  key: { partition, sort: () => "erased" },
});

/** Keys of persons that a process has sealed with, by table. Whoever seals with one that is gone by now writes what nobody can read. */
const KNOWN = new WeakMap<Table, Map<string, string>>();
const MOST_KNOWN = 1000;

async function findOrMake(table: Table, person: string): Promise<string | undefined> {
  for (;;) {
    const [stored, erased] = await Promise.all([
      table.get(PersonKeyItem, { person }, { consistent: true }),
      table.get(PersonErasedItem, { person }, { consistent: true }),
    ]);
    if (stored) return stored.key;
    if (erased) return undefined;
    const key = newSealKey();
    try {
      await table.commit([create(PersonKeyItem, { person, key }), check(PersonErasedItem, { person }, "absent")]);
      return key;
    } catch (error) {
      // Another writer made one, or erased it: what is there now counts.
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/**
 * The key that a person's data is sealed with, made when there is none; none of a person whose data was erased. Reads it once for a process.
 * Writes a key once for each person, in a commit of its own.
 */
export async function keyToSeal(table: Table, person: string): Promise<string | undefined> {
  const known = KNOWN.get(table) ?? new Map<string, string>();
  KNOWN.set(table, known);
  const found = known.get(person) ?? (await findOrMake(table, person));
  if (found === undefined) return undefined;
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string);
  known.set(person, found);
  return found;
}
