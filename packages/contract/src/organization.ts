import * as z from "zod";
import { idSchema } from "./ids.ts";

const name = z.string().trim().min(1).max(128);

/** A short name that is unique, for addresses and command lines. */
const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "1 to 63 of lower-case letters, digits and -, not at its ends");

const owner = z.string().trim().max(128).meta({ description: "Who answers for it, as people write it" });

/** How long audit records are kept where the organization does not say. */
export const DEFAULT_AUDIT_RETENTION_DAYS = 400;

const addressList = z.array(z.string().max(64)).max(200);

/** From where its people and their scripts may call; all prefixes in canonical form. */
const addressLists = z.strictObject({
  allow: addressList.optional().meta({ description: "From everywhere when absent" }),
  deny: addressList.optional().meta({ description: "Also what is in a prefix that is allowed" }),
});

/** How its people log in, and how long what they do is kept. */
const settings = {
  secondFactor: z
    .enum(["optional", "required"])
    .optional()
    .meta({ description: "Whether a session may do anything without a second factor; `optional` when absent" }),
  scimPasswords: z
    .boolean()
    .optional()
    .meta({ description: "Whether a password that was set through SCIM logs in; no when absent" }),
  addresses: addressLists.optional(),
  auditRetentionDays: z
    .int()
    .min(30)
    .max(36_500)
    .optional()
    .meta({
      description: `How long audit records are kept once they are sealed; ${DEFAULT_AUDIT_RETENTION_DAYS} when absent`,
    }),
};

export const newOrganization = z.strictObject({ name, slug, owner: owner.default("") });
export type NewOrganization = z.output<typeof newOrganization>;

export const organizationPatch = z.strictObject({
  name: name.optional(),
  slug: slug.optional(),
  owner: owner.optional(),
  ...settings,
});
export type OrganizationPatch = z.output<typeof organizationPatch>;

export const organization = z.object({
  id: idSchema("organization"),
  name,
  slug,
  owner,
  ...settings,
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type Organization = z.output<typeof organization>;

/** An organization as a request names it: by its id or its slug. */
export const organizationName = z.union([idSchema("organization"), slug], {
  error: "an organization's id (org_…) or slug",
});
