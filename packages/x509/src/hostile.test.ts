import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import { BasicConstraintsExtension, Extension } from "@peculiar/x509";
import { Primitive, Sequence } from "asn1js";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { judgeChain } from "./judge-chain.ts";
import { findPaths } from "./paths.ts";
import { toLink } from "./problem.ts";
import { createSignatureCheck } from "./signatures.ts";
import { type Authority, aLeaf, anAuthority, day, ecdsaKeys, type Issued, issue, TODAY } from "./testing/pki.ts";
import { createTrust } from "./trust.ts";

let authority: Authority;
beforeAll(async () => {
  authority = await anAuthority();
});

function judge(chain: readonly (Issued | X509Certificate)[], roots: readonly Issued[] = [authority.root]) {
  return judgeChain({
    chain: chain.map((one) => (one instanceof X509Certificate ? one : one.x509)),
    name: "leaf.example",
    trust: createTrust(
      [],
      roots.map((root) => root.pem),
    ),
    now: TODAY,
  });
}

const codes = (...args: Parameters<typeof judge>) => judge(...args).problems.map((problem) => problem.code);

test("whatever bytes are changed in a certificate that OpenSSL still takes, it is judged without a throw", async () => {
  const leaf = await aLeaf(authority.intermediate, {
    names: [
      { type: "dns", value: "leaf.example" },
      { type: "ip", value: "2001:db8::1" },
    ],
    purposes: ["1.3.6.1.5.5.7.3.1"],
  });
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  let judged = 0;
  fc.assert(
    fc.property(changes, fc.constantFrom(leaf, authority.intermediate), (bytes, changed) => {
      const der = Buffer.from(changed.x509.raw);
      for (const [place, byte] of bytes) der.writeUInt8(byte, place % der.length);
      const odd = parse(der);
      if (!odd) return;
      judged += 1;
      const chain = changed === leaf ? [odd, authority.intermediate] : [leaf, odd];
      for (const problem of judge(chain).problems) expect(problem.message).not.toBe("");
      const { read } = toLink(odd);
      // What is told of times is what OpenSSL reads.
      if (read) expect(read.facts.notAfter).toEqual(odd.validToDate);
    }),
    { numRuns: 400 },
  );
  expect(judged).toBeGreaterThan(20);
});

