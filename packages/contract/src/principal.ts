import * as z from "zod";
import { idSchema } from "./ids.ts";

/** Who tokens and roles can be of. */
const user = z.object({ type: z.literal("user"), id: idSchema("user") });
const serviceAccount = z.object({ type: z.literal("service-account"), id: idSchema("serviceAccount") });

/** A user or a service account, by its id. */
export const principalRef = z.discriminatedUnion("type", [user, serviceAccount]);
export type PrincipalRef = z.output<typeof principalRef>;

/** Roles, by name. What each may do is in docs/permissions. */
export const ROLES = [
  "SystemAdmin",
  "AddressSpaceAdmin",
  "AddressSpaceOperator",
  "AddressSpaceViewer",
  "admin",
  "editor",
  "viewer",
  "auditor",
  "vault-user",
] as const;
export const role = z.enum(ROLES);
export type Role = z.output<typeof role>;

/** What a role can be held on: everything of an organization, a part of it, or the whole system. */
export const BINDING_TYPES = ["system", "organization", "address-space", "project", "account"] as const;

/** A role that a principal holds somewhere, and until when. */
export const heldRole = z.object({
  id: idSchema("roleBinding"),
  role,
  resource: z.object({ type: z.enum(BINDING_TYPES), id: z.string() }),
  expiresAt: z.iso.datetime().optional(),
});
export type HeldRole = z.output<typeof heldRole>;
