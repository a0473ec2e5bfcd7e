import { newAccount } from "@cadastre/contract/account";
import { create, put, type Write } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../context.ts";
import { IndexItem } from "../subjects/items.ts";
import type { AccountKey } from "./accounts.ts";
import { AccountItem } from "./items.ts";
import { accountEntries } from "./subject.ts";

/**
 * The writes that create the accounts a collector saw for the first time, none for those that are known. They belong in
 * the commit of what was seen, with its audit record; that commit is refused (`exists`) when another run was faster, and a
 * repeat then finds the account. Loads the index entries of the new ones: an entry without its account is shown to nobody.
 * Reads at the cost of half a unit for each account.
 */
export async function accountSightings(
  context: Context,
  actor: Actor,
  keys: readonly AccountKey[],
): Promise<readonly Write[]> {
  const distinct = [...new Map(keys.map((key) => [`${key.provider}/${key.account}`, key])).values()];
  const known = await context.table.getMany(AccountItem, distinct);
  const at = context.now().toISOString();
  const made = distinct
    .filter((_, index) => known[index] === undefined)
    .map(
      ({ provider, account }): AccountItem => ({
        ...newAccount.parse({ provider, account }),
        createdAt: at,
        createdBy: actorName(actor),
        updatedAt: at,
      }),
    );
  await context.table.load(made.flatMap(accountEntries).map((entry) => put(IndexItem, entry)));
  return made.map((account) => create(AccountItem, account));
}
