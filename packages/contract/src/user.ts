import * as z from "zod";
import { idSchema } from "./ids.ts";
import { heldRole } from "./principal.ts";

/** As a person types it when logging in; case and form of the letters do not matter. */
export const userName = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, "has no control characters and no line breaks");

const displayName = z.string().trim().max(256);
const email = z.email().max(320);

export const newUser = z.strictObject({
  userName,
  displayName: displayName.optional(),
  email: email.optional(),
  organization: idSchema("organization").optional().meta({ description: "The caller's own when absent" }),
});
export type NewUser = z.output<typeof newUser>;

export const userPatch = z.strictObject({
  userName: userName.optional(),
  displayName: displayName.nullable().optional(),
  email: email.nullable().optional(),
  disabled: z
    .boolean()
    .optional()
    .meta({ description: "Disabling ends all tokens and sessions of the user; enabling brings none of them back" }),
});
export type UserPatch = z.output<typeof userPatch>;

export const user = z.object({
  id: idSchema("user"),
  organization: idSchema("organization"),
  userName,
  displayName: displayName.optional(),
  email: z.string().optional(),
  disabled: z.boolean(),
  groups: z.array(idSchema("group")),
  roles: z.array(heldRole).meta({ description: "Held by the user itself, beside those of its groups" }),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type User = z.output<typeof user>;
