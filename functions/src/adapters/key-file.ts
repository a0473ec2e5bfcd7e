import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } from "@aws-crypto/raw-aes-keyring-node";
import type { Opener, Sealer } from "@cadastre/core/vault/ports";
import { openWith } from "./opening.ts";
import { sealWith } from "./sealing.ts";

const KEY_BYTES = 32;

/**
 * Makes the key file with 32 random bytes, readable by its owner alone, when there is none; one that is there stays as it is,
 * also when several processes start at once. It is whole and on disk before it has its name. Losing it loses the vault.
 */
export function ensureKeyFile({ path }: { path: string }): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  const key = randomBytes(KEY_BYTES);
  const file = openSync(draft, "wx", 0o600);
  try {
    fchmodSync(file, 0o600);
    writeSync(file, key);
    fsyncSync(file);
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    key.fill(0);
    closeSync(file);
    rmSync(draft);
  }
  const entry = openSync(folder, "r");
  fsyncSync(entry);
  closeSync(entry);
}

/** Throws an error that names the file and what it must be. */
function readKey(path: string): Uint8Array {
  const { mode } = statSync(path);
  if ((mode & 0o077) !== 0) {
    throw new Error(
      `the key file ${path} can be read by others (mode ${(mode & 0o777).toString(8)}); it must have mode 600`,
    );
  }
  const key = readFileSync(path);
  if (key.byteLength !== KEY_BYTES) {
    throw new Error(`the key file ${path} has ${key.byteLength} bytes; it must have ${KEY_BYTES}`);
  }
  return key;
}

/** Throws when the key file is gone or is none by now: what was sealed under it could then not be opened after the next start. */
export async function requireKeyFile({ path }: { path: string }): Promise<void> {
  readKey(path).fill(0);
}

/** Seals and opens under the AES-256 key in a file. Throws when the file is missing, of another size, or open to others. */
export function createKeyFileEncryption({ path }: { path: string }): Sealer & Opener {
  const key = readKey(path);
  const keyring = new RawAesKeyringNode({
    keyNamespace: "cadastre",
    keyName: "key-file",
    unencryptedMasterKey: Uint8Array.from(key),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
  key.fill(0);
  return {
    seal: (plaintext, context) => sealWith(keyring, plaintext, context),
    open: (ciphertext, context) => openWith(keyring, ciphertext, context),
  };
}
