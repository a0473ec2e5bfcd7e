import { verify, X509Certificate } from "node:crypto";
import { type AddressInfo, connect as connectTcp, createServer } from "node:net";
import { type ConnectionOptions, connect, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { BasicOCSPResponse, Certificate, OCSPResponse } from "pkijs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTlsEndpoints, type TlsEndpoint, type TlsEndpoints } from "./endpoints.ts";
import { tlsKinds, wellBehavedKinds } from "./kinds.ts";

let served: TlsEndpoints;
let startMs: number;

beforeAll(async () => {
  const started = performance.now();
  served = await startTlsEndpoints({ now: () => new Date() });
  startMs = performance.now() - started;
});

afterAll(async () => served.stop());

function endpoint(name: string): TlsEndpoint {
  const found = served.endpoints.find((each) => each.name === name);
  if (!found) throw new Error(`no endpoint ${name}`);
  return found;
}

interface Seen {
  readonly authorized: boolean;
  readonly authorizationError: string;
  readonly chain: readonly DetailedPeerCertificate[];
  readonly protocol: string | null;
  readonly staple?: Buffer;
}

/** A handshake with everything a client can learn; rejects with the system's error when there is none. */
function shake(name: string, options: ConnectionOptions = {}): Promise<Seen> {
  const { host, port, sni } = endpoint(name);
  return new Promise((resolve, reject) => {
    let staple: Buffer | undefined;
    const socket: TLSSocket = connect(
      {
        host,
        port,
        ca: served.roots,
        rejectUnauthorized: false,
        requestOCSP: true,
        ...(sni ? { servername: sni } : {}),
        ...options,
      },
      () => {
        const chain: DetailedPeerCertificate[] = [];
        let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
        for (
          ;
          next && !chain.some((each) => each.raw.equals(next?.raw ?? Buffer.alloc(0)));
          next = next.issuerCertificate
        )
          chain.push(next);
        const { authorized, authorizationError } = socket;
        const error = String((authorizationError as Error | string | null) ?? "");
        resolve({
          authorized,
          authorizationError: error,
          chain,
          protocol: socket.getProtocol(),
          ...(staple ? { staple } : {}),
        });
        socket.destroy();
      },
    );
    socket.on("OCSPResponse", (response: Buffer | null) => {
      staple = response ?? undefined;
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
  });
}

/** The certificates of a TLS 1.2 handshake, which are in clear, in DER; a relay listens to what the server says (RFC 5246 §7.4.2). */
async function certificatesOnTheWire({ host, port, sni }: TlsEndpoint): Promise<Buffer[]> {
  const heard: Buffer[] = [];
  const relay = createServer((client) => {
    const server = connectTcp({ host, port });
    server.on("data", (chunk) => heard.push(chunk));
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    relay.listen(0, "127.0.0.1", resolve);
  });
  const at = { host: "127.0.0.1", port: (relay.address() as AddressInfo).port, ...(sni ? { servername: sni } : {}) };
  await new Promise<void>((resolve, reject) => {
    const insecure = { rejectUnauthorized: false, maxVersion: "TLSv1.2", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    const socket = connect({ ...at, ...insecure }, () => resolve(socket.destroy() && undefined));
    socket.once("error", reject);
  });
  relay.close();
  const bytes = Buffer.concat(heard);
  const handshake: Buffer[] = [];
  for (let at = 0; bytes[at] === 22; at += 5 + bytes.readUInt16BE(at + 3))
    handshake.push(bytes.subarray(at + 5, at + 5 + bytes.readUInt16BE(at + 3)));
  const messages = Buffer.concat(handshake);
  let message = 0;
  while (messages[message] !== 11) message += 4 + messages.readUIntBE(message + 1, 3);
  const end = message + 4 + messages.readUIntBE(message + 1, 3);
  const certificates: Buffer[] = [];
  for (let next = message + 7; next < end; next += 3 + messages.readUIntBE(next, 3))
    certificates.push(messages.subarray(next + 3, next + 3 + messages.readUIntBE(next, 3)));
  return certificates;
}

const leafOf = ({ chain }: Seen) => new X509Certificate(chain[0]?.raw ?? Buffer.alloc(0));
const fingerprint = (seen: Seen) => leafOf(seen).fingerprint256.replaceAll(":", "").toLowerCase();

describe("the simulated TLS endpoints", () => {
  it("all start in under two seconds", () => {
    expect(startMs).toBeLessThan(2000);
    expect(served.endpoints.length + served.left.length).toBe(Object.keys(tlsKinds).length + 2);
  });

  it.each([
    "fine",
    "expiring",
    "tls12",
    "tls13",
    "ocsp-good",
    "ocsp-revoked",
    "long-chain",
    "sni-first",
    "sni-second",
    "wrong-order",
    "extra-certificate",
  ])("%s serves a certificate that the root vouches for", async (name) => {
    const seen = await shake(name);
    expect(seen).toMatchObject({ authorized: true });
    expect([fingerprint(seen)]).toEqual(endpoint(name).expect.leaves);
  });

  it.each([
    ["expired", "CERT_HAS_EXPIRED"],
    ["expired-wrong-name", "CERT_HAS_EXPIRED"],
    ["not-yet-valid", "CERT_NOT_YET_VALID"],
    ["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["missing-intermediate", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["wrong-name", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("%s is refused by a client with %s", async (name, code) => {
    const seen = await shake(name);
    expect(seen.authorized).toBe(false);
    expect(seen.authorizationError).toContain(code);
    await expect(shake(name, { rejectUnauthorized: true })).rejects.toMatchObject({ code });
  });

  it("expires in ten days where it says so", async () => {
    const days = (leafOf(await shake("expiring")).validToDate.getTime() - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(9.9);
    expect(days).toBeLessThanOrEqual(10);
  });

  it("has both faults at once where it says so, although a client names only one", async () => {
    const leaf = leafOf(await shake("expired-wrong-name"));
    expect(leaf.validToDate.getTime()).toBeLessThan(Date.now());
    expect(leaf.checkHost(endpoint("expired-wrong-name").sni ?? "")).toBeUndefined();
  });

  it("serves an RSA or an ECDSA certificate, as the client's signature algorithms ask", async () => {
    const rsa = await shake("dual", { sigalgs: "rsa_pss_rsae_sha256:rsa_pkcs1_sha256" });
    const ecdsa = await shake("dual", { sigalgs: "ecdsa_secp256r1_sha256" });
    expect([rsa, ecdsa].map(fingerprint)).toEqual(endpoint("dual").expect.leaves);
    expect([rsa, ecdsa].map((seen) => leafOf(seen).publicKey.asymmetricKeyType)).toEqual(["rsa", "ec"]);
    expect([rsa, ecdsa].map(({ authorized }) => authorized)).toEqual([true, true]);
  });

  it("serves another certificate for each server name, and a default one without", async () => {
    const prints = await Promise.all(
      ["sni-none", "sni-first", "sni-second"].map(async (name) => fingerprint(await shake(name))),
    );
    expect(new Set(prints).size).toBe(3);
    expect(new Set(["sni-none", "sni-first", "sni-second"].map((name) => endpoint(name).port)).size).toBe(1);
  });

  it.each([
    ["tls12", "TLSv1.2", { minVersion: "TLSv1.3" }],
    ["tls13", "TLSv1.3", { maxVersion: "TLSv1.2" }],
  ] as const)("%s speaks %s alone", async (name, protocol, other) => {
    expect((await shake(name)).protocol).toBe(protocol);
    await expect(shake(name, other)).rejects.toThrow(/protocol version/);
  });

  it.each([
    ["ocsp-good", 0],
    ["ocsp-revoked", 1],
  ] as const)("%s staples a response that its issuer signed, with status %i", async (name, status) => {
    const { staple, chain } = await shake(name);
    const [leaf, issuer] = chain.map(({ raw }) => Certificate.fromBER(new Uint8Array(raw)));
    if (!staple || !leaf || !issuer) throw new Error("no staple or no chain");
    const { responseBytes } = OCSPResponse.fromBER(new Uint8Array(staple));
    const basic = BasicOCSPResponse.fromBER(responseBytes?.response.valueBlock.valueHexView ?? new Uint8Array());
    expect(await basic.getCertificateStatus(leaf, issuer)).toEqual({ isForCertificate: true, status });
    expect(basic.tbsResponseData.responses[0]?.thisUpdate.getMilliseconds()).toBe(0);
    const key = new X509Certificate(chain[1]?.raw ?? Buffer.alloc(0)).publicKey;
    const { tbsView } = basic.tbsResponseData;
    expect(verify("sha256", tbsView, key, basic.signature.valueBlock.valueHexView)).toBe(true);
  });

  it("staples nothing elsewhere", async () => {
    expect((await shake("fine")).staple).toBeUndefined();
  });

  it("lets in only a client with a certificate where it asks for one", async () => {
    const refused = new Promise((resolve, reject) => {
      const { host, port, sni } = endpoint("client-certificate");
      const socket = connect({ host, port, servername: sni ?? "", ca: served.roots });
      socket.once("error", reject);
      socket.once("close", resolve);
      socket.resume();
    });
    await expect(refused).rejects.toThrow(/certificate required/);
    expect(await shake("client-certificate", served.client)).toMatchObject({ authorized: true });
  });

  it.each([
    ["weak-key", (leaf: X509Certificate) => leaf.publicKey.asymmetricKeyDetails?.modulusLength, 1024],
    ["sha1", (leaf: X509Certificate) => leaf.signatureAlgorithm, "ecdsa-with-SHA1"],
  ] as const)("%s can be seen by a client that lowers its guard", async (name, read, expected) => {
    expect(read(leafOf(await shake(name, { ciphers: "DEFAULT@SECLEVEL=0" })))).toBe(expected);
  });

  it("calls a kind well-behaved when, and only when, a client sees its certificate", async () => {
    // `silent` never ends a handshake; the test of its silence is below.
    const asked = served.endpoints.filter(({ name }) => name !== "silent");
    const seen = await Promise.all(
      asked.map(({ name }) =>
        shake(name, { ciphers: "DEFAULT@SECLEVEL=0" }).then(
          ({ chain }) => chain.length > 0,
          () => false,
        ),
      ),
    );
    const isWellBehaved = ({ name }: TlsEndpoint) =>
      wellBehavedKinds.some((kind) => name === kind || (kind === "sni" && name.startsWith("sni-")));
    expect(asked.filter((_each, index) => seen[index])).toEqual(served.endpoints.filter(isWellBehaved));
  });

  it("sends a chain of forty-one certificates, and one that is too large for a client to take", async () => {
    expect((await shake("long-chain")).chain).toHaveLength(endpoint("long-chain").expect.sent + 1);
    await expect(shake("oversize-chain")).rejects.toThrow(/excessive message size/);
  });

  it.each([
    ["closing", /socket disconnected before secure TLS connection|ECONNRESET/],
    ["plain-http", /wrong version number|packet length/],
  ])("%s is no TLS server", async (name, message) => {
    await expect(shake(name)).rejects.toThrow(message);
  });

  it("silent takes a connection and never says a word", async () => {
    const { host, port } = endpoint("silent");
    const heard: string[] = [];
    await new Promise<void>((resolve) => {
      const socket = connect({ host, port, timeout: 100 });
      for (const event of ["secureConnect", "data", "error", "end"]) socket.on(event, () => heard.push(event));
      socket.once("timeout", () => resolve(socket.destroy() && undefined));
    });
    expect(heard).toEqual([]);
  });

  it("serves on [::1], or says why it cannot", async () => {
    if (served.left.length) expect(served.left).toMatchObject([{ kind: "ipv6" }]);
    else expect(await shake("ipv6")).toMatchObject({ authorized: true });
  });

  it("puts exactly the certificates on the wire that it says, in the order that it says", async () => {
    const [root = ""] = [served.roots].map((pem) => new X509Certificate(pem).fingerprint256);
    for (const each of served.endpoints) {
      const { name, expect: expected } = each;
      if (expected.outcome !== "handshake" || expected.protocol === "TLSv1.3") continue;
      const sent = (await certificatesOnTheWire(each)).map((der) => new X509Certificate(der));
      expect([name, sent.length]).toEqual([name, expected.sent]);
      const places = sent.map(({ fingerprint256 }) => fingerprint256);
      expect([name, places.indexOf(root)]).toEqual([name, name === "wrong-order" ? 1 : -1]);
      const ordered = sent.every((certificate, index) => {
        const issuer = sent[index + 1];
        return !issuer || certificate.checkIssued(issuer);
      });
      expect([name, ordered]).toEqual([name, !["wrong-order", "extra-certificate"].includes(name)]);
    }
  });

  it("stops every server, and starts only the kinds that were asked for", async () => {
    const two = await startTlsEndpoints({ now: () => new Date(), kinds: ["fine", "silent"] });
    expect(two.endpoints.map(({ name }) => name)).toEqual(["fine", "silent"]);
    await two.stop();
    const [fine] = two.endpoints;
    const refused = new Promise((resolve, reject) => {
      connect({ host: fine?.host, port: fine?.port ?? 0 }, () => resolve("connected")).once("error", reject);
    });
    await expect(refused).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
