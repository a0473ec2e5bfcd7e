import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { createKeySigner, type RequestSigner } from "@cadastre/contract/keys";

/** The DER of an Ed25519 private key up to its 32 bytes (RFC 8410). */
const HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

export interface KeyPair {
  readonly pem: string;
  readonly signer: RequestSigner;
}

const made = new Map<string, KeyPair>();

/** The key pair of a name, always the same. */
export function keyPairOf(name: string): KeyPair {
  const known = made.get(name);
  if (known !== undefined) return known;
  const der = Buffer.concat([HEAD, createHash("sha256").update(name).digest()]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const pem = createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
  const pair = { pem, signer: createKeySigner(privateKey) };
  made.set(name, pair);
  return pair;
}
