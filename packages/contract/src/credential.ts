import * as z from "zod";
import { idSchema } from "./ids.ts";
import { looseObject } from "./loose-object.ts";
import { accountId, provider } from "./scope.ts";

const secretText = (most: number) => z.string().min(1).max(most);

/** The secret part of each type, checked before it is sealed. */
export const credentialSecret = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("aws_access_key"),
    accessKeyId: z.string().regex(/^(AKIA|ASIA)[A-Z0-9]{12,124}$/, "an AWS access key id (AKIA… or ASIA…)"),
    secretAccessKey: z.string().regex(/^[A-Za-z0-9/+=]{40}$/, "an AWS secret access key (40 characters)"),
    sessionToken: secretText(4096).optional(),
  }),
  z.strictObject({
    type: z.literal("gcp_service_account_key"),
    key: looseObject({
      type: z.literal("service_account"),
      project_id: z.string().min(1),
      private_key_id: z.string().min(1),
      private_key: z.string().startsWith("-----BEGIN PRIVATE KEY-----", "a PEM private key"),
      client_email: z.email(),
    }),
  }),
  z.strictObject({
    type: z.literal("ssh_private_key"),
    privateKey: z
      .string()
      .max(32_768)
      .regex(
        /^-----BEGIN (OPENSSH|RSA|EC|DSA)? ?PRIVATE KEY-----[\s\S]+-----END (OPENSSH|RSA|EC|DSA)? ?PRIVATE KEY-----\s*$/,
        "an SSH private key in PEM form",
      ),
    passphrase: secretText(1024).optional(),
  }),
  z.strictObject({ type: z.literal("api_token"), token: secretText(16_384) }),
  z.strictObject({ type: z.literal("generic"), secret: secretText(32_768) }),
]);
export type CredentialSecret = z.output<typeof credentialSecret>;
export const CREDENTIAL_TYPES = [
  "aws_access_key",
  "gcp_service_account_key",
  "ssh_private_key",
  "api_token",
  "generic",
] as const;

export const newCredential = z.strictObject({
  name: z.string().trim().min(1).max(128),
  provider: provider.optional(),
  account: accountId.optional(),
  description: z.string().max(1000).default(""),
  secret: credentialSecret,
});
export type NewCredential = z.output<typeof newCredential>;

/** All that a list or a read ever shows. */
export const credential = z.object({
  id: idSchema("credential"),
  name: z.string(),
  type: z.enum(CREDENTIAL_TYPES),
  provider: provider.optional(),
  account: z.string().optional(),
  description: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  revokedAt: z.iso.datetime().optional(),
  revokedBy: z.string().optional(),
  version: z.int(),
});
export type Credential = z.output<typeof credential>;

export const revealRequest = z.strictObject({ reason: z.string().trim().max(500).optional() });
export const revealedCredential = credential.extend({ secret: credentialSecret });
export type RevealedCredential = z.output<typeof revealedCredential>;
