import "reflect-metadata";
import { type Authority, aLeaf, anAuthority, day, ed25519Keys, issue, rsaKeys } from "@cadastre/x509/testing/pki";
import { AuthorityInfoAccessExtension, KeyUsageFlags, KeyUsagesExtension, Name } from "@peculiar/x509";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { observeEndpoints } from "./observe.ts";
import { findingCodes, look, onlyHandshake, type Recorded } from "./testing/recording.ts";
import { aTcpServer, aTlsServer, type Served } from "./testing/servers.ts";
import { aStaple } from "./testing/staples.ts";

let authority: Authority;
const servers: Served[] = [];
beforeAll(async () => {
  authority = await anAuthority();
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serving(...options: Parameters<typeof aTlsServer>): Promise<Served> {
  const server = await aTlsServer(...options);
  servers.push(server);
  return server;
}

const chainOf = (...certificates: { readonly pem: string }[]) => certificates.map((one) => one.pem).join("\n");
/** Without the authorities above them. */
const leavesOf = (recorded: Recorded) => recorded.certificate.resources.filter((one) => !one.attributes.isCa);
const trusted = () => ({ extraRoots: [authority.root.pem] });

describe("a run", () => {
  test("over endpoints that all answer is complete in both scopes", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const server = await serving({ key: leaf.keyPem, cert: chainOf(leaf, authority.intermediate) });
    const targets = [`127.0.0.1:${server.port}?sni=leaf.example`];
    const recorded = await look(targets, { ...trusted(), region: "office" });
    expect(recorded.endpoint.key).toEqual({ provider: "tls", account: "acme", region: "office", kind: "endpoint" });
    expect(recorded.endpoint).toMatchObject({ status: "complete", errors: [] });
    expect(recorded.certificate).toMatchObject({ status: "complete", errors: [] });
    expect(recorded.endpoint.resources).toMatchObject([
      {
        id: `tls://127.0.0.1:${server.port}?sni=leaf.example`,
        attributes: { host: "127.0.0.1", port: server.port, sni: "leaf.example", outcome: "ok" },
      },
    ]);
  });

  test("keeps the certificates of an endpoint that cannot be reached this time from being retired", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const server = await serving({ key: leaf.keyPem, cert: leaf.pem });
    const resolve = async () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    const recorded = await look([`127.0.0.1:${server.port}`, "gone.example"], { resolve });
    expect(recorded.endpoint.status).toBe("complete");
    expect(recorded.endpoint.resources.map((one) => one.attributes.outcome).sort()).toEqual(["dns_failed", "ok"]);
    expect(recorded.certificate.status).toBe("partial");
    expect(recorded.certificate.errors).toMatchObject([
      { code: "endpoints_unreachable", message: expect.stringMatching(/^1 of 2 endpoints/) },
    ]);
    expect(recorded.certificate.resources).toHaveLength(1);
  });

  test("that is interrupted is partial in both scopes and ends at once", async () => {
    const controller = new AbortController();
    const silent = await aTcpServer(() => controller.abort(new Error("Ctrl-C")));
    servers.push(silent);
    const recorded = await look(
      [`127.0.0.1:${silent.port}`, "never.example"],
      { concurrency: 1 },
      {
        signal: controller.signal,
      },
    );
    for (const scope of [recorded.endpoint, recorded.certificate]) {
      expect(scope).toMatchObject({ status: "partial", errors: [{ code: "interrupted" }] });
      expect(scope.resources).toEqual([]);
    }
  });

  test("that was interrupted before it began connects to nothing", async () => {
    const server = await aTcpServer((socket) => socket.end());
    servers.push(server);
    await look([`127.0.0.1:${server.port}`], {}, { signal: AbortSignal.abort() });
    expect(server.connections).toBe(0);
  });

  test("that takes longer than a scope may says so", async () => {
    const silent = await aTcpServer((socket) => socket.resume());
    servers.push(silent);
    const recorded = await look([`127.0.0.1:${silent.port}`], {}, { scopeDeadlineMilliseconds: 100 });
    expect(recorded.endpoint).toMatchObject({ status: "partial", errors: [{ code: "timeout" }] });
    expect(recorded.certificate.status).toBe("partial");
  });

  test("without targets is refused, because an empty list would retire everything", () => {
    expect(() => observeEndpoints({ targets: [], account: "acme" })).toThrow("there are no targets");
  });

  test("examines no more targets at a time than it may", async () => {
    const controller = new AbortController();
    let begun = 0;
    const resolve = () => {
      begun += 1;
      if (begun === 3) setImmediate(() => controller.abort());
      return new Promise<string[]>(() => undefined);
    };
    const targets = Array.from({ length: 40 }, (_, index) => `host-${index}.example`);
    await look(targets, { concurrency: 3, resolve }, { signal: controller.signal });
    expect(begun).toBe(3);
  });
});

