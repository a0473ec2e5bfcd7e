import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createKeySigner, parsePublicKey } from "./keys.ts";
import { CLOCK_SKEW_SECONDS, contentDigest, SIGNATURE_LIFE_SECONDS, signRequest, verifyRequest } from "./signature.ts";

const NOW = new Date("2026-03-01T00:00:00Z");
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
const request = {
  method: "PUT",
  url: "https://api.test/api/v1/discovery/runs?x=1",
  contentType: "application/json",
  body: Buffer.from('{"a":1}'),
};

describe.each([
  ["ed25519", () => generateKeyPairSync("ed25519")],
  ["ecdsa-p256-sha256", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
] as const)("a request signed by %s", (algorithm, makeKeys) => {
  const { privateKey, publicKey } = makeKeys();
  const known = parsePublicKey(pem(publicKey));

  async function verify(
    change: Partial<{
      method: string;
      url: string;
      body: Uint8Array;
      headers: Record<string, string>;
      at: Date;
      key: typeof known | undefined;
    }> = {},
  ) {
    const headers = await signRequest(request, createKeySigner(privateKey), NOW);
    const received = {
      method: change.method ?? request.method,
      url: change.url ?? request.url,
      headers: new Headers({ ...headers, ...change.headers }),
      body: change.body ?? request.body,
    };
    return verifyRequest(
      received,
      async (id) => ("key" in change ? change.key : id === known.fingerprint ? known : undefined),
      change.at ?? NOW,
    );
  }

  it("verifies, also behind a proxy with another host name", async () => {
    expect(known.algorithm).toBe(algorithm);
    expect(await verify()).toMatchObject({ keyId: known.fingerprint, createdAt: NOW });
    await expect(verify({ url: "http://10.0.0.1:8080/api/v1/discovery/runs?x=1" })).resolves.toBeDefined();
  });

  it.each([
    ["another method", { method: "POST" }],
    ["another path", { url: "https://api.test/api/v1/discovery/run?x=1" }],
    ["another query", { url: "https://api.test/api/v1/discovery/runs?x=2" }],
    ["another content type", { headers: { "content-type": "text/plain" } }],
    ["another digest", { headers: { "content-digest": contentDigest(Buffer.from("other")) } }],
    ["a broken signature", { headers: { signature: "sig1=:AAAA:" } }],
    ["a broken input", { headers: { "signature-input": "sig1=" } }],
  ])("is refused with %s", async (_, change) => {
    await expect(verify(change)).rejects.toMatchObject({ code: "signature.invalid" });
  });

  it("is refused with another body, by its digest", async () => {
    await expect(verify({ body: Buffer.from('{"a":2}') })).rejects.toMatchObject({ code: "signature.digest" });
  });

  it("is refused by another key, and under an unknown key id", async () => {
    const other = parsePublicKey(pem(makeKeys().publicKey));
    await expect(verify({ key: other })).rejects.toMatchObject({ code: "signature.invalid" });
    await expect(verify({ key: undefined })).rejects.toMatchObject({ code: "signature.unknown_key" });
  });

  it("is taken while the clocks differ by no more than is allowed, and refused beyond", async () => {
    const old = SIGNATURE_LIFE_SECONDS + CLOCK_SKEW_SECONDS;
    await expect(verify({ at: later(old) })).resolves.toBeDefined();
    await expect(verify({ at: later(old + 1) })).rejects.toMatchObject({ code: "signature.stale" });
    await expect(verify({ at: later(-CLOCK_SKEW_SECONDS) })).resolves.toBeDefined();
    await expect(verify({ at: later(-CLOCK_SKEW_SECONDS - 1) })).rejects.toMatchObject({ code: "signature.future" });
  });

  it("that says less than everything is refused: no component can be left out", async () => {
    const headers = await signRequest(request, createKeySigner(privateKey), NOW);
    for (const component of ['"@method" ', '"@path" ', '"@query" ', '"content-digest" ']) {
      const input = (headers["signature-input"] ?? "").replace(component, "");
      await expect(verify({ headers: { "signature-input": input } })).rejects.toMatchObject({
        code: "signature.invalid",
      });
    }
  });
});

describe("a public key", () => {
  it.each([
    ["an RSA key", pem(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey)],
    ["another curve", pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey)],
    ["no key at all", "ssh-ed25519 AAAA"],
    ["a damaged key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"],
  ])("of the wrong form is refused: %s", (_, text) => {
    expect(() => parsePublicKey(text)).toThrow(expect.objectContaining({ code: "request.invalid" }));
  });

  it("is refused, and not repeated, when it is a private one", () => {
    const secret = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(() => parsePublicKey(secret)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("PRIVATE") }),
    );
  });
});
