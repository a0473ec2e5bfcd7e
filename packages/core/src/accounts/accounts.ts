import { type Account, type AccountPatch, account, accountNameOf, type NewAccount } from "@cadastre/contract/account";
import { ProblemError } from "@cadastre/contract/errors";
import type { Provider } from "@cadastre/contract/scope";
import { create, remove, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { hasValues, type Listed, type ListOptions, selectPage } from "../lists.ts";
import { isVisible, requirePlace } from "../restriction.ts";
import { isTaken, retryOnConflict } from "../retry-on-conflict.ts";
import { indexWrites } from "../subjects/index-writes.ts";
import { ACCOUNTS_PARTITION, AccountItem } from "./items.ts";
import { disowningWrites, owningWrites } from "./owner.ts";
import { accountEntries } from "./subject.ts";

export interface AccountKey {
  readonly provider: Provider;
  readonly account: string;
}

const toView = (stored: Stored<AccountItem>): Account => account.parse(stored);

async function read(context: Context, key: AccountKey): Promise<Stored<AccountItem>> {
  const stored = await context.table.get(AccountItem, key, { consistent: true });
  if (!stored || !isVisible(context, stored)) throw new ProblemError("account.not_found");
  return stored;
}

/** Creates an account. Throws 409 `account.exists`, 403 `auth.forbidden`. Writes it, its index entries and one audit record. */
export async function createAccount(context: Context, actor: Actor, input: NewAccount): Promise<Account> {
  requirePlace(context, input);
  const now = context.now();
  const at = now.toISOString();
  const made: AccountItem = { ...input, createdAt: at, createdBy: actorName(actor), updatedAt: at };
  await retryOnConflict(async () => {
    try {
      const writes = [
        create(AccountItem, made),
        ...owningWrites(context, input),
        ...indexWrites([], accountEntries(made)),
      ];
      await commitRecorded(context, actor, writes, {
        action: "account.create",
        target: accountNameOf(input),
        changes: changesBetween(undefined, input),
      });
    } catch (error) {
      if (isTaken(error, 0)) throw new ProblemError("account.exists", `${accountNameOf(input)} exists`);
      if (isTaken(error, 1))
        throw new ProblemError("account.exists", `${accountNameOf(input)} cannot be added to this organization`);
      throw error;
    }
  });
  return getAccount(context, input);
}

/** One account. Throws 404 `account.not_found`. */
export async function getAccount(context: Context, key: AccountKey): Promise<Account> {
  return toView(await read(context, key));
}

export interface AccountFilter {
  readonly provider?: Provider | undefined;
  readonly platform?: string | undefined;
  readonly tier?: string | undefined;
  readonly environment?: string | undefined;
  readonly owner?: string | undefined;
}

/** Accounts that match all of the filters, in the order of provider and account. Throws 422 `cursor.invalid`. */
export function listAccounts(
  context: Context,
  { limit, cursor, ...filters }: ListOptions & AccountFilter,
): Promise<Listed<Account>> {
  const { provider, ...wanted } = filters;
  const matches = (stored: Stored<AccountItem>) => isVisible(context, stored) && hasValues(stored, wanted);
  return selectPage(
    context,
    {
      list: "accounts",
      filters,
      entity: AccountItem,
      partition: ACCOUNTS_PARTITION,
      ...(provider === undefined ? {} : { beginsWith: `${provider}/` }),
      select: async (items) => items.map((stored) => (matches(stored) ? toView(stored) : undefined)),
    },
    { limit, cursor },
  );
}

/**
 * Changes what operators say of an account; what changes nothing writes nothing. Throws 404 `account.not_found`, 412
 * `request.precondition_failed` when it does not have `version` any more, if one is given. Writes it and one audit record with the members that changed, before and after.
 */
export async function patchAccount(
  context: Context,
  actor: Actor,
  key: AccountKey,
  patch: AccountPatch,
  { version }: { version?: number | undefined },
): Promise<Account> {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  await retryOnConflict(async () => {
    const stored = await read(context, key);
    if (version !== undefined && stored.version !== version) throw new ProblemError("request.precondition_failed");
    const { version: current, ...item } = stored;
    const before = Object.fromEntries(Object.entries(stored).filter(([name]) => name in given));
    const changes = changesBetween(before, given);
    if (changes.length === 0) return;
    const next: AccountItem = { ...item, ...given, updatedAt: context.now().toISOString() };
    await commitRecorded(
      context,
      actor,
      [replace(AccountItem, next, current), ...indexWrites(accountEntries(stored), accountEntries(next))],
      { action: "account.patch", target: accountNameOf(key), changes },
    );
  });
  return getAccount(context, key);
}

export interface DeleteOptions {
  /** Whether the register has active resources of the account. */
  readonly hasActiveResources: (key: AccountKey) => Promise<boolean>;
  /** The version that the caller saw (If-Match). */
  readonly version?: number | undefined;
}

/**
 * Deletes an account; a collector that sees it again makes it anew. Throws 404 `account.not_found`, 409 `account.in_use`
 * while it has active resources, 412 `request.precondition_failed`. Writes the removal and one audit record.
 */
export async function deleteAccount(
  context: Context,
  actor: Actor,
  key: AccountKey,
  { hasActiveResources, version }: DeleteOptions,
): Promise<void> {
  await retryOnConflict(async () => {
    const stored = await read(context, key);
    if (version !== undefined && stored.version !== version) throw new ProblemError("request.precondition_failed");
    if (await hasActiveResources(key))
      throw new ProblemError("account.in_use", `${accountNameOf(key)} has active resources`);
    const writes = [
      remove(AccountItem, key, stored.version),
      ...indexWrites(accountEntries(stored), []),
      ...disowningWrites(key),
    ];
    await commitRecorded(context, actor, writes, {
      action: "account.delete",
      target: accountNameOf(key),
      detail: { name: stored.name },
    });
  });
}
