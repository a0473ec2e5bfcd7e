import { account } from "@cadastre/contract/account";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";

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
