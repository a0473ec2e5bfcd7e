import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyVerifier, KEY_ALGORITHMS } from "@cadastre/contract/keys";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeyFile, readKeyFile, readPublicKey } from "./keys.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cadastre-keys-"));
  path = join(folder, "key.pem");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a key file", () => {
  test.each(KEY_ALGORITHMS)("of %s signs what its public half verifies", async (algorithm) => {
    const publicKey = createKeyFile(path, algorithm);
    const signer = readKeyFile(path);
    expect(signer).toMatchObject({ algorithm, keyId: publicKey.fingerprint });
    const data = Buffer.from("signed");
    const signature = await signer.sign(data);
    expect(await createKeyVerifier(publicKey).verify(data, signature)).toBe(true);
    expect(readPublicKey(path)).toEqual(publicKey);
  });

  test("is readable by its owner alone, in PKCS #8 form", () => {
    createKeyFile(path, "ed25519");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });

  test("is never overwritten", () => {
    createKeyFile(path, "ed25519");
    const before = readFileSync(path, "utf8");
    expect(() => createKeyFile(path, "ed25519")).toThrow(
      `${path} cannot be written: it exists, and a key is never overwritten`,
    );
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  test("that cannot be written names the reason", () => {
    expect(() => createKeyFile(join(folder, "none", "key.pem"), "ed25519")).toThrow("cannot be written: ENOENT");
  });
});

describe("reading a key file", () => {
  const pem = (options: { type: "pkcs8"; format: "pem"; cipher?: string; passphrase?: string }) =>
    generateKeyPairSync("ed25519").privateKey.export(options).toString();

  test("that is not there says so", () => {
    expect(() => readKeyFile(path)).toThrow(`the key file ${path} cannot be read: there is no such file`);
  });

  test.each([
    [
      "that is encrypted",
      () => pem({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }),
      /is encrypted/,
    ],
    ["that holds something else", () => "s3cret-but-no-key", /does not hold a PEM private key/],
    [
      "of an RSA key",
      () =>
        generateKeyPairSync("rsa", { modulusLength: 2048 })
          .privateKey.export({ type: "pkcs8", format: "pem" })
          .toString(),
      /type rsa; it must be Ed25519 or ECDSA P-256/,
    ],
    [
      "of another curve",
      () =>
        generateKeyPairSync("ec", { namedCurve: "secp384r1" })
          .privateKey.export({ type: "pkcs8", format: "pem" })
          .toString(),
      /type secp384r1/,
    ],
  ])("%s says what is allowed and repeats nothing of it", (_, make, message) => {
    const text = make();
    writeFileSync(path, text);
    expect(() => readKeyFile(path)).toThrow(message);
    const secret = text.split("\n").find((line) => !line.startsWith("-----")) ?? "";
    expect(() => readKeyFile(path)).not.toThrow(secret);
  });
});
