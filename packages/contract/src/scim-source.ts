import * as z from "zod";
import { idSchema } from "./ids.ts";
import { organizationName } from "./organization.ts";

const name = z.string().trim().min(1).max(100);

export const newScimSource = z.strictObject({
  name,
  organization: organizationName.optional().meta({ description: "The caller's own when absent" }),
  expiresInSeconds: z
    .int()
    .min(60)
    .max(366 * 86_400)
    .optional()
    .meta({ description: "Of the token; 366 days when absent" }),
});
export type NewScimSource = z.output<typeof newScimSource>;

/** An identity provider that makes and changes users and groups over SCIM. */
export const scimSource = z.object({
  id: idSchema("scimSource"),
  organization: idSchema("organization"),
  name,
  serviceAccount: idSchema("serviceAccount").meta({ description: "Whose its tokens are" }),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  version: z.int(),
});
export type ScimSource = z.output<typeof scimSource>;

export const createdScimSource = scimSource.extend({
  url: z.string().meta({ description: "Path of the SCIM endpoint under this service" }),
  token: z.string().meta({ description: "For the endpoint, shown only here and never again" }),
  tokenId: idSchema("token"),
  expiresAt: z.iso.datetime().meta({ description: "Of the token" }),
});
export type CreatedScimSource = z.output<typeof createdScimSource>;

/** A user or a group that a source is to take over, as an admin says: one of the two. */
export const scimLink = z
  .strictObject({
    user: idSchema("user").optional().meta({ description: "Whom the source may change from now on" }),
    group: idSchema("group").optional().meta({ description: "What the source may change from now on" }),
    externalId: z.string().trim().min(1).max(256).optional().meta({ description: "As the source calls it" }),
  })
  .refine(({ user, group }) => (user === undefined) !== (group === undefined), {
    message: "name one user or one group",
    path: ["user"],
  });
export type ScimLink = z.output<typeof scimLink>;