describe("names", () => {
  test("lead to every address they have, each once", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const server = await serving({ key: leaf.keyPem, cert: chainOf(leaf, authority.intermediate) }, "0.0.0.0");
    const resolve = async () => ["127.0.0.3", "127.0.0.2", "127.0.0.3"];
    const recorded = await look([`leaf.example:${server.port}`], { ...trusted(), resolve });
    const [endpoint] = recorded.endpoint.resources;
    expect(endpoint?.attributes.handshakes?.map((one) => one.address)).toEqual(["127.0.0.2", "127.0.0.3"]);
    expect(server.asked).toContain("leaf.example");
    expect(recorded.certificate).toMatchObject({ status: "complete" });
    expect(leavesOf(recorded)).toHaveLength(1);
  });

  test("are not sent where the target is an address", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const server = await serving({ key: leaf.keyPem, cert: leaf.pem });
    await look([`127.0.0.1:${server.port}`]);
    expect(new Set(server.asked)).toEqual(new Set([false]));
  });

  test("with an address that does not answer are partly reached", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const server = await serving({ key: leaf.keyPem, cert: leaf.pem }, "127.0.0.1");
    const recorded = await look([`leaf.example:${server.port}`], { resolve: async () => ["127.0.0.1", "127.0.0.9"] });
    expect(recorded.endpoint.resources[0]?.attributes.outcome).toBe("partly");
    expect(recorded.certificate.status).toBe("partial");
  });

  test("are only looked at in the families that can be reached", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const server = await serving({ key: leaf.keyPem, cert: leaf.pem });
    const resolve = async () => ["127.0.0.1", "2001:db8::1"];
    const recorded = await look([`leaf.example:${server.port}`], { resolve, families: [4] });
    expect(onlyHandshake(recorded).address).toBe("127.0.0.1");
    expect(recorded.certificate.status).toBe("complete");
  });

  test("with more addresses than any honest one are not examined", async () => {
    const resolve = async () => Array.from({ length: 65 }, (_, index) => `127.0.1.${index}`);
    const recorded = await look(["many.example"], { resolve });
    expect(recorded.endpoint.resources).toMatchObject([
      { attributes: { outcome: "failed", detail: expect.stringContaining("more than 64 addresses"), handshakes: [] } },
    ]);
  });

  test.each([
    [
      "that the resolver does not know",
      async () => Promise.reject(Object.assign(new Error(""), { code: "EAI_AGAIN" })),
      "EAI_AGAIN",
    ],
    ["that have no address", async () => [], "no address"],
    ["that the resolver answers with nonsense", async () => ["127.0.0.1.evil"], "127.0.0.1.evil"],
    ["that the resolver never answers for", () => new Promise<string[]>(() => undefined), "in time"],
  ])("%s are recorded as that", async (_name, resolve, detail) => {
    const recorded = await look(["some.example"], { resolve, totalTimeoutMilliseconds: 100 });
    expect(recorded.endpoint.status).toBe("complete");
    expect(recorded.endpoint.resources).toMatchObject([
      { attributes: { outcome: "dns_failed", detail: expect.stringContaining(detail) } },
    ]);
  });
});

