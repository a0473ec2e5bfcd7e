import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { createGcpAuth } from "./auth.ts";

const url = "http://127.0.0.1:8085";
const grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
let clock = new Date("2026-02-03T04:05:06Z");
const auth = await createGcpAuth({ url, projectId: "acme", now: () => clock });
const { client_email: email, private_key: key, token_uri: tokenUri } = auth.serviceAccountKey;
const seconds = () => Math.floor(clock.getTime() / 1000);

function assertion(
  claims: Record<string, unknown> = {},
  options: { readonly pem?: string; readonly alg?: string } = {},
) {
  return new SignJWT({ iss: email, scope: "a b", aud: tokenUri, iat: seconds(), exp: seconds() + 3600, ...claims })
    .setProtectedHeader({ alg: options.alg ?? "RS256" })
    .sign(createPrivateKey(options.pem ?? key));
}

const exchange = async (jwt: string) => auth.token(new URLSearchParams({ grant_type: grant, assertion: jwt }));

describe("the simulated token endpoint", () => {
  it("gives a token for an assertion that the account signed, and lets its bearer in for an hour", async () => {
    const { status, body } = await exchange(await assertion());
    expect(status).toBe(200);
    const bearer = `Bearer ${body.access_token}`;
    expect(await auth.refusal(bearer)).toBeUndefined();
    const issued = clock;
    clock = new Date(issued.getTime() + 3_601_000);
    expect(await auth.refusal(bearer)).toBe("The access token has expired.");
    clock = issued;
  });

  it("refuses an assertion of another key, account, audience, algorithm or time, and one without a scope", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const other = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const bad = [
      assertion({}, { pem: other }),
      assertion({ iss: "someone@else" }),
      assertion({ aud: "https://else.example/token" }),
      assertion({}, { alg: "RS512" }),
      assertion({ iat: seconds() - 8000, exp: seconds() - 4000 }),
      assertion({ exp: seconds() + 7200 }),
      Promise.resolve("not a token"),
    ];
    for (const jwt of bad)
      expect(await exchange(await jwt)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    expect(await exchange(await assertion({ scope: undefined }))).toMatchObject({ body: { error: "invalid_scope" } });
    const password = await auth.token(new URLSearchParams({ grant_type: "password" }));
    expect(password).toMatchObject({ status: 400, body: { error: "unsupported_grant_type" } });
  });

  it("lets in a token that the account signed itself, and nobody else's", async () => {
    const own = { sub: email, scope: undefined, aud: "https://compute.googleapis.com/" };
    expect(await auth.refusal(`Bearer ${await assertion(own)}`)).toBeUndefined();
    expect(await auth.refusal(`Bearer ${await assertion({ ...own, aud: "https://else.example/" })}`)).toContain(
      "audience",
    );
    expect(await auth.refusal(`Bearer ${await assertion({ ...own, sub: "me" })}`)).toContain("subject");
    expect(await auth.refusal("Bearer ya29.unknown")).toContain("unknown");
    expect(await auth.refusal(undefined)).toContain("Expected");
  });
});
