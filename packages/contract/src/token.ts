import * as z from "zod";
import { accountName } from "./account.ts";
import { OPERATOR_ACTIONS } from "./actions.ts";
import { idSchema } from "./ids.ts";
import { principalRef } from "./principal.ts";

/** What an API token may do. `admin` includes all but `credentials:reveal` and `scim:provision`, which are always given by name. */
export const TOKEN_SCOPES = ["admin", ...OPERATOR_ACTIONS] as const;
export const tokenScope = z.enum(TOKEN_SCOPES);
export type TokenScope = z.output<typeof tokenScope>;

export const newToken = z.strictObject({
  name: z.string().trim().min(1).max(128),
  scopes: z.array(tokenScope).min(1),
  principal: principalRef
    .optional()
    .meta({ description: "Whose token it is, and whose roles it narrows: the caller's own when absent" }),
  accounts: z
    .array(accountName)
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "Limits the token to what belongs to these accounts, such as `aws/123456789012`" }),
  addresses: z
    .array(z.string().max(64))
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "From where it can be used: addresses and prefixes; from everywhere when absent" }),
  expiresInSeconds: z
    .int()
    .min(60)
    .max(366 * 86_400)
    .optional()
    .meta({ description: "90 days when absent; no longer than the token that makes it lives" }),
});
export type NewToken = z.output<typeof newToken>;

export const token = z.object({
  id: idSchema("token"),
  name: z.string(),
  principal: principalRef,
  scopes: z.array(tokenScope),
  accounts: z.array(z.string()).optional().meta({ description: "All that it is limited to; everything when absent" }),
  addresses: z.array(z.string()).optional().meta({ description: "From where it can be used, in canonical form" }),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  expiresAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().optional(),
  revokedBy: z.string().optional(),
  rotatedFrom: idSchema("token").optional().meta({ description: "The token in whose place it was made" }),
  rotatedTo: idSchema("token").optional().meta({ description: "The token that was made in its place" }),
  lastUsedAt: z.iso
    .datetime()
    .optional()
    .meta({ description: "When it was last used, to the hour; absent when it never was" }),
  version: z.int(),
});
export type Token = z.output<typeof token>;

/** How long the old token of a rotation is good beside the new one when nobody says, and at the most. */
const OVERLAP_SECONDS = 3600;
const MOST_OVERLAP_SECONDS = 30 * 86_400;

export const tokenRotation = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(MOST_OVERLAP_SECONDS)
    .default(OVERLAP_SECONDS)
    .meta({ description: "For how long the old token can still be used; with 0 it ends at once" }),
});

/** How long a token lives when nobody says, and its maker lives as long. */
export const TOKEN_SECONDS = 90 * 86_400;

/** A token that was revoked, and those that were made with it, by it or by one of them. */
export const revokedToken = token.extend({
  descendants: z
    .array(idSchema("token"))
    .meta({ description: "Tokens that were made with it, or with one of these, and are revoked by this request" }),
});
export type RevokedToken = z.output<typeof revokedToken>;

/** The secret is in the answer to the creation, and nowhere else ever again. */
export const createdToken = token.extend({ secret: z.string() });
export type CreatedToken = z.output<typeof createdToken>;