function parse(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

describe("of several ways", () => {
  test("the one without a fault counts, wherever it stands, and the other is told as beside", async () => {
    const { keys } = authority.intermediate;
    const subject = "CN=Test Intermediate";
    const other = await issue({ subject: "CN=Other Root", ca: true, notAfter: day(3000) });
    const narrow = { extensions: [new Extension("1.2.3.4", true, Buffer.from("0500", "hex"))] };
    const bad = await issue({ subject, ca: true, issuer: other, keys, ...narrow });
    const leaf = await aLeaf(authority.intermediate);
    expect(codes([leaf, bad, authority.intermediate], [other, authority.root])).toEqual(["chain_order"]);
    expect(codes([leaf, bad], [other, authority.root])).toEqual(["unknown_critical_extension"]);
  });

  test("through one authority that two certified, a fault on one side does not hide the other", async () => {
    const upper = await anAuthority("Upper");
    const broken = await issue({
      subject: "CN=Upper Intermediate",
      ca: true,
      issuer: upper.root,
      keys: upper.intermediate.keys,
      pathLength: 0,
    });
    const lower = await issue({ subject: "CN=Lower", ca: true, issuer: upper.intermediate });
    const leaf = await aLeaf(lower);
    expect(codes([leaf, lower, broken], [upper.root])).toEqual(["path_too_long"]);
    expect(codes([leaf, lower, broken, upper.intermediate], [upper.root])).toEqual(["chain_order"]);
  });

  test("the one that lasts longest counts", async () => {
    const { keys } = authority.intermediate;
    const subject = "CN=Test Intermediate";
    const short = await issue({ subject, ca: true, issuer: authority.root, keys, notAfter: day(10) });
    const leaf = await aLeaf(authority.intermediate);
    expect(codes([leaf, short])).toEqual(["issuer_ends_first", "issuer_ends_soon"]);
    expect(judge([leaf, short, authority.intermediate]).path[1]).toEqual(authority.intermediate.x509);
  });
});

test("issuers that go in a circle end", async () => {
  const [a, b] = [await ecdsaKeys(), await ecdsaKeys()];
  const first = await issue({ subject: "CN=A", ca: true, keys: a });
  const second = await issue({ subject: "CN=B", ca: true, keys: b });
  const aByB = await issue({ subject: "CN=A", ca: true, keys: a, issuer: second });
  const bByA = await issue({ subject: "CN=B", ca: true, keys: b, issuer: first });
  const found = judge([await aLeaf(aByB), aByB, bByA]);
  expect(found.path).toHaveLength(3);
  expect(found.problems.map((problem) => problem.code)).toEqual(["untrusted_root"]);
});

test("authorities that all certified one another are looked at a hundred ways and no more", async () => {
  const keys = await Promise.all(Array.from({ length: 6 }, () => ecdsaKeys()));
  const selves = await Promise.all(keys.map((one, n) => issue({ subject: `CN=Ring ${n}`, ca: true, keys: one })));
  const crosses = await Promise.all(
    selves.flatMap((subject, n) =>
      selves
        .filter((issuer) => issuer !== subject)
        .map((issuer) => issue({ subject: `CN=Ring ${n}`, ca: true, keys: subject.keys, issuer })),
    ),
  );
  const leaf = await aLeaf(selves[0] as Issued);
  const chain = [leaf, ...crosses].map((one) => one.x509);
  const trust = createTrust([], [authority.root.pem]);
  expect(findPaths({ chain, trust, isSigned: createSignatureCheck() })).toHaveLength(100);
  const found = judge([leaf, ...crosses]);
  expect(found.problems.map((problem) => problem.code)).toContain("untrusted_root");
  expect(found.path.length).toBeLessThanOrEqual(7);
});

test("many certificates with the issuer's name and other keys do not hide the one that signed", async () => {
  const impostors = await Promise.all(
    Array.from({ length: 40 }, () => issue({ subject: "CN=Test Intermediate", ca: true })),
  );
  const leaf = await aLeaf(authority.intermediate);
  const found = judge([leaf, ...impostors, authority.intermediate]);
  expect(found.path).toHaveLength(3);
  expect(new Set(found.problems.map((problem) => problem.code))).toEqual(new Set(["extra_certificate"]));
  expect(found.authorities).toHaveLength(2);
});

test("a certificate with thousands of names is read whole", async () => {
  const texts = [...Array.from({ length: 11_000 }, (_, n) => `${n}.e`), "leaf.example"];
  const idBlock = { tagClass: 3, tagNumber: 2 };
  const names = texts.map((text) => new Primitive({ idBlock, valueHex: new TextEncoder().encode(text).buffer }));
  const extensions = [new Extension("2.5.29.17", false, new Sequence({ value: names }).toBER())];
  const leaf = await issue({ subject: "CN=leaf.example", issuer: authority.intermediate, extensions });
  expect(codes([leaf, authority.intermediate])).toEqual([]);
  expect(toLink(leaf.x509).read?.facts.subjectAltNames).toHaveLength(11_001);
});

test("an empty list of names is an extension that cannot be read", async () => {
  const empty = new Extension("2.5.29.17", false, Buffer.from("3000", "hex"));
  const leaf = await issue({ subject: "CN=leaf.example", issuer: authority.intermediate, extensions: [empty] });
  expect(codes([leaf, authority.intermediate])).toEqual(["unreadable_extension", "wrong_name"]);
});

test("an extension that is there twice is told, whichever would count", async () => {
  const twice = [new BasicConstraintsExtension(false), new BasicConstraintsExtension(true)];
  const leaf = await aLeaf(authority.intermediate, { extensions: twice });
  expect(codes([leaf, authority.intermediate])).toEqual(["unreadable_extension"]);
});
