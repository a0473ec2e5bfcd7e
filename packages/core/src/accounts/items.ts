import { account } from "@cadastre/contract/account";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const AccountOwnerItem = defineEntity({
  type: "account-owner",
  about: "Which organization an account of a cloud belongs to: written with the account, so that two cannot have it",
  global: true,
  schema: z.object({ account: z.string(), organization: z.string() }),
  key: { partition: (of: { account: string }) => `account-owner#${of.account}`, sort: () => "owner" },
});

export const ACCOUNTS_PARTITION = "accounts";

export const AccountItem = defineEntity({
  type: "account",
  about: "An account or project and what operators say of it, in the order of provider and account",
  schema: account.omit({ version: true }),
  key: {
    partition: () => ACCOUNTS_PARTITION,
    sort: (of: { provider: string; account: string }) => `${of.provider}/${of.account}`,
  },
});
export type AccountItem = ItemOf<typeof AccountItem>;
