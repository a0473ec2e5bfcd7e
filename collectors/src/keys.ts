import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import {
  createKeySigner,
  type KeyAlgorithm,
  type PublicKey,
  parsePublicKey,
  type RequestSigner,
} from "@cadastre/contract/keys";

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

function generate(algorithm: KeyAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  return algorithm === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
}

const toPublicKey = (key: KeyObject): PublicKey =>
  parsePublicKey(key.export({ type: "spki", format: "pem" }).toString());

/**
 * Makes a key pair and writes the private half: PEM (PKCS #8), readable by its owner alone, durable before it answers.
 * Answers the public half, to be registered. Throws when the file exists, which is never overwritten, or cannot be written.
 */
export function createKeyFile(path: string, algorithm: KeyAlgorithm): PublicKey {
  const { privateKey, publicKey } = generate(algorithm);
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (cause) {
    const reason = codeOf(cause) === "EEXIST" ? "it exists, and a key is never overwritten" : codeOf(cause);
    throw new Error(`the key file ${path} cannot be written: ${reason}`, { cause });
  }
  try {
    writeSync(file, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return toPublicKey(publicKey);
}

function parsePrivateKey(pem: string, path: string): KeyObject {
  if (pem.includes("ENCRYPTED PRIVATE KEY") || pem.includes("Proc-Type: 4,ENCRYPTED")) {
    throw new Error(`the key file ${path} is encrypted; a collector needs it without a passphrase`);
  }
  try {
    return createPrivateKey(pem);
  } catch {
    // The library's error may repeat parts of the file, so it is not passed on.
    throw new Error(`the key file ${path} does not hold a PEM private key (-----BEGIN PRIVATE KEY-----)`);
  }
}

function readPrivateKey(path: string): KeyObject {
  let pem: string;
  try {
    pem = readFileSync(path, "utf8");
  } catch (cause) {
    const reason = codeOf(cause) === "ENOENT" ? "there is no such file" : codeOf(cause);
    throw new Error(`the key file ${path} cannot be read: ${reason}`, { cause });
  }
  const key = parsePrivateKey(pem, path);
  const allowed =
    key.asymmetricKeyType === "ed25519" ||
    (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1");
  if (!allowed) {
    const found = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType;
    throw new Error(`the key file ${path} holds a key of type ${found}; it must be Ed25519 or ECDSA P-256`);
  }
  return key;
}

/** The signer of a private key file. Throws an error that names the file when it is missing, encrypted, or of another type. */
export function readKeyFile(path: string): RequestSigner {
  return createKeySigner(readPrivateKey(path));
}

/** The public half of a private key file, to be registered. Throws as `readKeyFile` does. */
export function readPublicKey(path: string): PublicKey {
  return toPublicKey(createPublicKey(readPrivateKey(path)));
}
