import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createSignature } from "http-message-sig";
import { describe, expect, it } from "vitest";
import { createKeySigner, parsePublicKey } from "./keys.ts";
import {
  CLOCK_SKEW_SECONDS,
  contentDigest,
  NONCE_LIFE_SECONDS,
  SIGNATURE_LIFE_SECONDS,
  SIGNED_COMPONENTS,
  signRequest,
  verifyRequest,
} from "./signature.ts";

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

describe("a request whose sender signs as it likes", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const known = parsePublicKey(pem(publicKey));
  const signer = createKeySigner(privateKey);
  const created = NOW.getTime() / 1000;
  const usual = {
    created,
    expires: created + SIGNATURE_LIFE_SECONDS,
    nonce: "n",
    alg: signer.algorithm,
    keyid: signer.keyId,
  };

  interface Signing {
    readonly parameters?: Readonly<Record<string, string | number | undefined>>;
    readonly headers?: Readonly<Record<string, string>>;
    readonly without?: string;
    readonly at?: Date;
    readonly resolveKey?: () => Promise<typeof known | undefined>;
  }

  /** Signs with the collector's own key, with other parameters and headers than a collector of ours would. */
  async function verify({ parameters = {}, headers = {}, without, at = NOW, resolveKey = async () => known }: Signing) {
    const all: Record<string, string> = {
      "content-type": request.contentType,
      "content-digest": contentDigest(request.body),
      ...headers,
    };
    const given = Object.entries({ ...usual, ...parameters }).filter(([, value]) => value !== undefined);
    const signed = await createSignature(
      {
        kind: "request",
        method: request.method,
        targetUri: request.url,
        fields: Object.entries(all).map(([name, value]) => ({ name, value })),
      },
      { label: "sig1", components: SIGNED_COMPONENTS, parameters: Object.fromEntries(given), signer },
    );
    const sent = new Headers({ ...all, "signature-input": signed.signatureInput, signature: signed.signature });
    if (without !== undefined) sent.delete(without);
    return verifyRequest({ ...request, headers: sent }, resolveKey, at);
  }

  it("is taken when it signs as it should", async () => {
    expect(await verify({})).toEqual({ keyId: known.fingerprint, nonce: "n", createdAt: NOW });
  });

  it.each(["signature", "signature-input"])("without %s is not signed, and is told how to be", async (without) => {
    await expect(verify({ without })).rejects.toMatchObject({
      code: "signature.missing",
      message: "send signature and signature-input (RFC 9421)",
    });
  });

  it.each(["content-type", "content-digest"])("is refused when %s was taken away", async (without) => {
    await expect(verify({ without })).rejects.toMatchObject({ code: "signature.invalid" });
  });

  it.each(["created", "expires", "nonce", "keyid"])("is refused without the parameter %s", async (name) => {
    await expect(verify({ parameters: { [name]: undefined } })).rejects.toMatchObject({ code: "signature.invalid" });
  });

  it("has a nonce of 1 to 64 characters, so that no one can fill the table with what is remembered of it", async () => {
    expect(await verify({ parameters: { nonce: "n".repeat(64) } })).toMatchObject({ nonce: "n".repeat(64) });
    for (const nonce of ["", "n".repeat(65)]) {
      await expect(verify({ parameters: { nonce } })).rejects.toMatchObject({
        code: "signature.invalid",
        message: "the nonce must have 1 to 64 characters",
      });
    }
  });

  it("is refused when the digest that it signed is not the SHA-256 of the body, whatever its form", async () => {
    for (const digest of ["sha-256=:AAAA:", `${contentDigest(request.body)}, sha-512=:AAAA:`]) {
      await expect(verify({ headers: { "content-digest": digest } })).rejects.toMatchObject({
        code: "signature.digest",
        message: "the body's SHA-256 is not the one in content-digest",
      });
    }
  });

  it("cannot make its signature live longer, and may make it live shorter", async () => {
    const end = SIGNATURE_LIFE_SECONDS + CLOCK_SKEW_SECONDS;
    const long = { expires: created + 10 * SIGNATURE_LIFE_SECONDS };
    await expect(verify({ parameters: long, at: later(end) })).resolves.toBeDefined();
    await expect(verify({ parameters: long, at: later(end + 1) })).rejects.toMatchObject({ code: "signature.stale" });
    const short = { expires: created + 10 };
    await expect(verify({ parameters: short, at: later(10 + CLOCK_SKEW_SECONDS) })).resolves.toBeDefined();
    await expect(verify({ parameters: short, at: later(11 + CLOCK_SKEW_SECONDS) })).rejects.toMatchObject({
      code: "signature.stale",
    });
  });

  it("is told by how much its clock is off, and how much is allowed", async () => {
    await expect(verify({ at: later(1300) })).rejects.toThrow("created 1300 s ago; at most 1200 s is allowed");
    await expect(verify({ at: later(-1000) })).rejects.toThrow("created 1000 s from now; at most 900 s is allowed");
  });

  it("is stale before its nonce may be forgotten, from the first moment at which it was taken", async () => {
    const first = -CLOCK_SKEW_SECONDS;
    await expect(verify({ at: later(first) })).resolves.toBeDefined();
    await expect(verify({ at: later(first + NONCE_LIFE_SECONDS) })).resolves.toBeDefined();
    await expect(verify({ at: later(first + NONCE_LIFE_SECONDS + 1) })).rejects.toMatchObject({
      code: "signature.stale",
    });
  });

  it("is told what to do about a key that nobody knows, and about a signature that does not verify", async () => {
    await expect(verify({ resolveKey: async () => undefined })).rejects.toMatchObject({
      code: "signature.unknown_key",
      message: "no collector has this key id; register its public key first",
    });
    const other = parsePublicKey(pem(generateKeyPairSync("ed25519").publicKey));
    await expect(verify({ resolveKey: async () => other })).rejects.toThrow(/^the signature does not verify \(\w+\)$/);
  });

  it("is not blamed when the key cannot be looked up or be used", async () => {
    const down = new Error("the table does not answer");
    await expect(verify({ resolveKey: () => Promise.reject(down) })).rejects.toBe(down);
    const damaged = { ...known, pem: "damaged" };
    await expect(verify({ resolveKey: async () => damaged })).rejects.not.toHaveProperty("code", "signature.invalid");
    const mistaken = { ...known, algorithm: "ecdsa-p256-sha256" as const };
    await expect(
      verify({ parameters: { alg: undefined }, resolveKey: async () => mistaken }),
    ).rejects.not.toHaveProperty("code", "signature.invalid");
  });
});

