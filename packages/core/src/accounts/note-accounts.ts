import { newAccount } from "@cadastre/contract/account";
import { ProblemError } from "@cadastre/contract/errors";
import { create, put } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { inGroups } from "../in-parallel.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { IndexItem } from "../subjects/items.ts";
import type { AccountKey } from "./accounts.ts";
import { AccountItem, AccountOwnerItem } from "./items.ts";
import { owningWrites } from "./owner.ts";
import { accountEntries } from "./subject.ts";

/** Accounts that one commit creates at the most. */
const MOST_ACCOUNTS = 40;

const nameOf = ({ provider, account }: AccountKey) => `${provider}/${account}`;

/**
 * Creates the accounts that a collector reports for the first time, with one audit record (`account.noted`) for each 40 of
 * them. Those that are known stay as they are, at the cost of half a read unit each. Two at once: one creates, the other
 * finds it. Errors: 403 `collector.foreign_account` for one that is another organization's, `request.conflict`. Writes accounts, whose
 * they are, index and audit items.
 */
export async function noteAccounts(context: Context, actor: Actor, keys: readonly AccountKey[]): Promise<void> {
  const distinct = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
  for (const group of inGroups(distinct, MOST_ACCOUNTS)) {
    await retryOnConflict((count) => tryNote(context, actor, group, count > 1));
  }
}

/** Throws 403 `collector.foreign_account` for what is another organization's; of that one nothing is told. */
async function requireOwn({ table, organization }: Context, keys: readonly AccountKey[]): Promise<void> {
  const owners = await table.getMany(
    AccountOwnerItem,
    keys.map((key) => ({ account: nameOf(key) })),
    { consistent: true },
  );
  const foreign = keys.filter((_, at) => owners[at] && owners[at].organization !== organization);
  if (foreign.length === 0) return;
  const detail = `${foreign.map(nameOf).join(", ")} cannot be reported to this organization`;
  throw new ProblemError("collector.foreign_account", detail);
}

async function tryNote(
  context: Context,
  actor: Actor,
  keys: readonly AccountKey[],
  consistent: boolean,
): Promise<void> {
  const known = await context.table.getMany(AccountItem, keys, { consistent });
  const unknown = keys.filter((_, place) => known[place] === undefined);
  const [first] = unknown;
  if (!first) return;
  if (consistent) await requireOwn(context, unknown);
  const at = context.now().toISOString();
  const made = unknown.map(
    ({ provider, account }): AccountItem => ({
      ...newAccount.parse({ provider, account }),
      createdAt: at,
      createdBy: actorName(actor),
      updatedAt: at,
    }),
  );
  // Before the accounts: an entry without its account is shown to nobody.
  await context.table.load(made.flatMap(accountEntries).map((entry) => put(IndexItem, entry)));
  const writes = made.flatMap((account) => [create(AccountItem, account), ...owningWrites(context, account)]);
  await commitRecorded(context, actor, writes, {
    action: "account.noted",
    target: nameOf(first),
    detail: { accounts: unknown.map(nameOf) },
  });
}
