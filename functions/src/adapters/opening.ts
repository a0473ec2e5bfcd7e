import { buildDecrypt } from "@aws-crypto/decrypt-node";
import { CommitmentPolicy, type KeyringNode } from "@aws-crypto/material-management-node";
import { type EncryptionContext, UnreadableError } from "@cadastre/core/vault/ports";

const { decrypt } = buildDecrypt({
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  maxEncryptedDataKeys: 1,
});

/**
 * Opens what `sealWith` sealed; only committing suites are accepted. The context of a message is authenticated, but it is
 * the message's own: so it is compared with the one that is expected, in both directions. Throws UnreadableError.
 */
export async function openWith(
  keyring: KeyringNode,
  ciphertext: Uint8Array,
  context: EncryptionContext,
): Promise<Uint8Array> {
  const { plaintext, messageHeader } = await decrypt(keyring, ciphertext).catch((cause: unknown) => {
    throw new UnreadableError({ cause });
  });
  const sealed = messageHeader.encryptionContext;
  const names = new Set([...Object.keys(context), ...Object.keys(sealed)]);
  if ([...names].some((name) => sealed[name] !== context[name])) {
    plaintext.fill(0);
    throw new UnreadableError();
  }
  return plaintext;
}
