import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildEncrypt } from "@aws-crypto/encrypt-node";
import { AlgorithmSuiteIdentifier, CommitmentPolicy, type KeyringNode } from "@aws-crypto/material-management-node";
import { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } from "@aws-crypto/raw-aes-keyring-node";
import { UnreadableError } from "@cadastre/core/vault/ports";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeyFileEncryption, ensureKeyFile } from "./key-file.ts";
import { openWith } from "./opening.ts";

const SECRET = Buffer.from("canary-7f3a91");
const BOUND = { credential: "crd_1", type: "generic" };

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cadastre-key-"));
  path = join(folder, "data", "vault.key");
});
afterEach(() => rmSync(folder, { recursive: true }));

function anEncryption() {
  ensureKeyFile({ path });
  return createKeyFileEncryption({ path });
}

describe("the key file", () => {
  test("is made once, with 32 random bytes, for its owner alone, and no draft is left", () => {
    ensureKeyFile({ path });
    const key = readFileSync(path);
    expect(key).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    ensureKeyFile({ path });
    expect(readFileSync(path)).toEqual(key);
    expect(readdirSync(join(folder, "data"))).toEqual(["vault.key"]);
  });

  test("that is missing is not made by using it", () => {
    expect(() => createKeyFileEncryption({ path })).toThrow(/ENOENT.*vault\.key/);
    expect(existsSync(path)).toBe(false);
  });

  test("that others can read is refused with the mode it must have", () => {
    ensureKeyFile({ path });
    chmodSync(path, 0o640);
    expect(() => createKeyFileEncryption({ path })).toThrow(/mode 640.*must have mode 600/);
  });

  test("of another size is refused, and its content is not quoted", () => {
    ensureKeyFile({ path });
    writeFileSync(path, "canary-short");
    expect(() => createKeyFileEncryption({ path })).toThrow(/has 12 bytes; it must have 32$/);
  });
});

describe("encryption under a key file", () => {
  test("opens what it sealed, in the same context, and each ciphertext is different", async () => {
    const encryption = anEncryption();
    const one = await encryption.seal(SECRET, BOUND);
    const two = await encryption.seal(SECRET, BOUND);
    expect(Buffer.from(one).equals(two)).toBe(false);
    expect(Buffer.from(one).includes(SECRET)).toBe(false);
    expect(Buffer.from(await encryption.open(one, { type: "generic", credential: "crd_1" }))).toEqual(SECRET);
  });

  test("leaves the caller's plaintext as it is", async () => {
    const plaintext = Buffer.from(SECRET);
    await anEncryption().seal(plaintext, BOUND);
    expect(plaintext).toEqual(SECRET);
  });

  test("uses the committing suite 0x0478 and message format 2", async () => {
    const sealed = await anEncryption().seal(SECRET, BOUND);
    expect([...sealed.subarray(0, 3)]).toEqual([0x02, 0x04, 0x78]);
  });

  test.each([
    ["another value", { credential: "crd_2", type: "generic" }],
    ["one pair less", { credential: "crd_1" }],
    ["one pair more", { ...BOUND, account: "1" }],
    ["no pair", {}],
  ])("does not open in a context with %s", async (_, context) => {
    const encryption = anEncryption();
    const sealed = await encryption.seal(SECRET, BOUND);
    await expect(encryption.open(sealed, context)).rejects.toBeInstanceOf(UnreadableError);
  });

  test("does not open when any one byte is changed, or with bytes lost or added", async () => {
    const encryption = anEncryption();
    const sealed = await encryption.seal(SECRET, BOUND);
    for (let at = 0; at < sealed.length; at++) {
      const altered = Uint8Array.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await expect(encryption.open(altered, BOUND)).rejects.toBeInstanceOf(UnreadableError);
    }
    for (const length of [0, 1, 40, sealed.length - 1]) {
      await expect(encryption.open(sealed.subarray(0, length), BOUND)).rejects.toBeInstanceOf(UnreadableError);
    }
  });

  test("does not open under another key", async () => {
    const sealed = await anEncryption().seal(SECRET, BOUND);
    path = join(folder, "other.key");
    await expect(anEncryption().open(sealed, BOUND)).rejects.toBeInstanceOf(UnreadableError);
  });

  test("does not open a message of a suite without key commitment, though the key is right", async () => {
    ensureKeyFile({ path });
    const keyring: KeyringNode = new RawAesKeyringNode({
      keyNamespace: "cadastre",
      keyName: "key-file",
      unencryptedMasterKey: Uint8Array.from(readFileSync(path)),
      wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
    });
    const { encrypt } = buildEncrypt(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);
    const { result } = await encrypt(keyring, SECRET, {
      suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA256,
      encryptionContext: BOUND,
    });
    await expect(openWith(keyring, result, BOUND)).rejects.toBeInstanceOf(UnreadableError);
  });
});
