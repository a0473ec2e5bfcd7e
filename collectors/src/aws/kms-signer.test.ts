import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { KMSClient } from "@aws-sdk/client-kms";
import { parsePublicKey } from "@cadastre/contract/keys";
import { signRequest, verifyRequest } from "@cadastre/contract/signature";
import { afterEach, describe, expect, test } from "vitest";
import { createKmsSigner, toP1363 } from "./kms-signer.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const KEY_ID = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

type Call = Record<string, string>;

/** KMS on the wire, as far as a signer needs it; `signDigest` is how its key signs. */
async function startKms(answers: {
  spec: string;
  usage?: string;
  key: KeyObject;
  signDigest: (digest: Buffer) => Buffer | undefined;
}) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const input = JSON.parse(Buffer.concat(chunks).toString()) as Call;
    const operation = String(request.headers["x-amz-target"]).replace("TrentService.", "");
    calls.push({ operation, ...input });
    const der = answers.key.export({ type: "spki", format: "der" }).toString("base64");
    const body =
      operation === "GetPublicKey"
        ? { KeyId: KEY_ID, PublicKey: der, KeySpec: answers.spec, KeyUsage: answers.usage ?? "SIGN_VERIFY" }
        : {
            KeyId: KEY_ID,
            Signature: answers.signDigest(Buffer.from(input.Message ?? "", "base64"))?.toString("base64"),
          };
    response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" };
  return { calls, client: new KMSClient({ endpoint, region: "us-east-1", credentials }) };
}

describe("a signer whose key is in KMS", () => {
  test("makes requests that the API verifies with the key's public half", async () => {
    const signed = new Map<string, Buffer>();
    const request = {
      method: "POST",
      url: "http://api.test/api/v1/discovery/runs",
      contentType: "application/json",
      body: Buffer.from("{}"),
    };
    // KMS signs the digest it is given. Node signs only data, so the test gives it the data that has that digest.
    const kms = await startKms({
      spec: "ECC_NIST_P256",
      key: publicKey,
      signDigest: (digest) => signed.get(digest.toString("hex")),
    });
    const signer = await createKmsSigner({ client: kms.client, keyId: KEY_ID });
    const knowing = {
      ...signer,
      sign(data: Uint8Array) {
        signed.set(createHash("sha256").update(data).digest("hex"), sign("sha256", data, privateKey));
        return signer.sign(data);
      },
    };
    const known = parsePublicKey(publicKey.export({ type: "spki", format: "pem" }).toString());
    const headers = new Headers(await signRequest(request, knowing, NOW));
    const verified = await verifyRequest({ ...request, headers }, async () => known, NOW);
    expect(verified.keyId).toBe(known.fingerprint);
    expect(kms.calls).toMatchObject([
      { operation: "GetPublicKey", KeyId: KEY_ID },
      { operation: "Sign", KeyId: KEY_ID, MessageType: "DIGEST", SigningAlgorithm: "ECDSA_SHA_256" },
    ]);
  });

  test("refuses a KMS key of another kind, and says which is needed", async () => {
    const other = createPublicKey(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey);
    const { client } = await startKms({ spec: "ECC_NIST_P384", key: other, signDigest: () => undefined });
    await expect(createKmsSigner({ client, keyId: KEY_ID })).rejects.toThrow(
      "is ECC_NIST_P384; a key to sign with must be ECC_NIST_P256 for SIGN_VERIFY",
    );
  });

  test("refuses a KMS key of the right kind that is for something else", async () => {
    const { client } = await startKms({
      spec: "ECC_NIST_P256",
      usage: "KEY_AGREEMENT",
      key: publicKey,
      signDigest: () => undefined,
    });
    await expect(createKmsSigner({ client, keyId: KEY_ID })).rejects.toThrow(
      "is for KEY_AGREEMENT; a key to sign with must be ECC_NIST_P256 for SIGN_VERIFY",
    );
  });

  test("says when KMS gives no signature", async () => {
    const { client } = await startKms({ spec: "ECC_NIST_P256", key: publicKey, signDigest: () => undefined });
    const signer = await createKmsSigner({ client, keyId: KEY_ID });
    await expect(signer.sign(Buffer.from("x"))).rejects.toThrow("without a signature");
  });
});

describe("a DER signature", () => {
  test("becomes 64 bytes that verify, whatever the length of its integers", async () => {
    const lengths = new Set<number>();
    for (let round = 0; round < 600; round++) {
      const data = Buffer.from(`message ${round}`);
      const der = sign("sha256", data, privateKey);
      lengths.add(der.length);
      const flat = toP1363(der);
      expect(flat.length).toBe(64);
      expect(verify("sha256", data, { key: publicKey, dsaEncoding: "ieee-p1363" }, flat)).toBe(true);
    }
    // Integers with and without a leading zero, and shorter ones, were all among them.
    expect(lengths.size).toBeGreaterThanOrEqual(3);
  });

  test("that is none is refused", () => {
    expect(() => toP1363(Buffer.from("not DER"))).toThrow();
  });
});
