import { idSchema } from "@cadastre/contract/ids";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

/** How somebody has proved who it is. */
const METHODS = ["password", "totp", "passkey", "recovery-code", "oidc", "oidc-mfa"] as const;

export const SessionItem = defineEntity({
  type: "session",
  about: "A login session with the hash of its secret. Read strongly on every request that carries its cookie",
  schema: z.object({
    id: idSchema("session"),
    organization: z.string().meta({ description: "Whose it is" }),
    user: z.string(),
    secretHash: z.string().meta({ description: "SHA-256 over the cookie's text, hexadecimal" }),
    cursorKey: z.string().meta({ description: "What cursors of lists that are shown in part are sealed with" }),
    epoch: z.int().meta({ description: "The user's, as it was then: another one ends the session" }),
    loginEpoch: z.int().meta({ description: "The same of the user's password and second factors" }),
    provider: z
      .string()
      .optional()
      .meta({ description: "The identity provider that it came of: with it the session ends" }),
    methods: z.array(z.enum(METHODS)),
    strength: z.int().min(1).max(3),
    isPending: z.boolean().meta({ description: "A second factor is due before it may do anything else" }),
    createdAt: z.string(),
    authenticatedAt: z.string(),
    usedAt: z.string().meta({ description: "Written at most every five minutes" }),
    endsAt: z.string().meta({ description: "However much it is used" }),
    address: z.string().optional(),
    userAgent: z.string().optional(),
    expiresAt: z.int().meta({ description: "Some time after its end, so that it can be said that it has ended" }),
  }),
  key: { partition: (of: { id: string }) => `session#${of.id}`, sort: () => "session" },
  expires: "expiresAt",
  global: true,
});
export type SessionItem = ItemOf<typeof SessionItem>;
