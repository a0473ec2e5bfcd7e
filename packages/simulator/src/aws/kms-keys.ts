import {
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
} from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { AwsError } from "./errors.ts";

export type KeySpec = "SYMMETRIC_DEFAULT" | "ECC_NIST_P256";

export interface KmsKey {
  readonly id: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly spec: KeySpec;
  readonly description: string;
  readonly createdAt: Date;
}

export type EncryptionContext = Readonly<Record<string, string>>;

export interface KmsDenial {
  /** Default: every key. */
  readonly keyId?: string;
  /** Default: every caller. */
  readonly accessKeyId?: string;
  readonly operation: string;
}

/** The keys of a simulated KMS: real cryptography by node:crypto (AES-256-GCM) and noble-curves (ECDSA), kept in memory. */
export interface KmsKeys {
  create(key: { account: string; region: string; spec: KeySpec; description?: string }): KmsKey;
  /** Undefined when no such key is in the region. */
  find(id: string, region: string): KmsKey | undefined;
  /** Fresh nonce each time; the key's id and the context are authenticated. */
  encrypt(key: KmsKey, plaintext: Uint8Array, context: EncryptionContext): Uint8Array;
  /** The id of the key that made the ciphertext, without opening it. Throws AwsError InvalidCiphertextException. */
  keyIdOf(ciphertext: Uint8Array): string;
  /** Throws AwsError InvalidCiphertextException when bytes, key or context are not the ones it was made with. */
  decrypt(key: KmsKey, ciphertext: Uint8Array, context: EncryptionContext): Uint8Array;
  /** The public half as DER SubjectPublicKeyInfo. */
  publicKey(key: KmsKey): Uint8Array;
  /** A DER signature over a SHA-256 digest (32 bytes). */
  signDigest(key: KmsKey, digest: Uint8Array): Uint8Array;
  /** Refuses an operation, as a key policy would. Answers the function that takes the refusal back. */
  deny(denial: KmsDenial): () => void;
  isDenied(request: Required<KmsDenial>): boolean;
}

const tagBytes = 16;
const nonceBytes = 12;
const keyIdBytes = 36;

export function createKmsKeys(now: () => Date): KmsKeys {
  const keys = new Map<string, KmsKey>();
  const symmetric = new Map<string, Buffer>();
  const pairs = new Map<string, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>();
  const denials = new Set<KmsDenial>();

  const pairOf = (key: KmsKey) => {
    const pair = pairs.get(key.id);
    if (pair === undefined) throw wrongUsage(key, "SIGN_VERIFY");
    return pair;
  };
  const secretOf = (key: KmsKey) => {
    const secret = symmetric.get(key.id);
    if (secret === undefined) throw wrongUsage(key, "ENCRYPT_DECRYPT");
    return secret;
  };

  return {
    create: ({ account, region, spec, description = "" }) => {
      const key = { id: randomUUID(), account, region, spec, description, createdAt: now() };
      if (spec === "SYMMETRIC_DEFAULT") symmetric.set(key.id, randomBytes(32));
      else pairs.set(key.id, generateKeyPairSync("ec", { namedCurve: "P-256" }));
      keys.set(key.id, key);
      return key;
    },
    find: (id, region) => {
      const key = keys.get(id);
      return key?.region === region ? key : undefined;
    },
    encrypt: (key, plaintext, context) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", secretOf(key), nonce, { authTagLength: tagBytes });
      cipher.setAAD(authenticated(key, context));
      const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      return Buffer.concat([Buffer.from(key.id, "ascii"), nonce, cipher.getAuthTag(), body]);
    },
    keyIdOf: (ciphertext) => {
      if (ciphertext.byteLength < keyIdBytes + nonceBytes + tagBytes) throw invalidCiphertext();
      const id = Buffer.from(ciphertext.subarray(0, keyIdBytes)).toString("ascii");
      if (!keys.has(id)) throw invalidCiphertext();
      return id;
    },
    decrypt: (key, ciphertext, context) => {
      const nonce = ciphertext.subarray(keyIdBytes, keyIdBytes + nonceBytes);
      const tag = ciphertext.subarray(keyIdBytes + nonceBytes, keyIdBytes + nonceBytes + tagBytes);
      const decipher = createDecipheriv("aes-256-gcm", secretOf(key), nonce, { authTagLength: tagBytes });
      decipher.setAAD(authenticated(key, context));
      decipher.setAuthTag(tag);
      const body = decipher.update(ciphertext.subarray(keyIdBytes + nonceBytes + tagBytes));
      try {
        return Buffer.concat([body, decipher.final()]);
      } catch {
        throw invalidCiphertext();
      }
    },
    publicKey: (key) => pairOf(key).publicKey.export({ type: "spki", format: "der" }),
    signDigest: (key, digest) => {
      const { d } = pairOf(key).privateKey.export({ format: "jwk" });
      // node:crypto hashes what it signs and cannot sign a digest that is made already.
      return p256.sign(digest, Buffer.from(d ?? "", "base64url"), { prehash: false, format: "der", lowS: false });
    },
    deny: (denial) => {
      const rule = { ...denial };
      denials.add(rule);
      return () => {
        denials.delete(rule);
      };
    },
    isDenied: ({ keyId, accessKeyId, operation }) =>
      [...denials].some(
        (denial) =>
          denial.operation === operation &&
          (denial.keyId === undefined || denial.keyId === keyId) &&
          (denial.accessKeyId === undefined || denial.accessKeyId === accessKeyId),
      ),
  };
}

/** Key id and context in one order, so that the context's order does not matter and its pairs cannot be mistaken for others. */
function authenticated(key: KmsKey, context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1));
  return Buffer.from(JSON.stringify([key.id, pairs]));
}

function invalidCiphertext(): AwsError {
  return new AwsError("InvalidCiphertextException", "");
}

function wrongUsage(key: KmsKey, wanted: "SIGN_VERIFY" | "ENCRYPT_DECRYPT"): AwsError {
  return new AwsError(
    "InvalidKeyUsageException",
    `key ${key.id} (${key.spec}) cannot be used for this; it needs a key usage of ${wanted}`,
  );
}
