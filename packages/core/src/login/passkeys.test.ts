import { describe, expect, it } from "vitest";
import { challengeOf, enrolOptions, type Passkey, proveByPasskey, proveOptions, readNewPasskey } from "./passkeys.ts";
import { anAuthenticator } from "./testing.ts";

const PARTY = { id: "cadastre.test", origins: ["https://cadastre.test"] };
const USER = { user: "usr_1", userName: "anna", displayName: "Anna", passkeys: [] };

async function enrolled(authenticator = anAuthenticator()) {
  const { challenge } = await enrolOptions(PARTY, USER);
  const passkey = await readNewPasskey(PARTY, challenge, authenticator.create({ challenge }));
  if (!passkey) throw new Error("it was not enrolled");
  return { authenticator, passkey };
}

describe("a passkey", () => {
  it("is enrolled, and then proves who it is, with a counter that goes on", async () => {
    const { authenticator, passkey } = await enrolled();
    expect(passkey).toMatchObject({ credential: authenticator.id, counter: 0, transports: ["internal"] });
    let known: Passkey = passkey;
    for (const expected of [1, 2]) {
      const { challenge } = await proveOptions(PARTY, [known]);
      const proved = await proveByPasskey(PARTY, challenge, known, authenticator.get({ challenge }));
      expect(proved?.counter).toBe(expected);
      known = proved ?? known;
    }
  });

  it("is asked for with its user verified, and not made where the user has it", async () => {
    const { passkey, authenticator } = await enrolled();
    const options = await enrolOptions(PARTY, { ...USER, passkeys: [passkey] });
    expect(options).toMatchObject({
      rp: { id: "cadastre.test", name: "Cadastre" },
      user: { name: "anna" },
      attestation: "none",
      authenticatorSelection: { userVerification: "required" },
      excludeCredentials: [{ id: authenticator.id }],
    });
    expect(await proveOptions(PARTY, [passkey])).toMatchObject({ rpId: "cadastre.test", userVerification: "required" });
  });

  it.each([
    ["another origin", { origin: "https://cadastre.test.evil.example" }],
    ["another scheme", { origin: "http://cadastre.test" }],
    ["another domain", { rpId: "evil.example" }],
    ["another challenge", { challenge: "A".repeat(43) }],
    ["a user who was not verified", { isVerified: false }],
    ["another ceremony", { type: "webauthn.get" }],
  ])("is not enrolled with %s", async (_, wrong) => {
    const { challenge } = await enrolOptions(PARTY, USER);
    expect(await readNewPasskey(PARTY, challenge, anAuthenticator().create({ challenge, ...wrong }))).toBeUndefined();
  });

  it.each([
    ["another origin", { origin: "https://cadastre.test.evil.example" }],
    ["another domain", { rpId: "evil.example" }],
    ["another challenge", { challenge: "A".repeat(43) }],
    ["a user who was not verified", { isVerified: false }],
    ["another ceremony", { type: "webauthn.create" }],
  ])("proves nothing with %s", async (_, wrong) => {
    const { authenticator, passkey } = await enrolled();
    const { challenge } = await proveOptions(PARTY, [passkey]);
    const response = authenticator.get({ challenge, ...wrong });
    expect(await proveByPasskey(PARTY, challenge, passkey, response)).toBeUndefined();
  });

  it("proves nothing when there are two of it, or by another one's key", async () => {
    const { authenticator, passkey } = await enrolled();
    const { challenge } = await proveOptions(PARTY, [passkey]);
    const response = authenticator.get({ challenge });
    expect(await proveByPasskey(PARTY, challenge, { ...passkey, counter: 1 }, response)).toBeUndefined();
    const { passkey: other } = await enrolled();
    expect(
      await proveByPasskey(PARTY, challenge, { ...other, credential: passkey.credential }, response),
    ).toBeUndefined();
  });

  it.each([
    "",
    "AAAA",
    Buffer.from("null").toString("base64url"),
    Buffer.from('{"challenge":1}').toString("base64url"),
    Buffer.from('{"challenge":"a#b"}').toString("base64url"),
  ])("has no challenge in %j", (text) => expect(challengeOf(text)).toBeUndefined());

  it("that is garbage is none, and throws nothing", async () => {
    const garbage = { clientDataJSON: "AAAA", attestationObject: "AAAA" };
    const response = { ...anAuthenticator().create({ challenge: "A".repeat(43) }), response: garbage };
    expect(await readNewPasskey(PARTY, "A".repeat(43), response)).toBeUndefined();
  });
});
