import { idSchema } from "@cadastre/contract/ids";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const organization = z.string().meta({ description: "Whose it is" });

export const PasswordItem = defineEntity({
  type: "password",
  about: "The hash of a user's password with what it was made with. Read with each login, never in a list",
  schema: z.object({
    user: z.string(),
    n: z.int(),
    r: z.int(),
    p: z.int(),
    salt: z.string(),
    hash: z.string(),
    setAt: z.string(),
    source: z.enum(["own", "admin", "scim"]).meta({ description: "Who chose it; one that SCIM set may not log in" }),
  }),
  key: { partition: (of: { user: string }) => `password#${of.user}`, sort: () => "password" },
  erased: true,
});
export type PasswordItem = ItemOf<typeof PasswordItem>;

export const LockoutItem = defineEntity({
  type: "lockout",
  about: "Attempts to log in under a name, or with a second factor, that count as failed. By a keyed hash of the name",
  schema: z.object({
    slot: z.string(),
    failedAt: z.array(z.string()),
    locks: z.int(),
    lockedUntil: z.string().optional(),
    expiresAt: z.int(),
  }),
  key: { partition: (of: { slot: string }) => `lockout#${of.slot}`, sort: () => "lockout" },
  expires: "expiresAt",
  global: true,
});

export const LoginKeyItem = defineEntity({
  type: "login-key",
  about: "What names are hashed with where people may have typed something else. Made once, with the first login",
  schema: z.object({ key: z.string() }),
  key: { partition: () => "login-key", sort: () => "key" },
  global: true,
});

export const sessionsPartition = (user: string): string => `sessions#${user}`;

export const SessionListItem = defineEntity({
  type: "session-list",
  about: "The ids of a user's sessions, oldest first. Written once for each, and removed with it",
  schema: z.object({ user: z.string(), id: z.string(), expiresAt: z.int() }),
  key: {
    partition: (of: { user: string; id: string }) => sessionsPartition(of.user),
    sort: (of: { user: string; id: string }) => of.id,
  },
  expires: "expiresAt",
});

export const factorsPartition = (user: string): string => `factors#${user}`;

const factorBase = {
  user: z.string(),
  id: idSchema("factor"),
  name: z.string(),
  createdAt: z.string(),
  usedAt: z.string().optional(),
};

export const FactorItem = defineEntity({
  type: "factor",
  about:
    "A second factor of a user: what verifies it, and what was used of it. Read all together when one is asked for",
  schema: z.discriminatedUnion("type", [
    z.object({
      ...factorBase,
      type: z.literal("totp"),
      isConfirmed: z.boolean().meta({ description: "Somebody has shown a code of it" }),
      sealed: bytes.meta({ description: "Its secret, sealed, bound to user and id" }),
      lastStep: z.int().meta({ description: "The last 30 seconds that a code was taken of; -1 for none" }),
    }),
    z.object({
      ...factorBase,
      type: z.literal("passkey"),
      credential: z.string().meta({ description: "Its id, base64url" }),
      publicKey: bytes,
      counter: z.int(),
      transports: z.array(z.string()),
      isBackedUp: z.boolean(),
    }),
    z.object({
      ...factorBase,
      type: z.literal("recovery-codes"),
      hashes: z.array(z.string()).meta({ description: "SHA-256 of those that were not used" }),
      made: z.int(),
    }),
  ]),
  key: {
    partition: (of: { user: string; id: string }) => factorsPartition(of.user),
    sort: (of: { user: string; id: string }) => of.id,
  },
  erased: true,
});
export type FactorItem = ItemOf<typeof FactorItem>;

export const PasskeyChallengeItem = defineEntity({
  type: "passkey-challenge",
  about: "What a passkey is asked to sign, for one session and once",
  schema: z.object({
    session: z.string(),
    challenge: z.string(),
    purpose: z.enum(["enrol", "prove"]),
    expiresAt: z.int(),
  }),
  key: {
    partition: (of: { session: string; challenge: string }) => `passkey-challenges#${of.session}`,
    sort: (of: { session: string; challenge: string }) => of.challenge,
  },
  expires: "expiresAt",
});

interface StepUpKey {
  readonly session: string;
  readonly action: string;
  readonly resource: string;
}

export const StepUpItem = defineEntity({
  type: "step-up",
  about:
    "That a session has just proved again who it is, for one action on one thing. Removed in the commit that does it",
  schema: z.object({
    session: z.string(),
    user: z.string(),
    action: z.string(),
    resource: z.string(),
    strength: z.int(),
    grantedAt: z.string(),
    expiresAt: z.int(),
  }),
  key: {
    partition: (of: StepUpKey) => `step-up#${of.session}`,
    sort: (of: StepUpKey) => `${of.action}#${of.resource}`,
  },
  expires: "expiresAt",
});

export const LoginLinkItem = defineEntity({
  type: "login-link",
  about:
    "A link by which somebody sets a password once: the first admin's, or one that an admin made. By the hash of its secret",
  schema: z.object({
    id: idSchema("link"),
    organization,
    secretHash: z.string(),
    purpose: z.enum(["setup", "reset"]),
    user: z.string().meta({ description: "Whose password it sets" }),
    createdAt: z.string(),
    createdBy: z.string(),
    expiresAt: z.int(),
  }),
  key: { partition: (of: { id: string }) => `login-link#${of.id}`, sort: () => "link" },
  expires: "expiresAt",
  global: true,
  erased: true,
});
export type LoginLinkItem = ItemOf<typeof LoginLinkItem>;