describe("a handshake", () => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)("over %s sees RSA and ECDSA certificates", async (version) => {
    const rsa = await aLeaf(authority.intermediate, { keys: await rsaKeys(2048) });
    const ecdsa = await aLeaf(authority.intermediate);
    const cert = [chainOf(rsa, authority.intermediate), chainOf(ecdsa, authority.intermediate)];
    const key = [rsa.keyPem, ecdsa.keyPem];
    const server = await serving({ key, cert, minVersion: version, maxVersion: version });
    const handshake = onlyHandshake(await look([`127.0.0.1:${server.port}?sni=leaf.example`], trusted()));
    expect(handshake.protocol).toBe(version);
    expect(handshake.findings).toEqual([]);
    expect(Object.fromEntries(handshake.presented?.map((one) => [one.keyAlgorithm, one.certificate]) ?? [])).toEqual({
      rsa: `sha256:${rsa.fingerprint}`,
      ecdsa: `sha256:${ecdsa.fingerprint}`,
    });
  });

  test("with a server of Ed25519 alone is fine", async () => {
    const leaf = await aLeaf(authority.intermediate, { keys: await ed25519Keys() });
    const server = await serving({ key: leaf.keyPem, cert: chainOf(leaf, authority.intermediate) });
    const handshake = onlyHandshake(await look([`127.0.0.1:${server.port}?sni=leaf.example`], trusted()));
    expect(handshake).toMatchObject({ outcome: "ok", presented: [{ keyAlgorithm: "ed25519" }], findings: [] });
  });

  test.each(["TLSv1", "TLSv1.1"] as const)("over %s is made, and the version is a finding", async (version) => {
    const leaf = await aLeaf(authority.intermediate, { keys: await rsaKeys(2048) });
    const server = await serving({
      key: leaf.keyPem,
      cert: chainOf(leaf, authority.intermediate),
      minVersion: version,
      maxVersion: version,
    });
    const recorded = await look([`127.0.0.1:${server.port}?sni=leaf.example`], trusted());
    expect(onlyHandshake(recorded)).toMatchObject({ outcome: "ok", protocol: version });
    expect(findingCodes(recorded)).toEqual(["old_protocol"]);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "over %s with a server that demands a certificate still records its own",
    async (version) => {
      const leaf = await aLeaf(authority.intermediate);
      const server = await serving({
        key: leaf.keyPem,
        cert: chainOf(leaf, authority.intermediate),
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: version,
        maxVersion: version,
      });
      const recorded = await look([`127.0.0.1:${server.port}?sni=leaf.example`], trusted());
      expect(onlyHandshake(recorded)).toMatchObject({
        outcome: "client_certificate_required",
        protocol: version,
        presented: [{ certificate: `sha256:${leaf.fingerprint}`, chain: [{ position: 1 }] }],
        findings: [],
      });
      expect(recorded.endpoint.resources[0]?.attributes.outcome).toBe("ok");
      expect(recorded.certificate.status).toBe("complete");
      expect(leavesOf(recorded)).toMatchObject([{ id: `sha256:${leaf.fingerprint}` }]);
    },
  );

  test("with a server that only asks for a certificate is fine", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const cert = chainOf(leaf, authority.intermediate);
    const server = await serving({ key: leaf.keyPem, cert, requestCert: true, rejectUnauthorized: false });
    expect(onlyHandshake(await look([`127.0.0.1:${server.port}`])).outcome).toBe("ok");
  });

  test("records the chain exactly as sent, strangers, repetitions and order kept and no root appended", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const stranger = await issue({ subject: "CN=Stranger" });
    const { root, intermediate } = authority;
    const sent = [stranger, root, intermediate, intermediate];
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const server = await serving({ key: leaf.keyPem, cert: chainOf(leaf, ...sent), maxVersion });
      const recorded = await look([`127.0.0.1:${server.port}?sni=leaf.example`], trusted());
      expect(recorded.certificate.resources[0]?.attributes.chain?.map((one) => one.fingerprint)).toEqual(
        sent.map((one) => one.fingerprint),
      );
    }
    const short = await serving({ key: leaf.keyPem, cert: chainOf(leaf, intermediate) });
    const recorded = await look([`127.0.0.1:${short.port}?sni=leaf.example`], trusted());
    expect(recorded.certificate.resources[0]?.attributes.chain).toHaveLength(1);
  });

  test("reads the staple of a server that has one, over both versions", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const staple = await aStaple({ subject: leaf, issuer: authority.intermediate, status: "revoked" });
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const cert = chainOf(leaf, authority.intermediate);
      const server = await serving({ key: leaf.keyPem, cert, staple, maxVersion });
      const recorded = await look([`127.0.0.1:${server.port}?sni=leaf.example`], trusted());
      expect(onlyHandshake(recorded).ocspStaple).toBe("revoked");
      expect(findingCodes(recorded)).toEqual(["revoked"]);
    }
  });

  test("finds a path longer than its root allows", async () => {
    const root = await issue({ subject: "CN=Narrow Root", ca: true, pathLength: 0 });
    const below = await issue({ subject: "CN=One Too Many", ca: true, issuer: root });
    const leaf = await aLeaf(below);
    const server = await serving({ key: leaf.keyPem, cert: chainOf(leaf, below) });
    const recorded = await look([`127.0.0.1:${server.port}?sni=leaf.example`], { extraRoots: [root.pem] });
    expect(findingCodes(recorded)).toEqual(["path_too_long"]);
  });
});

