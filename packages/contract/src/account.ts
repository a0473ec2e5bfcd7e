import * as z from "zod";
import { accountId, provider, regionName } from "./scope.ts";

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

export const newAccount = z.object({ provider, account: accountId, ...fields });
export type NewAccount = z.output<typeof newAccount>;

export const accountPatch = z.object({
  name: label.optional(),
  platform: label.optional(),
  tier: label.optional(),
  environment: label.optional(),
  owner: label.optional(),
  regions: z.array(regionName).max(100).optional(),
  notes: z.string().max(4000).optional(),
});
export type AccountPatch = z.output<typeof accountPatch>;

export const account = newAccount.extend({
  createdAt: z.iso.datetime(),
  createdBy: z.string().meta({ description: "An operator's token, or the collector that saw it first" }),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type Account = z.output<typeof account>;
