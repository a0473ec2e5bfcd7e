import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import { createSecureContext, createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { Authority } from "./authority.ts";
import { type CertificateSpec, chainPem, type Issued } from "./certificates.ts";
import { ocspResponse } from "./staple.ts";

export type TlsFinding =
  | "expiring"
  | "expired"
  | "not-yet-valid"
  | "wrong-name"
  | "self-signed"
  | "incomplete-chain"
  | "misordered-chain"
  | "extra-certificate"
  | "weak-key"
  | "weak-signature"
  | "revoked";

/** What a careful client finds at an endpoint. */
export interface TlsExpectation {
  readonly outcome: "handshake" | "client-certificate-required" | "silent" | "closed" | "not-tls" | "chain-too-large";
  readonly findings: readonly TlsFinding[];
  /** SHA-256 fingerprints, lower-case hexadecimal; two where RSA and ECDSA are served (RSA first). */
  readonly leaves: readonly string[];
  /** How many certificates the server sends. */
  readonly sent: number;
  /** Where only one version is served. */
  readonly protocol?: "TLSv1.2" | "TLSv1.3";
  readonly staple?: "good" | "revoked";
}

/** One server, and how it is to be asked: without `sni` by address alone. */
export interface TlsEndpointPlan {
  readonly server: Server;
  readonly host?: string;
  readonly asked: readonly { readonly name: string; readonly sni?: string; readonly expect: TlsExpectation }[];
}

/** Makes the certificates of a kind and its server, which does not listen yet. */
export type TlsBuild = (authority: Authority, kind: string) => Promise<TlsEndpointPlan>;

const longChainLength = 40;
/** Enough that the certificates pass OpenSSL's limit for a client of 100 KB. */
const oversizeCopies = 260;

const nameOf = (kind: string) => `${kind}.cadastre.test`;

function tlsServer(options: TlsOptions): Server {
  return createTlsServer(options, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.resume();
  });
}

/** One server with one certificate. */
function plan(options: {
  readonly kind: string;
  readonly leaf: Issued;
  readonly cert: string;
  readonly sent: number;
  readonly findings?: readonly TlsFinding[];
  readonly expect?: Partial<TlsExpectation>;
  readonly tls?: TlsOptions;
  readonly host?: string;
}): TlsEndpointPlan {
  const { kind, leaf } = options;
  return {
    server: tlsServer({ key: leaf.keyPem, cert: options.cert, ...options.tls }),
    ...(options.host ? { host: options.host } : {}),
    asked: [
      {
        name: kind,
        sni: nameOf(kind),
        expect: {
          outcome: "handshake",
          findings: options.findings ?? [],
          leaves: [leaf.fingerprint],
          sent: options.sent,
          ...options.expect,
        },
      },
    ],
  };
}

function leafOf(
  rest: (authority: Authority) => Partial<CertificateSpec>,
  more: Partial<Parameters<typeof plan>[0]> = {},
): TlsBuild {
  return async (authority, kind) => {
    const leaf = await authority.issueServer(nameOf(kind), rest(authority));
    return plan({ kind, leaf, cert: authority.chainOf(leaf), sent: 2, ...more });
  };
}

function sending(
  chain: (leaf: Issued, authority: Authority) => readonly Issued[],
  findings: readonly TlsFinding[],
): TlsBuild {
  return async (authority, kind) => {
    const leaf = await authority.issueServer(nameOf(kind));
    const sent = chain(leaf, authority);
    return plan({ kind, leaf, cert: chainPem(sent), sent: sent.length, findings });
  };
}

