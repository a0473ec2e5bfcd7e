import { ProblemError } from "@cadastre/contract/errors";
import { create, remove } from "@cadastre/store/table";
import type { Actor, Context } from "../context.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { commitRecorded } from "./commit-recorded.ts";
import { PersonErasedItem, PersonKeyItem } from "./person-keys.ts";

/**
 * Erases a person's data from the audit log of an organization, for good, by destroying the key that it is sealed with: the records stay as they were sealed,
 * with the person's id. From then on nothing of the person is kept in records. Done again it changes nothing. Throws 404
 * `audit.person_not_found` for who never acted and was never spoken of. Writes a mark in place of the key, and one record.
 */
export async function erasePerson(
  context: Context,
  actor: Actor,
  person: string,
): Promise<{ person: string; erasedAt: string }> {
  return retryOnConflict(async () => {
    const { table, now } = context;
    const [key, erased] = await Promise.all([
      table.get(PersonKeyItem, { person }, { consistent: true }),
      table.get(PersonErasedItem, { person }, { consistent: true }),
    ]);
    if (erased) return { person, erasedAt: erased.at };
    if (!key) throw new ProblemError("audit.person_not_found");
    const at = now().toISOString();
    const writes = [remove(PersonKeyItem, { person }, key.version), create(PersonErasedItem, { person, at })];
    await commitRecorded(context, actor, writes, { action: "audit.erase", target: person });
    return { person, erasedAt: at };
  });
}
