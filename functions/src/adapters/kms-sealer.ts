import { KmsKeyringNode } from "@aws-crypto/kms-keyring-node";
import type { Sealer } from "@cadastre/core/vault/ports";
import { clientOf, type KeyringClient, type KmsKeyOptions } from "./kms-key.ts";
import { createSealer } from "./sealing.ts";

/** Seals under a KMS key. Needs kms:GenerateDataKey, and cannot open anything. */
export function createKmsSealer(options: KmsKeyOptions): Sealer {
  const client = clientOf(options) as KeyringClient;
  return createSealer(new KmsKeyringNode({ generatorKeyId: options.keyArn, clientProvider: () => client }));
}
