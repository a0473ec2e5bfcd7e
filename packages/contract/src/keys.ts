import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { Signer, Verifier } from "http-message-sig";
import { ProblemError } from "./errors.ts";

export const KEY_ALGORITHMS = ["ed25519", "ecdsa-p256-sha256"] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/** A collector's public key; `fingerprint` (SHA-256 over its DER form, hexadecimal) is the signature's key id. */
export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  readonly fingerprint: string;
  readonly pem: string;
}

function algorithmOf(key: KeyObject): KeyAlgorithm | undefined {
  if (key.asymmetricKeyType === "ed25519") return "ed25519";
  if (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1")
    return "ecdsa-p256-sha256";
  return undefined;
}

function describe(key: KeyObject): PublicKey {
  const algorithm = algorithmOf(key);
  if (!algorithm) {
    const message = "must be an Ed25519 or ECDSA P-256 key";
    throw new ProblemError("request.invalid", `publicKey: ${message}`, { errors: [{ path: "publicKey", message }] });
  }
  const der = key.export({ type: "spki", format: "der" });
  return {
    algorithm,
    fingerprint: createHash("sha256").update(der).digest("hex"),
    pem: key.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** Parses a PEM public key. Throws 422 `request.invalid`; a private key is refused too, and never repeated in the error. */
export function parsePublicKey(pem: string): PublicKey {
  if (!pem.includes("-----BEGIN PUBLIC KEY-----")) {
    const message = "must be a PEM public key (-----BEGIN PUBLIC KEY-----)";
    throw new ProblemError("request.invalid", `publicKey: ${message}`, { errors: [{ path: "publicKey", message }] });
  }
  try {
    return describe(createPublicKey(pem));
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const message = "is not a readable PEM public key";
    throw new ProblemError("request.invalid", `publicKey: ${message}`, { errors: [{ path: "publicKey", message }] });
  }
}

/** What signs a collector's requests: a key in memory, or one that never leaves KMS. */
export interface RequestSigner extends Signer {
  readonly algorithm: KeyAlgorithm;
  readonly keyId: string;
}

/** A signer of a private key in memory (Ed25519 or P-256). */
export function createKeySigner(privateKey: KeyObject): RequestSigner {
  const { algorithm, fingerprint } = describe(createPublicKey(privateKey));
  return {
    algorithm,
    keyId: fingerprint,
    sign: (data) =>
      algorithm === "ed25519"
        ? sign(null, data, privateKey)
        : sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" }),
  };
}

export function createKeyVerifier(publicKey: PublicKey): Verifier {
  const key = createPublicKey(publicKey.pem);
  return {
    algorithm: publicKey.algorithm,
    verify: (data, signature) =>
      publicKey.algorithm === "ed25519"
        ? verify(null, data, key, signature)
        : verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature),
  };
}
