import { createHash, createPublicKey, verify } from "node:crypto";
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetPublicKeyCommand,
  SignCommand,
} from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bench, kms, startBench } from "./test-clients.ts";

let bench: Bench;
let dataKey = "";
let signingKey = "";
beforeAll(async () => {
  bench = await startBench({ accounts: 2, instancesPerAccountRegion: 0 });
  const made = await kms(bench).send(new CreateKeyCommand({ Description: "data" }));
  dataKey = made.KeyMetadata?.Arn ?? "";
  const signing = await kms(bench).send(new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
  signingKey = signing.KeyMetadata?.KeyId ?? "";
});
afterAll(() => bench.stop());

const secret = Buffer.from("a secret");
const EncryptionContext = { credential: "c1", account: "a1" };

async function encrypted(): Promise<Uint8Array> {
  const asked = new EncryptCommand({ KeyId: dataKey, Plaintext: secret, EncryptionContext });
  return (await kms(bench).send(asked)).CiphertextBlob ?? new Uint8Array();
}

describe("encryption", () => {
  test("what was encrypted opens with the same context, in any order, without naming the key", async () => {
    const reversed = { account: "a1", credential: "c1" };
    const asked = new DecryptCommand({ CiphertextBlob: await encrypted(), EncryptionContext: reversed });
    const answer = await kms(bench).send(asked);
    expect(Buffer.from(answer.Plaintext ?? []).toString()).toBe("a secret");
    expect(answer.KeyId).toBe(dataKey);
  });

  test("equal plaintexts have different ciphertexts", async () => {
    expect(Buffer.from(await encrypted()).equals(Buffer.from(await encrypted()))).toBe(false);
  });

  test("another context, an altered byte and garbage are invalid ciphertexts", async () => {
    const blob = await encrypted();
    const altered = Uint8Array.from(blob);
    altered[blob.length - 1] = (blob.at(-1) ?? 0) ^ 1;
    for (const input of [
      { CiphertextBlob: blob, EncryptionContext: { ...EncryptionContext, account: "a2" } },
      { CiphertextBlob: blob },
      { CiphertextBlob: altered, EncryptionContext },
      { CiphertextBlob: Buffer.alloc(80), EncryptionContext },
      { CiphertextBlob: Buffer.alloc(8), EncryptionContext },
    ])
      await expect(kms(bench).send(new DecryptCommand(input))).rejects.toMatchObject({
        name: "InvalidCiphertextException",
      });
  });

  test("naming another key than the one that encrypted is an incorrect key", async () => {
    const other = await kms(bench).send(new CreateKeyCommand({}));
    const input = { CiphertextBlob: await encrypted(), EncryptionContext, KeyId: other.KeyMetadata?.KeyId };
    await expect(kms(bench).send(new DecryptCommand(input))).rejects.toMatchObject({ name: "IncorrectKeyException" });
  });

  test("a data key comes in both forms and the encrypted one opens to the plain one", async () => {
    const made = await kms(bench).send(
      new GenerateDataKeyCommand({ KeyId: dataKey, KeySpec: "AES_256", EncryptionContext }),
    );
    expect(made.Plaintext?.byteLength).toBe(32);
    const opened = await kms(bench).send(
      new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext }),
    );
    expect(opened.Plaintext).toEqual(made.Plaintext);
  });

  test("a data key needs exactly one of spec and size", async () => {
    const asked = kms(bench).send(new GenerateDataKeyCommand({ KeyId: dataKey }));
    await expect(asked).rejects.toMatchObject({ name: "ValidationException" });
  });
});

describe("signing", () => {
  const message = Buffer.from("POST /api/v1/discovery/runs");
  const publicKey = async () => {
    const { PublicKey = new Uint8Array() } = await kms(bench).send(new GetPublicKeyCommand({ KeyId: signingKey }));
    return createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" });
  };

  test.for(["RAW", "DIGEST"] as const)("a signature over a %s message verifies with the public key", async (type) => {
    const Message = type === "RAW" ? message : createHash("sha256").update(message).digest();
    const { Signature = new Uint8Array() } = await kms(bench).send(
      new SignCommand({ KeyId: signingKey, Message, MessageType: type, SigningAlgorithm: "ECDSA_SHA_256" }),
    );
    expect(verify("sha256", message, await publicKey(), Signature)).toBe(true);
    expect(verify("sha256", Buffer.from("other"), await publicKey(), Signature)).toBe(false);
  });

  test("a digest of the wrong length is refused", async () => {
    const input = {
      KeyId: signingKey,
      Message: message,
      MessageType: "DIGEST",
      SigningAlgorithm: "ECDSA_SHA_256",
    } as const;
    await expect(kms(bench).send(new SignCommand(input))).rejects.toMatchObject({ name: "ValidationException" });
  });

  test("a key does only what it is for", async () => {
    const sign = new SignCommand({ KeyId: dataKey, Message: message, SigningAlgorithm: "ECDSA_SHA_256" });
    await expect(kms(bench).send(sign)).rejects.toMatchObject({ name: "InvalidKeyUsageException" });
    const encrypt = new EncryptCommand({ KeyId: signingKey, Plaintext: secret });
    await expect(kms(bench).send(encrypt)).rejects.toMatchObject({ name: "InvalidKeyUsageException" });
    const mixed = new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "ENCRYPT_DECRYPT" });
    await expect(kms(bench).send(mixed)).rejects.toMatchObject({ name: "ValidationException" });
  });
});

describe("access", () => {
  test("a denied access key may not decrypt while another user of the account may", async () => {
    const { accessKeyId } = bench.settings({ user: "api" }).credentials;
    const allow = bench.estate.kms.deny({ accessKeyId, operation: "Decrypt" });
    const asked = new DecryptCommand({ CiphertextBlob: await encrypted(), EncryptionContext });
    await expect(kms(bench, { user: "api" }).send(asked)).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: expect.stringContaining("kms:Decrypt"),
    });
    await expect(kms(bench, { user: "vault" }).send(asked)).resolves.toMatchObject({ KeyId: dataKey });
    allow();
    await expect(kms(bench, { user: "api" }).send(asked)).resolves.toMatchObject({ KeyId: dataKey });
  });

  test("a key belongs to its account and its region", async () => {
    const describeKey = new DescribeKeyCommand({ KeyId: dataKey });
    await expect(kms(bench, { account: 1 }).send(describeKey)).rejects.toMatchObject({ name: "AccessDeniedException" });
    await expect(kms(bench, { region: "us-east-1" }).send(describeKey)).rejects.toMatchObject({
      name: "NotFoundException",
    });
    const { KeyMetadata } = await kms(bench).send(describeKey);
    expect(KeyMetadata).toMatchObject({ KeySpec: "SYMMETRIC_DEFAULT", Description: "data", KeyState: "Enabled" });
    expect(KeyMetadata?.CreationDate).toBeInstanceOf(Date);
  });
});