function stapled(status: "good" | "revoked"): TlsBuild {
  return async (authority, kind) => {
    const leaf = await authority.issueServer(nameOf(kind));
    const staple = await ocspResponse({
      subject: leaf,
      issuer: authority.intermediate,
      status,
      thisUpdate: authority.day(-1),
      nextUpdate: authority.day(6),
    });
    const findings: readonly TlsFinding[] = status === "revoked" ? ["revoked"] : [];
    const built = plan({ kind, leaf, cert: authority.chainOf(leaf), sent: 2, findings, expect: { staple: status } });
    built.server.on("OCSPRequest", (_certificate, _issuer, answer: (error: null, response: Buffer) => void) =>
      answer(null, staple),
    );
    return built;
  };
}

const elsewhere = { dnsNames: ["elsewhere.cadastre.test"], ipAddresses: ["192.0.2.1"] };
/** OpenSSL 3 refuses to serve short keys and SHA-1 signatures above this level. */
const weak: TlsOptions = { ciphers: "DEFAULT@SECLEVEL=0" };

function withoutTls(create: () => Server, outcome: TlsExpectation["outcome"]): TlsBuild {
  return async (_authority, kind) => ({
    server: create(),
    asked: [{ name: kind, sni: nameOf(kind), expect: { outcome, findings: [], leaves: [], sent: 0 } }],
  });
}

