import { credential } from "@cadastre/contract/credential";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const CREDENTIALS_PARTITION = "credentials";

export const CredentialItem = defineEntity({
  type: "credential",
  about:
    "What may be shown of a credential, oldest first. The secret is in another item, so that no list ever reads it",
  schema: credential.omit({ version: true }).extend({
    /** One when it is stored, and one more with each change. Absent of what was stored before there were any. */
    generation: z.int().optional(),
  }),
  key: { partition: () => CREDENTIALS_PARTITION, sort: (of: { id: string }) => of.id },
});
export type CredentialItem = ItemOf<typeof CredentialItem>;

export const SealedItem = defineEntity({
  type: "sealed-credential",
  about:
    "A credential's ciphertext, bound to its row by the encryption context. Removed when the credential is revoked",
  schema: z.object({ id: z.string(), ciphertext: z.custom<Uint8Array>((value) => value instanceof Uint8Array) }),
  key: { partition: (of: { id: string }) => `sealed#${of.id}`, sort: () => "sealed" },
  erased: true,
});

export const CredentialMarkItem = defineEntity({
  type: "credential-mark",
  about: "The generation of a credential, apart from it: one that was put back to how it once was does not open",
  schema: z.object({ id: z.string(), generation: z.int() }),
  key: { partition: (of: { id: string }) => `credential-mark#${of.id}`, sort: () => "mark" },
});
