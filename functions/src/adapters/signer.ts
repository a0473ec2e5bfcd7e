import { KMSClient } from "@aws-sdk/client-kms";
import { createKmsSigner } from "@cadastre/collectors/aws/kms-signer";
import { readKeyFile } from "@cadastre/collectors/keys";
import type { RequestSigner } from "@cadastre/contract/keys";
import type { SigningKey } from "../env/collector.ts";

/** The signer of a collector's key, wherever it is. Throws when there is no such key, or it is of another type. */
export async function openSigner(key: SigningKey): Promise<RequestSigner> {
  if ("file" in key) return readKeyFile(key.file);
  return createKmsSigner({ client: new KMSClient(), keyId: key.kmsKeyId });
}
