import "reflect-metadata";
import { certificate } from "@cadastre/contract/kinds/certificate";
import type { FindingCode } from "@cadastre/contract/kinds/findings";
import {
  type Authority,
  aLeaf,
  anAuthority,
  day,
  type Issued,
  issue,
  pssKeys,
  withTimes,
} from "@cadastre/x509/testing/pki";
import { AsnSerializer } from "@peculiar/asn1-schema";
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from "@peculiar/asn1-x509";
import { Extension, KeyUsageFlags, KeyUsagesExtension } from "@peculiar/x509";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { look, onlyHandshake } from "./testing/recording.ts";
import { aTlsServer, type Served } from "./testing/servers.ts";
import { aStaple } from "./testing/staples.ts";

let authority: Authority;
let server: Served | undefined;
beforeAll(async () => {
  authority = await anAuthority();
});
afterEach(() => server?.stop());

/** What a client finds that shakes hands with a server which sends this chain. */
async function served(chain: readonly Issued[], options: { readonly staple?: Buffer; readonly roots?: Issued[] } = {}) {
  const cert = chain.map((one) => one.pem).join("\n");
  const [leaf] = chain as [Issued];
  server = await aTlsServer({ key: leaf.keyPem, cert, ...(options.staple ? { staple: options.staple } : {}) });
  const target = `127.0.0.1:${server.port}?sni=leaf.example`;
  const roots = options.roots ?? [authority.root];
  const recorded = await look([target], { extraRoots: roots.map((root) => root.pem) });
  const handshake = onlyHandshake(recorded);
  expect(handshake).toMatchObject({ outcome: "ok", protocol: "TLSv1.3" });
  expect(handshake.presented).toMatchObject([{ certificate: idOf(leaf) }]);
  return { findings: handshake.findings ?? [], certificates: recorded.certificate.resources, recorded };
}

const idOf = (issued: Issued) => `sha256:${issued.fingerprint}`;
const raw = (oid: string, critical: boolean, hex: string) => new Extension(oid, critical, Buffer.from(hex, "hex"));

function allowing(name: string): Extension {
  const permittedSubtrees = new GeneralSubtrees([new GeneralSubtree({ base: new GeneralName({ dNSName: name }) })]);
  return new Extension("2.5.29.30", true, AsnSerializer.serialize(new NameConstraints({ permittedSubtrees })));
}

type Shape = () => Promise<{
  readonly chain: readonly Issued[];
  /** Code and certificate, by its place in the chain. */
  readonly findings: readonly (readonly [FindingCode, number])[];
}>;

const authorityUnder = (issuer: Issued, rest: Partial<Parameters<typeof issue>[0]> = {}) =>
  issue({ subject: "CN=Under", ca: true, issuer, notAfter: day(900), ...rest });

const shapes: Readonly<Record<string, Shape>> = {
  "a name that the intermediate may not certify": async () => {
    const under = await authorityUnder(authority.root, { extensions: [allowing("allowed.example")] });
    return { chain: [await aLeaf(under), under], findings: [["name_not_permitted", 0]] };
  },
  "a critical extension that nobody knows": async () => {
    const leaf = await aLeaf(authority.intermediate, { extensions: [raw("1.2.3.4.5.6", true, "040100")] });
    return { chain: [leaf, authority.intermediate], findings: [["unknown_critical_extension", 0]] };
  },
  "an intermediate that ends soon, before the server's certificate": async () => {
    const under = await authorityUnder(authority.root, { notAfter: day(20) });
    const leaf = await aLeaf(under, { notAfter: day(300) });
    const findings = [
      ["issuer_ends_first", 1],
      ["issuer_ends_soon", 1],
    ] as const;
    return { chain: [leaf, under], findings };
  },
  "an old cross-signature of a root that has ended, beside a way without it": async () => {
    const old = await issue({ subject: "CN=Old Root", ca: true });
    const { subject } = authority.root.certificate;
    const { keys } = authority.root;
    const cross = await issue({ subject, ca: true, issuer: old, keys, notBefore: day(-3000), notAfter: day(-100) });
    const leaf = await aLeaf(authority.intermediate);
    return { chain: [leaf, authority.intermediate, cross], findings: [["expired_beside_path", 2]] };
  },
  "an issuer that is no authority": async () => {
    const notCa = await issue({ subject: "CN=Not a CA", issuer: authority.root });
    return { chain: [await aLeaf(notCa), notCa], findings: [["issuer_not_ca", 1]] };
  },
  "a server's certificate that signed another one of its name": async () => {
    const under = await authorityUnder(authority.root, { pathLength: 0 });
    const first = await aLeaf(under);
    const findings = [
      ["issuer_not_ca", 1],
      ["path_too_long", 2],
    ] as const;
    return { chain: [await aLeaf(first), first, under], findings };
  },
  "an issuer whose key is not for signing certificates": async () => {
    const usage = new KeyUsagesExtension(KeyUsageFlags.cRLSign, true);
    const under = await authorityUnder(authority.root, { extensions: [usage] });
    return { chain: [await aLeaf(under), under], findings: [["issuer_may_not_sign", 1]] };
  },
  "RSASSA-PSS over SHA-1": async () => {
    const under = await authorityUnder(authority.root, { keys: await pssKeys("SHA-1") });
    return { chain: [await aLeaf(under, { hash: "SHA-1" }), under], findings: [["weak_signature", 0]] };
  },
  "too many authorities, and a certificate that has ended": async () => {
    const narrow = await authorityUnder(authority.root, { pathLength: 0 });
    const under = await authorityUnder(narrow, { subject: "CN=Further Under" });
    const leaf = await aLeaf(under, { notAfter: day(-1) });
    const findings = [
      ["expired", 0],
      ["path_too_long", 2],
    ] as const;
    return { chain: [leaf, under, narrow], findings };
  },
  "a demand for a staple that is not sent": async () => {
    const leaf = await aLeaf(authority.intermediate, { extensions: [mustStaple()] });
    return { chain: [leaf, authority.intermediate], findings: [["missing_staple", 0]] };
  },
  "a beginning in the future and an end in the past": async () => {
    const swapped = { notBefore: day(1500), notAfter: day(-700) };
    const leaf = await aLeaf(authority.intermediate, swapped);
    const findings = [
      ["expired", 0],
      ["not_yet_valid", 0],
    ] as const;
    return { chain: [leaf, authority.intermediate], findings };
  },
  "an extension that cannot be read": async () => {
    const leaf = await aLeaf(authority.intermediate, {
      extensions: [raw("1.3.6.1.5.5.7.1.1", false, "300530030601 2a".replace(" ", ""))],
    });
    return { chain: [leaf, authority.intermediate], findings: [["unreadable_extension", 0]] };
  },
};

