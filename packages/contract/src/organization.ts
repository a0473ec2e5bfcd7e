import * as z from "zod";
import { idSchema } from "./ids.ts";

const name = z.string().trim().min(1).max(128);

/** A short name that is unique, for addresses and command lines. */
const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "1 to 63 of lower-case letters, digits and -, not at its ends");

const owner = z.string().trim().max(128).meta({ description: "Who answers for it, as people write it" });

export const newOrganization = z.strictObject({ name, slug, owner: owner.default("") });
export type NewOrganization = z.output<typeof newOrganization>;

export const organizationPatch = z.strictObject({
  name: name.optional(),
  slug: slug.optional(),
  owner: owner.optional(),
});
export type OrganizationPatch = z.output<typeof organizationPatch>;

export const organization = z.object({
  id: idSchema("organization"),
  name,
  slug,
  owner,
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
