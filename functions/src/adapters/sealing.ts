import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { AlgorithmSuiteIdentifier, CommitmentPolicy, type KeyringNode } from "@aws-crypto/material-management-node";
import type { EncryptionContext } from "@cadastre/core/vault/ports";

const { encrypt } = buildEncrypt({
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  maxEncryptedDataKeys: 1,
});

/**
 * Seals with the AWS Encryption SDK under any keyring: a data key for each message, AES-256-GCM with HKDF and key commitment
 * (suite 0x0478), whatever keyring wraps the data key.
 */
export async function sealWith(
  keyring: KeyringNode,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Promise<Uint8Array> {
  const { result } = await encrypt(keyring, plaintext, {
    suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
    encryptionContext: { ...context },
    plaintextLength: plaintext.byteLength,
  });
  return result;
}