describe("a public key", () => {
  const onlyTwo = "must be an Ed25519 or ECDSA P-256 key";

  it.each([
    ["an RSA key", pem(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey), onlyTwo],
    ["a larger curve", pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey), onlyTwo],
    ["a curve of the same size", pem(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey), onlyTwo],
    ["no key at all", "ssh-ed25519 AAAA", "must be a PEM public key (-----BEGIN PUBLIC KEY-----)"],
    ["a damaged key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "is not a readable PEM public key"],
  ])("of the wrong form is refused, with the reason: %s", (_, text, message) => {
    expect(() => parsePublicKey(text)).toThrow(
      expect.objectContaining({
        code: "request.invalid",
        message: `publicKey: ${message}`,
        errors: [{ path: "publicKey", message }],
      }),
    );
  });

  it("is known by the SHA-256 of its DER form, however its PEM is written", () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const der = publicKey.export({ type: "spki", format: "der" });
    const fingerprint = createHash("sha256").update(der).digest("hex");
    const wordy = `a comment\r\n${pem(publicKey).replaceAll("\n", "\r\n")}`;
    for (const text of [pem(publicKey), wordy]) {
      expect(parsePublicKey(text)).toEqual({ algorithm: "ed25519", fingerprint, pem: pem(publicKey) });
    }
  });

  it("is refused, and not repeated, when it is a private one", () => {
    const secret = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(() => parsePublicKey(secret)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("PRIVATE") }),
    );
  });
});