describe("a certificate", () => {
  test("is recorded with all that it says", async () => {
    const leaf = await issue({
      subject: 'CN=müller.example, O="Müller, Söhne & Co", C=DE',
      issuer: authority.intermediate,
      keys: await rsaKeys(2048),
      names: [
        { type: "dns", value: "xn--mller-kva.example" },
        { type: "dns", value: "a.example, DNS:b.example" },
        { type: "ip", value: "2001:db8::1" },
        { type: "email", value: "a@example.com" },
        { type: "url", value: "https://example.com/" },
      ],
      purposes: ["1.3.6.1.5.5.7.3.1", "1.2.3.4"],
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new AuthorityInfoAccessExtension({ ocsp: "http://ocsp.example/", caIssuers: "http://ca.example/ca.cer" }),
      ],
    });
    const server = await serving({ key: leaf.keyPem, cert: chainOf(leaf, authority.intermediate) });
    const [resource] = (await look([`127.0.0.1:${server.port}`])).certificate.resources;
    expect(resource).toMatchObject({
      id: `sha256:${leaf.fingerprint}`,
      name: "xn--mller-kva.example",
      attributes: {
        fingerprint: leaf.fingerprint,
        serialNumber: leaf.x509.serialNumber.toLowerCase(),
        subject: expect.stringMatching(/CN=müller\.example.*Müller\\?, Söhne & Co/),
        issuer: "CN=Test Intermediate",
        subjectAltNames: [
          "xn--mller-kva.example",
          "a.example, DNS:b.example",
          "2001:db8::1",
          "a@example.com",
          "https://example.com/",
        ],
        notBefore: leaf.x509.validFromDate.toISOString(),
        notAfter: leaf.x509.validToDate.toISOString(),
        keyAlgorithm: "rsa",
        keySizeBits: 2048,
        signatureAlgorithm: "ecdsa-with-SHA256",
        keyUsages: ["digitalSignature", "keyEncipherment"],
        extendedKeyUsages: ["serverAuth", "1.2.3.4"],
        isCa: false,
        selfSigned: false,
        publicKeyFingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        ocspUrls: ["http://ocsp.example/"],
        issuerUrls: ["http://ca.example/ca.cer"],
        chain: [
          {
            position: 1,
            fingerprint: authority.intermediate.fingerprint,
            subject: "CN=Test Intermediate",
            issuer: "CN=Test Root",
            notAfter: authority.intermediate.x509.validToDate.toISOString(),
          },
        ],
      },
    });
  });

  test("with texts longer than the contract takes is recorded with shortened ones", async () => {
    const subject = new Name([{ CN: ["x".repeat(3000)] }]);
    const leaf = await issue({ subject, issuer: authority.intermediate, notAfter: day(5) });
    const server = await serving({ key: leaf.keyPem, cert: leaf.pem });
    const recorded = await look([`127.0.0.1:${server.port}`]);
    expect(recorded.certificate.resources[0]?.attributes.subject).toHaveLength(1024);
    expect(recorded.certificate.resources[0]?.attributes.subject).toMatch(/…$/);
  });

  test("on several endpoints with different chains is one resource, with the longest chain", async () => {
    const leaf = await aLeaf(authority.intermediate);
    const short = await serving({ key: leaf.keyPem, cert: leaf.pem });
    const long = await serving({ key: leaf.keyPem, cert: chainOf(leaf, authority.intermediate) });
    for (const order of [
      [short, long],
      [long, short],
    ]) {
      const recorded = await look(
        order.map((server) => `127.0.0.1:${server.port}`),
        { concurrency: 1 },
      );
      expect(leavesOf(recorded)).toMatchObject([{ attributes: { chain: [{ position: 1 }] } }]);
    }
  });
});
