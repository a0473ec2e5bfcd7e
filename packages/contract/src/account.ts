import * as z from "zod";
import { accountId, PROVIDERS, provider, regionName } from "./scope.ts";

const label = z.string().trim().max(128);

const fields = {
  name: label.default(""),
  platform: label.default("").meta({ description: "The platform or product that the account is for" }),
  tier: label.default("").meta({ description: "Such as gold, silver, or 1, 2, 3" }),
  environment: label.default("").meta({ description: "Such as production, staging, sandbox" }),
  owner: label.default(""),
  regions: z.array(regionName).max(100).default([]).meta({ description: "Regions that the account is meant to use" }),
  notes: z.string().max(4000).default(""),
};

const accountKey = z.object({ provider, account: accountId });

export const newAccount = z.strictObject({ ...accountKey.shape, ...fields });
export type NewAccount = z.output<typeof newAccount>;

export const accountPatch = z.strictObject({
  name: label.optional(),
  platform: label.optional(),
  tier: label.optional(),
  environment: label.optional(),
  owner: label.optional(),
  regions: z.array(regionName).max(100).optional(),
  notes: z.string().max(4000).optional(),
});
export type AccountPatch = z.output<typeof accountPatch>;

export const account = z.object({
  ...newAccount.shape,
  createdAt: z.iso.datetime(),
  createdBy: z.string().meta({ description: "The operator, or the collector that saw it first" }),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type Account = z.output<typeof account>;

/** An account or project with its provider, as one text: `aws/123456789012`. */
export const accountName = z
  .string()
  .regex(new RegExp(`^(${PROVIDERS.join("|")})/[\\w.:@-]{1,128}$`), "an account such as aws/123456789012");

export const accountNameOf = ({ provider, account }: Pick<Account, "provider" | "account">): string =>
  `${provider}/${account}`;

/** The inverse of `accountNameOf`, of a text that `accountName` accepts. */
export function fromAccountName(name: string): z.output<typeof accountKey> {
  const slash = name.indexOf("/");
  return accountKey.parse({ provider: name.slice(0, slash), account: name.slice(slash + 1) });
}
