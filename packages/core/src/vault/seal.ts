import { hash } from "node:crypto";
import { type CredentialSecret, credentialSecret } from "@cadastre/contract/credential";
import type { CredentialItem } from "./items.ts";
import { type EncryptionContext, type Opener, type Sealer, UnreadableError } from "./ports.ts";

/**
 * Binds a ciphertext to its credential's whole row as it is while it can be opened. Key services write the context into their own
 * logs, so what people call it goes in as a digest.
 */
function encryptionContextOf(of: CredentialItem): EncryptionContext {
  const { id, type, provider, account, name, description, createdAt, createdBy, generation, revokedAt } = of;
  const row = [name, description, createdAt, createdBy, generation, revokedAt === undefined ? "active" : "revoked"];
  return {
    credential: id,
    type,
    ...(provider === undefined ? {} : { provider }),
    ...(account === undefined ? {} : { account }),
    // What was stored before rows had generations is bound by its id, type and account alone.
    ...(generation === undefined ? {} : { row: hash("sha256", JSON.stringify(row)) }),
  };
}

/** Seals a secret for its row. The plaintext's bytes are zeroed before this returns. */
export async function sealSecret(sealer: Sealer, of: CredentialItem, secret: CredentialSecret): Promise<Uint8Array> {
  const plaintext = Buffer.from(JSON.stringify(secret));
  try {
    return await sealer.seal(plaintext, encryptionContextOf(of));
  } finally {
    plaintext.fill(0);
  }
}

/** Opens a row's secret. Throws UnreadableError, also when what opens is not a secret of the row's type. */
export async function openSecret(
  opener: Opener,
  of: CredentialItem,
  ciphertext: Uint8Array,
): Promise<CredentialSecret> {
  const plaintext = await opener.open(ciphertext, encryptionContextOf(of));
  try {
    const secret = parseSecret(plaintext);
    if (secret?.type !== of.type) throw new UnreadableError();
    return secret;
  } finally {
    plaintext.fill(0);
  }
}

/** Undefined for what is no secret: the errors of a parser may quote what they read, so they are not passed on. */
function parseSecret(plaintext: Uint8Array): CredentialSecret | undefined {
  try {
    return credentialSecret.safeParse(JSON.parse(Buffer.from(plaintext).toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
