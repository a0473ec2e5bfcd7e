import type { Sealer } from "@cadastre/core/vault/ports";
import { clientOf, type KeyringClient, type KmsKeyOptions } from "./kms-key.ts";

/** Loaded with the first secret: most requests seal none, and it is an eighth of what a cold start would read. */
const library = () => Promise.all([import("@aws-crypto/kms-keyring-node"), import("./sealing.ts")]);

/** Seals under a KMS key. Needs kms:GenerateDataKey, and cannot open anything. */
export function createKmsSealer(options: KmsKeyOptions): Sealer {
  const client = clientOf(options) as KeyringClient;
  return {
    async seal(plaintext, context) {
      const [{ KmsKeyringNode }, { sealWith }] = await library();
      const keyring = new KmsKeyringNode({ generatorKeyId: options.keyArn, clientProvider: () => client });
      return sealWith(keyring, plaintext, context);
    },
  };
}