/** Every kind of endpoint and how it is made. */
export const tlsKinds = {
  fine: leafOf(() => ({})),
  expiring: leafOf(({ day }) => ({ notBefore: day(-80), notAfter: day(10) }), { findings: ["expiring"] }),
  expired: leafOf(({ day }) => ({ notBefore: day(-95), notAfter: day(-5) }), { findings: ["expired"] }),
  "not-yet-valid": leafOf(({ day }) => ({ notBefore: day(5), notAfter: day(95) }), { findings: ["not-yet-valid"] }),
  "wrong-name": leafOf(() => elsewhere, { findings: ["wrong-name"] }),
  "expired-wrong-name": leafOf(({ day }) => ({ ...elsewhere, notBefore: day(-95), notAfter: day(-5) }), {
    findings: ["expired", "wrong-name"],
  }),
  "missing-intermediate": sending((leaf) => [leaf], ["incomplete-chain"]),
  "wrong-order": sending((leaf, { root, intermediate }) => [leaf, root, intermediate], ["misordered-chain"]),
  "ocsp-good": stapled("good"),
  "ocsp-revoked": stapled("revoked"),
  tls12: leafOf(() => ({}), { tls: { maxVersion: "TLSv1.2" }, expect: { protocol: "TLSv1.2" } }),
  tls13: leafOf(() => ({}), { tls: { minVersion: "TLSv1.3" }, expect: { protocol: "TLSv1.3" } }),
  sha1: leafOf(() => ({ hash: "SHA-1" }), { tls: weak, findings: ["weak-signature"] }),
  ipv6: leafOf(() => ({ ipAddresses: ["::1"] }), { host: "::1" }),
  "self-signed": async (authority, kind) => {
    const { day } = authority;
    const leaf = await authority.issue({
      commonName: nameOf(kind),
      purpose: "server",
      notBefore: day(-30),
      notAfter: day(60),
      dnsNames: [nameOf(kind)],
    });
    return plan({ kind, leaf, cert: leaf.pem, sent: 1, findings: ["self-signed"] });
  },
  "extra-certificate": async (authority, kind) => {
    const [leaf, stranger] = await Promise.all([
      authority.issueServer(nameOf(kind)),
      authority.issueServer("stranger.cadastre.test"),
    ]);
    const cert = chainPem([leaf, authority.intermediate, stranger]);
    return plan({ kind, leaf, cert, sent: 3, findings: ["extra-certificate"] });
  },
  "weak-key": async (authority, kind) => {
    const leaf = await authority.issueServer(nameOf(kind), { keyType: "RSA-1024" });
    return plan({ kind, leaf, cert: authority.chainOf(leaf), sent: 2, findings: ["weak-key"], tls: weak });
  },
  dual: async (authority, kind) => {
    const [rsa, ecdsa] = await Promise.all([
      authority.issueServer(nameOf(kind), { keyType: "RSA-2048" }),
      authority.issueServer(nameOf(kind)),
    ]);
    return plan({
      kind,
      leaf: rsa,
      cert: rsa.pem,
      sent: 2,
      expect: { leaves: [rsa.fingerprint, ecdsa.fingerprint] },
      tls: { key: [rsa.keyPem, ecdsa.keyPem], cert: [authority.chainOf(rsa), authority.chainOf(ecdsa)] },
    });
  },
  sni: async (authority, kind) => {
    const names = ["first", "second"].map((each) => `${each}.${nameOf(kind)}`);
    const [fallback, ...named] = await Promise.all([nameOf(kind), ...names].map((name) => authority.issueServer(name)));
    if (!fallback) throw new Error("no certificate was made");
    const contexts = new Map(
      named.map((leaf, index) => [
        names[index],
        createSecureContext({ key: leaf.keyPem, cert: authority.chainOf(leaf) }),
      ]),
    );
    const server = tlsServer({
      key: fallback.keyPem,
      cert: authority.chainOf(fallback),
      SNICallback: (name, answer) => answer(null, contexts.get(name)),
    });
    const expect = (leaf: Issued): TlsExpectation => ({
      outcome: "handshake",
      findings: [],
      leaves: [leaf.fingerprint],
      sent: 2,
    });
    return {
      server,
      asked: [
        { name: "sni-none", expect: expect(fallback) },
        ...named.flatMap((leaf, index) => {
          const sni = names[index];
          return sni ? [{ name: `sni-${sni.split(".")[0]}`, sni, expect: expect(leaf) }] : [];
        }),
      ],
    };
  },
  "client-certificate": async (authority, kind) => {
    const leaf = await authority.issueServer(nameOf(kind));
    return plan({
      kind,
      leaf,
      cert: authority.chainOf(leaf),
      sent: 2,
      tls: { requestCert: true, rejectUnauthorized: true, ca: authority.root.pem },
      expect: { outcome: "client-certificate-required" },
    });
  },
  "long-chain": async (authority, kind) => {
    const chain = [authority.intermediate];
    for (let link = 1; link < longChainLength; link += 1) {
      const [issuer] = chain;
      if (!issuer) throw new Error("a chain has an issuer");
      const { day } = authority;
      const commonName = `Cadastre Simulator Link ${link}`;
      const notBefore = day(-400);
      chain.unshift(
        await authority.issue({ commonName, purpose: "authority", notBefore, notAfter: day(3650), issuer }),
      );
    }
    const [issuer] = chain;
    const leaf = await authority.issueServer(nameOf(kind), issuer ? { issuer } : {});
    return plan({ kind, leaf, cert: chainPem([leaf, ...chain]), sent: longChainLength + 1 });
  },
  "oversize-chain": async (authority, kind) => {
    const leaf = await authority.issueServer(nameOf(kind));
    const copies = Array.from({ length: oversizeCopies }, () => authority.intermediate);
    const expect = { outcome: "chain-too-large" } as const;
    return plan({ kind, leaf, cert: chainPem([leaf, ...copies]), sent: oversizeCopies + 1, expect });
  },
  silent: withoutTls(() => createTcpServer((socket) => socket.resume()), "silent"),
  closing: withoutTls(() => createTcpServer((socket) => socket.end()), "closed"),
  "plain-http": withoutTls(() => createHttpServer((_request, response) => response.end("plain")), "not-tls"),
} satisfies Record<string, TlsBuild>;

export type TlsKind = keyof typeof tlsKinds;

const withoutCertificate: ReadonlySet<TlsKind> = new Set(["oversize-chain", "silent", "closing", "plain-http"]);

export const everyKind = Object.keys(tlsKinds) as readonly TlsKind[];

/** The kinds at which a client sees the server's certificate, whatever may be wrong with it (also if it is then refused for want of its own). */
export const wellBehavedKinds: readonly TlsKind[] = everyKind.filter((kind) => !withoutCertificate.has(kind));
