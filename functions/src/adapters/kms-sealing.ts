import { KMSClient } from "@aws-sdk/client-kms";
import { createKmsSigner } from "@cadastre/collectors/aws/kms-signer";
import type { Sealing } from "@cadastre/core/seals/ports";
import { createCheckpointBucket } from "./checkpoint-bucket.ts";

/**
 * Seals the audit log by a key that never leaves KMS, and copies to a bucket. Reads the public half now. Throws when the key is not
 * ECC_NIST_P256 for SIGN_VERIFY.
 */
export async function openKmsSealing({ keyArn, bucket }: { keyArn: string; bucket: string }): Promise<Sealing> {
  const { publicKey, ...signer } = await createKmsSigner({ client: new KMSClient(), keyId: keyArn });
  return { signer, publicKey, archive: createCheckpointBucket({ bucket }) };
}
