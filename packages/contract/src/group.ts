import * as z from "zod";
import { idSchema } from "./ids.ts";
import { heldRole, principalRef } from "./principal.ts";

const name = z.string().trim().min(1).max(256);

export const newGroup = z.strictObject({ name });
export type NewGroup = z.output<typeof newGroup>;

export const groupPatch = z.strictObject({ name: name.optional() });
export type GroupPatch = z.output<typeof groupPatch>;

export const group = z.object({
  id: idSchema("group"),
  organization: idSchema("organization"),
  name,
  roles: z.array(heldRole).meta({ description: "Held by all of its members" }),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type Group = z.output<typeof group>;

/** A user or service account in a group; groups are not in groups. */
export const groupMember = z.object({ principal: principalRef, addedAt: z.iso.datetime() });
