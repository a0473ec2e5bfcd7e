import "reflect-metadata";
import { AsnParser, AsnSerializer } from "@peculiar/asn1-schema";
import { GeneralName as AsnGeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from "@peculiar/asn1-x509";
import {
  AuthorityKeyIdentifierExtension,
  Extension,
  GeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
} from "@peculiar/x509";
import { beforeAll, describe, expect, test } from "vitest";
import { judgeChain } from "./judge-chain.ts";
import { type Authority, aLeaf, anAuthority, day, type Issued, issue, rsaKeys, TODAY } from "./testing/pki.ts";
import { createTrust } from "./trust.ts";

let authority: Authority;
let leaf: Issued;
beforeAll(async () => {
  authority = await anAuthority();
  leaf = await aLeaf(authority.intermediate);
});

interface Question {
  readonly name?: string;
  readonly now?: Date;
  readonly roots?: readonly Issued[];
}

function judge(chain: readonly Issued[], question: Question = {}) {
  return judgeChain({
    chain: chain.map((one) => one.x509),
    name: question.name ?? "leaf.example",
    trust: createTrust(
      [],
      (question.roots ?? [authority.root]).map((root) => root.pem),
    ),
    now: question.now ?? TODAY,
  });
}

function codes(chain: readonly Issued[], question: Question = {}) {
  return judge(chain, question).problems.map((problem) => problem.code);
}

describe("a chain", () => {
  test("to a trusted root has nothing against it, with the root sent or not", async () => {
    expect(codes([leaf, authority.intermediate])).toEqual([]);
    expect(codes([leaf, authority.intermediate, authority.root])).toEqual([]);
  });

  test("is judged by the clock that was passed in", async () => {
    const chain = [leaf, authority.intermediate];
    expect(codes(chain, { now: day(61) })).toEqual(["expired"]);
    expect(codes(chain, { now: day(-31) })).toContain("not_yet_valid");
  });

  test("with several faults names all of them", async () => {
    const bad = await aLeaf(authority.intermediate, {
      names: [{ type: "dns", value: "other.example" }],
      notBefore: day(-60),
      notAfter: day(-1),
      keys: await rsaKeys(1024),
      purposes: ["1.3.6.1.5.5.7.3.2"],
    });
    const found = codes([bad], { roots: [] });
    expect(found).toEqual(["expired", "wrong_usage", "wrong_name", "missing_intermediate", "weak_key"]);
  });

  test("that ends in an unknown root is untrusted, with the root sent or not", async () => {
    expect(codes([leaf, authority.intermediate], { roots: [] })).toEqual(["untrusted_root"]);
    expect(codes([leaf, authority.intermediate, authority.root], { roots: [] })).toEqual(["untrusted_root"]);
  });

  test("of one self-signed certificate is that, unless it is trusted", async () => {
    const own = await aLeaf(undefined);
    expect(codes([own])).toEqual(["self_signed"]);
    expect(codes([own], { roots: [own] })).toEqual([]);
  });

  test("whose intermediate has expired says so about the intermediate", async () => {
    const keys = authority.intermediate.keys;
    const old = await issue({
      subject: "CN=Test Intermediate",
      ca: true,
      issuer: authority.root,
      keys,
      notAfter: day(-1),
    });
    const { problems } = judge([leaf, old]);
    expect(problems).toMatchObject([{ code: "expired", certificate: old.x509 }]);
    expect(codes([leaf, old, authority.intermediate]).filter((code) => code === "expired")).toEqual([]);
  });

  test("whose issuer only has the right name does not lead to the root", async () => {
    const impostor = await issue({ subject: "CN=Test Intermediate", ca: true, issuer: authority.root });
    expect(codes([leaf, impostor])).toEqual(["missing_intermediate", "extra_certificate"]);
  });

  test("whose issuer has the key but not the identifier or number that is named says so", async () => {
    const { keys } = authority.intermediate;
    const identified = (hex: string) => new Extension("2.5.29.14", false, Buffer.from(`0414${hex.repeat(20)}`, "hex"));
    const subject = "CN=Test Intermediate";
    const of = (extensions: Extension[]) =>
      issue({ subject, ca: true, issuer: authority.root, keys, extensions, notAfter: day(1000) });
    const [known, other] = [await of([identified("aa")]), await of([identified("bb")])];
    const names = await aLeaf(known, { extensions: [new AuthorityKeyIdentifierExtension("aa".repeat(20))] });
    expect(codes([names, known])).toEqual([]);
    expect(codes([names, other])).toEqual(["key_identifier_mismatch"]);
    const named = new GeneralName("dn", authority.root.certificate.subject);
    const directory = AsnParser.parse(named.rawData, AsnGeneralName);
    const { serialNumber } = known.certificate;
    const numbers = new AuthorityKeyIdentifierExtension({ name: [directory], serialNumber });
    const numbered = await aLeaf(known, { extensions: [numbers] });
    expect(codes([numbered, known])).toEqual([]);
    expect(codes([numbered, other])).toEqual(["key_identifier_mismatch"]);
  });

  test("whose subject has an old e-mail address or host name that may not be certified says so", async () => {
    const allowed = (base: AsnGeneralName) => {
      const permittedSubtrees = new GeneralSubtrees([new GeneralSubtree({ base })]);
      const value = AsnSerializer.serialize(new NameConstraints({ permittedSubtrees }));
      const extensions = [new Extension("2.5.29.30", true, value)];
      return issue({ subject: "CN=Constrained", ca: true, issuer: authority.root, extensions, notAfter: day(900) });
    };
    const mail = await allowed(new AsnGeneralName({ rfc822Name: "leaf.example" }));
    const old = await aLeaf(mail, { subject: "CN=leaf.example, E=me@other.example" });
    expect(codes([old, mail])).toEqual(["name_not_permitted"]);
    const host = await allowed(new AsnGeneralName({ dNSName: "leaf.example" }));
    const names = { names: [{ type: "ip" as const, value: "192.0.2.1" }] };
    const plain = (subject: string) => aLeaf(host, { subject, ...names });
    const question = { name: "192.0.2.1" };
    expect(codes([await plain("CN=www.other.example"), host], question)).toEqual(["name_not_permitted"]);
    expect(codes([await plain("CN=www.leaf.example"), host], question)).toEqual([]);
    expect(codes([await plain("CN=Server One"), host], question)).toEqual([]);
  });

  test.each([
    ["2.5.29.37.0", ["wrong_usage"]],
    ["1.3.6.1.5.5.7.3.2", ["wrong_usage"]],
    ["1.3.6.1.5.5.7.3.1", []],
    ["2.16.840.1.113730.4.1", []],
  ])("of which one certificate is for %s alone gives %j", async (purpose, expected) => {
    const server = await aLeaf(authority.intermediate, { purposes: [purpose] });
    expect(codes([server, authority.intermediate])).toEqual(expected);
    const under = await issue({
      subject: "CN=U",
      ca: true,
      issuer: authority.root,
      purposes: [purpose],
      notAfter: day(900),
    });
    expect(codes([await aLeaf(under), under])).toEqual(expected);
  });

  test("whose server's key is for other things than handshakes says so", async () => {
    const of = (usage: number) =>
      aLeaf(authority.intermediate, { extensions: [new KeyUsagesExtension(usage as KeyUsageFlags, true)] });
    const signing = await of(KeyUsageFlags.keyCertSign | KeyUsageFlags.nonRepudiation);
    expect(codes([signing, authority.intermediate])).toEqual(["wrong_usage"]);
    for (const usage of [KeyUsageFlags.digitalSignature, KeyUsageFlags.keyEncipherment, KeyUsageFlags.keyAgreement]) {
      expect(codes([await of(usage), authority.intermediate])).toEqual([]);
    }
  });

  test("in which an authority renewed itself counts it once for the path length, and may go on for other names", async () => {
    const first = await issue({
      subject: "CN=Renewed",
      ca: true,
      issuer: authority.root,
      pathLength: 0,
      notAfter: day(900),
    });
    const again = await issue({ subject: "CN=Renewed", ca: true, issuer: first, notAfter: day(800) });
    expect(codes([await aLeaf(again), again, first])).toEqual([]);
    const base = AsnParser.parse(new GeneralName("dn", "CN=leaf.example").rawData, AsnGeneralName);
    const permittedSubtrees = new GeneralSubtrees([new GeneralSubtree({ base })]);
    const value = AsnSerializer.serialize(new NameConstraints({ permittedSubtrees }));
    const extensions = [new Extension("2.5.29.30", true, value)];
    const narrow = await issue({ subject: "CN=N", ca: true, issuer: authority.root, extensions, notAfter: day(900) });
    const renewed = await issue({ subject: "CN=N", ca: true, issuer: narrow, notAfter: day(800) });
    expect(codes([await aLeaf(renewed), renewed, narrow])).toEqual([]);
    const other = await issue({ subject: "CN=Another", ca: true, issuer: first, notAfter: day(800) });
    expect(codes([await aLeaf(other), other, first])).toEqual(["path_too_long"]);
  });

  test("in the wrong order or with strangers in it still leads to the root, and both are named", async () => {
    expect(codes([leaf, authority.root, authority.intermediate])).toEqual(["chain_order", "chain_order"]);
    const stranger = await aLeaf(authority.intermediate);
    expect(codes([leaf, stranger, authority.intermediate, authority.intermediate])).toEqual([
      "extra_certificate",
      "extra_certificate",
    ]);
  });
});

describe("a name", () => {
  const named = (type: "dns" | "ip", value: string) => aLeaf(authority.intermediate, { names: [{ type, value }] });

  test.each([
    ["*.leaf.example", "www.leaf.example", []],
    ["*.leaf.example", "a.b.leaf.example", ["wrong_name"]],
    ["*.leaf.example", "leaf.example", ["wrong_name"]],
    ["LEAF.example", "leaf.example", []],
    ["w*.leaf.example", "www.leaf.example", ["wrong_name"]],
    ["192.0.2.1", "192.0.2.1", ["wrong_name"]],
    ["leaf.example, DNS:victim.example", "victim.example", ["wrong_name"]],
  ])("of %s against %s gives %j", async (value, name, expected) => {
    expect(codes([await named("dns", value), authority.intermediate], { name })).toEqual(expected);
  });

  test("that is an address is looked for among the addresses", async () => {
    const chain = [await named("ip", "2001:db8::1"), authority.intermediate];
    expect(codes(chain, { name: "2001:db8::1" })).toEqual([]);
    expect(codes(chain, { name: "2001:db8::2" })).toEqual(["wrong_name"]);
  });

  test("in the common name alone does not count", async () => {
    const plain = await issue({ subject: "CN=leaf.example", issuer: authority.intermediate });
    const { problems } = judge([plain, authority.intermediate]);
    expect(problems).toMatchObject([
      { code: "wrong_name", message: expect.stringContaining("no subject alternative") },
    ]);
  });
});

test("an extra root that cannot be read is refused with its place", () => {
  expect(() => createTrust([], [authority.root.pem, "not a certificate"])).toThrow(
    "extra root 2 holds no PEM certificate",
  );
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  expect(() => createTrust([], [broken])).toThrow("extra root 1 holds a certificate that cannot be read");
});
