import * as z from "zod";
import { idSchema } from "./ids.ts";
import { heldRole } from "./principal.ts";

const name = z.string().trim().min(1).max(128);

export const newServiceAccount = z.strictObject({
  name,
  organization: idSchema("organization").optional().meta({ description: "The caller's own when absent" }),
});
export type NewServiceAccount = z.output<typeof newServiceAccount>;

export const serviceAccountPatch = z.strictObject({
  name: name.optional(),
  disabled: z
    .boolean()
    .optional()
    .meta({ description: "Disabling ends all tokens of the service account; enabling brings none of them back" }),
});
export type ServiceAccountPatch = z.output<typeof serviceAccountPatch>;

/** A program that acts under a name of its own. */
export const serviceAccount = z.object({
  id: idSchema("serviceAccount"),
  organization: idSchema("organization"),
  name,
  disabled: z.boolean(),
  groups: z.array(idSchema("group")),
  roles: z.array(heldRole).meta({ description: "Held by the service account itself, beside those of its groups" }),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type ServiceAccount = z.output<typeof serviceAccount>;
