import { type Authority, aLeaf, anAuthority, day, type Issued, issue, TODAY } from "@cadastre/x509/testing/pki";
import { createTrust } from "@cadastre/x509/trust";
import { beforeAll, describe, expect, test } from "vitest";
import { aStaple } from "./testing/staples.ts";
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
    trust: createTrust(
      [],
      (question.roots ?? [authority.root]).map((root) => root.pem),
    ),
    now: question.now ?? TODAY,
    staple: question.staple,
    verdict: question.verdict,
  });
}

async function codes(chain: readonly Issued[], question: Question = {}) {
  return (await verify(chain, question)).findings.map((finding) => finding.code);
}

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
