import * as z from "zod";
import { idSchema } from "./ids.ts";
import { accountId, provider, type ScopeKey } from "./scope.ts";

/** Stands for every account of a collector's providers. */
export const ANY_ACCOUNT = "*";

/** Name of a collector and of the source of what it sees: stable when its key is replaced. */
export const collectorName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "1 to 63 of lower-case letters, digits and . _ -");

export const collectorState = z.enum(["pending", "approved", "rejected", "revoked"]);

export const newCollector = z.strictObject({
  name: collectorName,
  providers: z.array(provider).min(1),
  accounts: z
    .array(z.union([z.literal(ANY_ACCOUNT), accountId], { error: "an account or project, or *" }))
    .min(1)
    .max(2000)
    .meta({ description: "Accounts or projects that it may report; `*` stands for every account of its providers" }),
  publicKey: z
    .string()
    .max(2000)
    .meta({ description: "Ed25519 or ECDSA P-256 public key, PEM (SubjectPublicKeyInfo)" }),
  credential: idSchema("credential").optional().meta({ description: "The stored credential that it may fetch" }),
});
export type NewCollector = z.output<typeof newCollector>;

export const collector = z.object({
  id: idSchema("collector"),
  name: collectorName,
  providers: z.array(provider),
  accounts: z.array(z.string()),
  keyFingerprint: z.string().meta({ description: "SHA-256 of the public key, hexadecimal" }),
  keyAlgorithm: z.enum(["ed25519", "ecdsa-p256-sha256"]),
  credential: idSchema("credential").optional(),
  state: collectorState,
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  decidedAt: z.iso.datetime().optional(),
  decidedBy: z.string().optional(),
  lastSeenAt: z.iso.datetime().optional().meta({ description: "Last signed run that was accepted" }),
  version: z.int(),
});
export type Collector = z.output<typeof collector>;

/** Whether a collector may report an account, by what it is bound to. */
export function mayReport(
  { providers, accounts }: Pick<Collector, "providers" | "accounts">,
  { provider, account }: Pick<ScopeKey, "provider" | "account">,
): boolean {
  return providers.includes(provider) && (accounts.includes(ANY_ACCOUNT) || accounts.includes(account));
}

export const collectorPatch = z.strictObject({
  accounts: newCollector.shape.accounts.optional(),
  credential: idSchema("credential").nullable().optional(),
});
