import * as z from "zod";
import { idSchema } from "./ids.ts";
import { heldRole, principalRef, role } from "./principal.ts";

const groupRef = z.object({ type: z.literal("group"), id: idSchema("group") });

/** Who can hold a role: a user, a service account, or all who are in a group. */
export const roleHolder = z.discriminatedUnion("type", [...principalRef.options, groupRef]);
export type RoleHolder = z.output<typeof roleHolder>;

export const newRoleBinding = z.strictObject({
  principal: roleHolder.meta({ description: "Who is to hold it; a group's is held by all who are in it" }),
  role,
  resource: z.strictObject({
    type: heldRole.shape.resource.shape.type,
    id: z.string().min(1).max(256).meta({ description: "Such as org_…, aws/123456789012, or system" }),
  }),
  expiresAt: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: "When it ends by itself; no later than what the caller itself holds" }),
});
export type NewRoleBinding = z.output<typeof newRoleBinding>;

/** That somebody holds a role somewhere. */
export const roleBinding = z.object({
  id: idSchema("roleBinding"),
  principal: roleHolder,
  role,
  resource: heldRole.shape.resource,
  expiresAt: z.iso.datetime().optional(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  version: z.int(),
});
export type RoleBinding = z.output<typeof roleBinding>;
