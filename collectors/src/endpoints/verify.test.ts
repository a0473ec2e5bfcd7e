import { beforeAll, describe, expect, test } from "vitest";
import { type Authority, aLeaf, anAuthority, aStaple, day, type Issued, issue, rsaKeys, TODAY } from "./testing/pki.ts";
import { createTrust } from "./trust.ts";
import { verifyChain } from "./verify.ts";

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
  readonly staple?: Uint8Array;
  readonly verdict?: string;
}

function verify(chain: readonly Issued[], question: Question = {}) {
  return verifyChain({
    chain: chain.map((one) => one.x509),
    name: question.name ?? "leaf.example",
    trust: createTrust((question.roots ?? [authority.root]).map((root) => root.pem)),
    now: question.now ?? TODAY,
    staple: question.staple,
    verdict: question.verdict,
  });
}

async function codes(chain: readonly Issued[], question: Question = {}) {
  return (await verify(chain, question)).findings.map((finding) => finding.code);
}

describe("a chain", () => {
  test("to a trusted root has nothing against it, with the root sent or not", async () => {
    expect(await codes([leaf, authority.intermediate])).toEqual([]);
    expect(await codes([leaf, authority.intermediate, authority.root])).toEqual([]);
  });

  test("is judged by the clock that was passed in", async () => {
    const chain = [leaf, authority.intermediate];
    expect(await codes(chain, { now: day(61) })).toEqual(["expired"]);
    expect(await codes(chain, { now: day(-31) })).toContain("not_yet_valid");
  });

  test("with several faults names all of them", async () => {
    const bad = await aLeaf(authority.intermediate, {
      names: [{ type: "dns", value: "other.example" }],
      notBefore: day(-60),
      notAfter: day(-1),
      keys: await rsaKeys(1024),
      purposes: ["1.3.6.1.5.5.7.3.2"],
    });
    const found = await codes([bad], { roots: [] });
    expect(found).toEqual(["expired", "wrong_name", "wrong_usage", "missing_intermediate", "weak_key"]);
  });

  test("that ends in an unknown root is untrusted, with the root sent or not", async () => {
    expect(await codes([leaf, authority.intermediate], { roots: [] })).toEqual(["untrusted_root"]);
    expect(await codes([leaf, authority.intermediate, authority.root], { roots: [] })).toEqual(["untrusted_root"]);
  });

  test("of one self-signed certificate is that, unless it is trusted", async () => {
    const own = await aLeaf(undefined);
    expect(await codes([own])).toEqual(["self_signed"]);
    expect(await codes([own], { roots: [own] })).toEqual([]);
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
    const { findings } = await verify([leaf, old]);
    expect(findings).toMatchObject([{ code: "expired", certificate: `sha256:${old.fingerprint}` }]);
    expect((await codes([leaf, old, authority.intermediate])).filter((code) => code === "expired")).toEqual([]);
  });

  test("with an issuer that may not sign certificates does not lead to the root", async () => {
    const notCa = await issue({ subject: "CN=Not a CA", issuer: authority.intermediate });
    const forged = await aLeaf(notCa);
    const found = await codes([forged, notCa, authority.intermediate]);
    expect(found).toContain("missing_intermediate");
  });

  test("whose issuer only has the right name does not lead to the root", async () => {
    const impostor = await issue({ subject: "CN=Test Intermediate", ca: true, issuer: authority.root });
    expect(await codes([leaf, impostor])).toEqual(["missing_intermediate", "extra_certificate"]);
  });

  test("in the wrong order or with strangers in it still leads to the root, and both are named", async () => {
    expect(await codes([leaf, authority.root, authority.intermediate])).toEqual(["chain_order", "chain_order"]);
    const stranger = await aLeaf(authority.intermediate);
    expect(await codes([leaf, stranger, authority.intermediate, authority.intermediate])).toEqual([
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
    expect(await codes([await named("dns", value), authority.intermediate], { name })).toEqual(expected);
  });

  test("that is an address is looked for among the addresses", async () => {
    const chain = [await named("ip", "2001:db8::1"), authority.intermediate];
    expect(await codes(chain, { name: "2001:db8::1" })).toEqual([]);
    expect(await codes(chain, { name: "2001:db8::2" })).toEqual(["wrong_name"]);
  });

  test("in the common name alone does not count", async () => {
    const plain = await issue({ subject: "CN=leaf.example", issuer: authority.intermediate });
    const { findings } = await verify([plain, authority.intermediate]);
    expect(findings).toMatchObject([
      { code: "wrong_name", message: expect.stringContaining("no subject alternative") },
    ]);
  });
});

test("OpenSSL's verdict counts where nothing here looks, and not where the clock passed in decides", async () => {
  const chain = [leaf, authority.intermediate];
  expect(await codes(chain, { verdict: "CERT_HAS_EXPIRED" })).toEqual([]);
  expect(await codes(chain, { verdict: "PATH_LENGTH_EXCEEDED" })).toEqual(["path_too_long"]);
  expect(await codes(chain, { verdict: "PERMITTED_VIOLATION" })).toEqual(["name_not_permitted"]);
  expect(await codes(chain, { verdict: "CERT_SIGNATURE_FAILURE" })).toEqual(["verification_failed"]);
});

describe("a stapled OCSP response", () => {
  const issued = () => ({ subject: leaf, issuer: authority.intermediate });
  const judged = async (staple: Uint8Array | undefined, now = TODAY) => {
    const chain = [leaf, authority.intermediate];
    const result = await verify(chain, { now, ...(staple ? { staple } : {}) });
    return [result.staple, ...result.findings.map((finding) => finding.code)];
  };

  test("is good, revoked or unknown as it says, and none when there is none", async () => {
    expect(await judged(undefined)).toEqual(["none"]);
    expect(await judged(await aStaple(issued()))).toEqual(["good"]);
    expect(await judged(await aStaple({ ...issued(), status: "revoked" }))).toEqual(["revoked", "revoked"]);
    expect(await judged(await aStaple({ ...issued(), unknown: true }))).toEqual(["unknown"]);
  });

  test("is expired after its next update and invalid before its own time", async () => {
    const staple = await aStaple({ ...issued(), nextUpdate: day(2) });
    expect(await judged(staple, day(3))).toEqual(["expired"]);
    expect(await judged(staple, day(-2))).toEqual(["invalid"]);
  });

  test("may be signed by a responder that the issuer appointed, and by no other", async () => {
    const responder = (issuer: Issued, purposes: string[]) => issue({ subject: "CN=Responder", issuer, purposes });
    const signing = ["1.3.6.1.5.5.7.3.9"];
    const appointed = await responder(authority.intermediate, signing);
    const stranger = await responder(await issue({ subject: "CN=Test Intermediate", ca: true }), signing);
    const server = await responder(authority.intermediate, ["1.3.6.1.5.5.7.3.1"]);
    const by = async (one: Issued) => judged(await aStaple({ ...issued(), status: "revoked", responder: one }));
    expect(await by(appointed)).toEqual(["revoked", "revoked"]);
    expect(await by(stranger)).toEqual(["invalid"]);
    expect(await by(server)).toEqual(["invalid"]);
  });

  test("about another certificate, with a changed byte, or of noise is invalid", async () => {
    const other = await aLeaf(authority.intermediate);
    expect(await judged(await aStaple({ ...issued(), subject: other, status: "revoked" }))).toEqual(["invalid"]);
    const changed = await aStaple(issued());
    changed.writeUInt8(changed.readUInt8(changed.length - 10) ^ 1, changed.length - 10);
    expect(await judged(changed)).toEqual(["invalid"]);
    expect(await judged(Buffer.from("noise"))).toEqual(["invalid"]);
  });
});

test("an extra root that cannot be read is refused with its place", () => {
  expect(() => createTrust([authority.root.pem, "not a certificate"])).toThrow("extra root 2 holds no PEM certificate");
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  expect(() => createTrust([broken])).toThrow("extra root 1 holds a certificate that cannot be read");
});