const mustStaple = () => raw("1.3.6.1.5.5.7.1.24", false, "3003020105");

describe("a server with", () => {
  test.each(Object.entries(shapes))(
    "%s is told exactly that, and all its certificates are recorded",
    async (_name, shape) => {
      const { chain, findings } = await shape();
      const found = await served(chain);
      const told = found.findings.map(({ code, certificate }) => `${code} ${certificate}`).sort();
      expect(told).toEqual(findings.map(([code, place]) => `${code} ${idOf(chain[place] as Issued)}`).sort());
      const ids = found.certificates.map((one) => one.id);
      expect(ids).toEqual(expect.arrayContaining([...chain, authority.root].map(idOf)));
      expect(found.recorded.certificate.status).toBe("complete");
    },
  );

  test("a demand for a staple is content with one, and not with one that has ended", async () => {
    const leaf = await aLeaf(authority.intermediate, { extensions: [mustStaple()] });
    const issued = { subject: leaf, issuer: authority.intermediate };
    const chain = [leaf, authority.intermediate];
    expect((await served(chain, { staple: await aStaple(issued) })).findings).toEqual([]);
    await server?.stop();
    const old = await aStaple({ ...issued, thisUpdate: day(-9), nextUpdate: day(-2) });
    expect((await served(chain, { staple: old })).findings).toMatchObject([{ code: "missing_staple" }]);
  });

  test("names of a form that has no text keeps those that have one", async () => {
    // An X.400 address, then the name.
    const names = raw("2.5.29.17", false, `3012a3023000820c${Buffer.from("leaf.example").toString("hex")}`);
    const leaf = await issue({ subject: "CN=leaf.example", issuer: authority.intermediate, extensions: [names] });
    const found = await served([leaf, authority.intermediate]);
    expect(found.findings).toEqual([]);
    expect(found.certificates).toContainEqual(
      expect.objectContaining({
        id: idOf(leaf),
        attributes: expect.objectContaining({ subjectAltNames: ["leaf.example"] }),
      }),
    );
  });

  test("times that have an offset is seen, and its certificate told as unreadable instead of recorded with a guess", async () => {
    const times = { notBefore: "250101000000+0100", notAfter: "991231235959+0100" };
    const leaf = await withTimes(await aLeaf(authority.intermediate), authority.intermediate, times);
    const found = await served([leaf, authority.intermediate]);
    expect(found.findings).toMatchObject([
      {
        code: "unreadable_certificate",
        certificate: idOf(leaf),
        message: expect.stringContaining("250101000000+0100"),
      },
    ]);
    expect(found.certificates.map((one) => one.id).sort()).toEqual(
      [authority.intermediate, authority.root].map(idOf).sort(),
    );
  });
});

test("an authority that ends is found by when it ends, whether it was sent or is a root of ours", async () => {
  const root = await issue({ subject: "CN=Ending Root", ca: true, notAfter: day(25) });
  const leaf = await aLeaf(root, { notAfter: day(20) });
  const { findings, certificates } = await served([leaf], { roots: [root] });
  expect(findings).toMatchObject([{ code: "issuer_ends_soon", certificate: idOf(root) }]);
  const recorded = certificates.find((one) => one.id === idOf(root));
  expect(recorded?.attributes).toMatchObject({ isCa: true, chain: [] });
  const facets = certificate.facets(certificate.attributes.parse(recorded?.attributes), idOf(root));
  expect(facets.expiresAt).toBe(root.x509.validToDate.toISOString());
});
