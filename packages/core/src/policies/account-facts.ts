import { fromAccountName } from "@cadastre/contract/account";
import type { Stored } from "@cadastre/store/table";
import { ACCOUNTS_PARTITION, AccountItem } from "../accounts/items.ts";
import type { Context } from "../context.ts";
import type { AccountFacts } from "./things.ts";

type Reading = Pick<Context, "table">;

/** One account as it is stored, with what is said of it. */
export async function accountFacts({ table }: Reading, name: string): Promise<Stored<AccountItem> | undefined> {
  return table.get(AccountItem, fromAccountName(name), { consistent: true });
}

/** What is said of all accounts of the context's organisation, or of one. About one read unit for ten of them. */
export async function readAccountFacts(context: Reading, only?: string): Promise<readonly AccountFacts[]> {
  if (only !== undefined) {
    const found = await accountFacts(context, only);
    return found === undefined ? [] : [found];
  }
  const all: AccountFacts[] = [];
  let cursor: string | undefined;
  do {
    const query = { partition: ACCOUNTS_PARTITION, cursor, consistent: true };
    const page = await context.table.query(AccountItem, query);
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}
