import { createHash, createPublicKey } from "node:crypto";
import { GetPublicKeyCommand, type KMSClient, SignCommand } from "@aws-sdk/client-kms";
import { type PublicKey, parsePublicKey, type RequestSigner } from "@cadastre/contract/keys";
import { ECDSASigValue } from "@peculiar/asn1-ecc";
import { AsnConvert } from "@peculiar/asn1-schema";

const FIELD_BYTES = 32;

function toField(integer: ArrayBuffer): Uint8Array {
  const bytes = new Uint8Array(integer);
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? new Uint8Array() : bytes.subarray(first);
  if (digits.length > FIELD_BYTES) throw new Error("the signature's integers are too large for P-256");
  const field = new Uint8Array(FIELD_BYTES);
  field.set(digits, FIELD_BYTES - digits.length);
  return field;
}

/** An ECDSA P-256 signature from DER (RFC 3279 §2.2.3, what KMS makes) to r ‖ s, 64 bytes (RFC 9421 §3.3.4). */
export function toP1363(der: Uint8Array): Uint8Array {
  const value = AsnConvert.parse(der, ECDSASigValue);
  return Buffer.concat([toField(value.r), toField(value.s)]);
}

interface KmsSignerOptions {
  readonly client: KMSClient;
  /** Id, ARN or alias of an asymmetric key: ECC_NIST_P256, SIGN_VERIFY. */
  readonly keyId: string;
}

/** The public half of a KMS key, to be registered. Throws when the key is not ECC_NIST_P256 for SIGN_VERIFY. */
async function readKmsPublicKey({ client, keyId }: KmsSignerOptions): Promise<PublicKey> {
  const answer = await client.send(new GetPublicKeyCommand({ KeyId: keyId }));
  if (!answer.PublicKey || answer.KeySpec !== "ECC_NIST_P256") {
    const found = answer.KeySpec ?? "of no spec";
    throw new Error(`the KMS key ${keyId} is ${found}; a key to sign with must be ECC_NIST_P256 for SIGN_VERIFY`);
  }
  // A P-256 key can also be one to agree on secrets with, which KMS signs nothing with.
  if (answer.KeyUsage !== "SIGN_VERIFY") {
    const found = answer.KeyUsage ?? "for nothing that KMS names";
    throw new Error(`the KMS key ${keyId} is for ${found}; a key to sign with must be ECC_NIST_P256 for SIGN_VERIFY`);
  }
  const key = createPublicKey({ key: Buffer.from(answer.PublicKey), format: "der", type: "spki" });
  return parsePublicKey(key.export({ type: "spki", format: "pem" }).toString());
}

/** A signer whose private key never leaves KMS: one `kms:GetPublicKey` now, one `kms:Sign` for each request. */
export async function createKmsSigner(
  options: KmsSignerOptions,
): Promise<RequestSigner & { readonly publicKey: PublicKey }> {
  const publicKey = await readKmsPublicKey(options);
  const { algorithm, fingerprint } = publicKey;
  return {
    publicKey,
    algorithm,
    keyId: fingerprint,
    async sign(data) {
      const answer = await options.client.send(
        new SignCommand({
          KeyId: options.keyId,
          // The digest, because KMS takes at most 4,096 bytes of a message.
          Message: createHash("sha256").update(data).digest(),
          MessageType: "DIGEST",
          SigningAlgorithm: "ECDSA_SHA_256",
        }),
      );
      if (!answer.Signature) throw new Error(`KMS answered without a signature for the key ${options.keyId}`);
      return toP1363(answer.Signature);
    },
  };
}
