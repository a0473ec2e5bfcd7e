import { AUTHORIZATION_CODE, CLI_CLIENT, DEVICE_CODE } from "@cadastre/contract/oauth";
import { listAudit } from "@cadastre/core/audit/list";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anApi, jsonOf, ORIGIN, outcomeOf, type TestApi, type Visitor } from "./an-api.ts";

/*
 * One app for all: each test has a person of its own, and none counts what others leave. Time goes on and never back.
 */

let api: TestApi;
let people = 0;
beforeAll(async () => {
  api = await anApi({ onFile: true });
});
afterAll(() => api.close());

/** Somebody who is logged in, at an address of its own. */
function aPerson(more: { isAdmin?: boolean } = {}): Promise<Visitor> {
  people += 1;
  const from = { remoteAddress: `198.51.100.${people}` };
  return api.aVisitor({ userName: `person ${people}`, from, ...more });
}

interface Device {
  readonly device_code: string;
  readonly user_code: string;
}

async function aDevice(form: Record<string, string> = {}): Promise<Device> {
  const begun = await api.sendForm("/api/v1/auth/device", { client_id: CLI_CLIENT, client_name: "laptop", ...form });
  expect(begun.status).toBe(200);
  return (await jsonOf(begun)) as unknown as Device;
}

const poll = async ({ device_code }: Device, more: Record<string, string> = {}) =>
  jsonOf(
    await api.sendForm("/api/v1/auth/token", { grant_type: DEVICE_CODE, client_id: CLI_CLIENT, device_code, ...more }),
  );

const decide = (person: Visitor, { user_code: code }: Device, verb = "approve") =>
  person.send({ method: "POST", path: `/api/v1/auth/device/${verb}`, body: { code } });

/** A token that a person has approved. */
async function aToken(person: Visitor): Promise<string> {
  const device = await aDevice();
  expect((await decide(person, device)).status).toBe(204);
  const { access_token: token } = await poll(device);
  return String(token);
}

const use = async (token: string, path = "/api/v1/me") => {
  const response = await api.send({ method: "GET", path, token });
  return response.status === 200 ? "200" : outcomeOf(response);
};

const recordsOf = async (person: Visitor) =>
  (await listAudit(api.context, { actor: person.id, limit: 50 })).items.map(({ action }) => action);

describe("a login from a device", () => {
  it("is begun as RFC 8628 says, in codes that are easy to tell apart", async () => {
    const begun = await aDevice();
    expect(begun).toEqual({
      device_code: expect.stringMatching(/^clg_[0-9A-Z]{26}\.[\w-]{43}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${ORIGIN}/device`,
      verification_uri_complete: `${ORIGIN}/device?code=${begun.user_code}`,
      expires_in: 600,
      interval: 5,
    });
  });

  it("shows the person what asks, and gives one token with one record for each step", async () => {
    const person = await aPerson();
    const device = await aDevice({ client_name: " my laptop " });
    const typed = device.user_code.toLowerCase().replace("-", " ");
    const path = `/api/v1/auth/device?${new URLSearchParams({ code: typed }).toString()}`;
    const shown = await jsonOf(await person.send({ method: "GET", path }));
    expect(shown).toMatchObject({ clientName: "my laptop", address: expect.any(String) });
    expect(Date.parse(String(shown.tokenExpiresAt)) - api.now().getTime()).toBe(12 * 3_600_000);
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
    expect((await decide(person, device)).status).toBe(204);
    const answer = await poll(device);
    expect(answer).toMatchObject({ token_type: "Bearer", expires_in: 12 * 3600 });
    expect(String(answer.scope).split(" ")).toContain("tokens:write");
    expect(String(answer.scope)).not.toContain("credentials:reveal");
    expect(await use(String(answer.access_token))).toBe("200");
    expect(await poll(device)).toMatchObject({ error: "invalid_grant", code: "grant.invalid" });
    expect((await recordsOf(person)).slice(0, 2)).toEqual(["token.create", "client-login.approve"]);
    expect(api.dump()).not.toContain(device.device_code.split(".")[1]);
    expect(api.dump()).not.toContain(device.user_code);
  });

  it("gives one token to two who ask at once", async () => {
    const person = await aPerson();
    const device = await aDevice();
    await decide(person, device);
    const answers = await Promise.all([poll(device), poll(device), poll(device)]);
    expect(answers.filter((one) => "access_token" in one)).toHaveLength(1);
    expect((await recordsOf(person)).filter((one) => one === "token.create")).toHaveLength(1);
  });

  it("is decided once, and a decision of nobody's code is none", async () => {
    const [person, other] = [await aPerson(), await aPerson()];
    const device = await aDevice();
    expect((await decide(person, device, "deny")).status).toBe(204);
    expect(await outcomeOf(await decide(other, device))).toBe("404 client-login.not_found");
    expect(await poll(device)).toMatchObject({ error: "access_denied", code: "grant.denied" });
    expect(await recordsOf(person)).toContain("client-login.deny");
    for (const code of ["", "BCDF", "BCDF-GHJK", "AAAA-AAAA", "BCDF-GHJK-L"])
      expect(await outcomeOf(await decide(other, { device_code: "", user_code: code }))).toBe(
        "404 client-login.not_found",
      );
    const both = await aDevice();
    const answers = await Promise.all([decide(person, both), decide(other, both, "deny")]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 404]);
  });

  it("that asks too often is slowed down, and one that is late begins again", async () => {
    const device = await aDevice();
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
    api.pass(5);
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
    api.pass(4);
    expect(await poll(device)).toMatchObject({ error: "slow_down", code: "grant.slow_down" });
    api.pass(6);
    expect(await poll(device)).toMatchObject({ error: "slow_down" });
    api.pass(15);
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
    api.pass(600);
    expect(await poll(device)).toMatchObject({ error: "expired_token", code: "grant.expired" });
    expect(await outcomeOf(await decide(await aPerson(), device))).toBe("404 client-login.not_found");
    const approved = await aDevice();
    await decide(await aPerson(), approved);
    api.pass(601);
    expect(await poll(approved)).toMatchObject({ error: "expired_token" });
  });

  it("is refused to other clients, other codes and other forms", async () => {
    const device = await aDevice();
    await decide(await aPerson(), device);
    const wrong = { ...device, device_code: `${device.device_code.slice(0, -43)}${"A".repeat(43)}` };
    expect(await poll(wrong)).toMatchObject({ error: "invalid_grant" });
    expect(await poll({ ...device, device_code: "x" })).toMatchObject({ error: "invalid_grant" });
    expect(await poll({ ...device, device_code: "" })).toMatchObject({ error: "invalid_grant" });
    expect(await poll(device, { client_id: "another" })).toMatchObject({ error: "invalid_client" });
    const send = (form: Record<string, string>) => api.sendForm("/api/v1/auth/device", form);
    const another = await send({ client_id: "another" });
    expect([another.status, await jsonOf(another)]).toMatchObject([400, { error: "invalid_client" }]);
    expect(await jsonOf(await send({}))).toMatchObject({ error: "invalid_request" });
    const long = { client_id: CLI_CLIENT, client_name: "x".repeat(129) };
    expect(await jsonOf(await send(long))).toMatchObject({ error: "invalid_request" });
    expect("access_token" in (await poll(device))).toBe(true);
  });

  it("bounds how many codes a person tries", async () => {
    const person = await aPerson();
    const guess = () => person.send({ method: "GET", path: "/api/v1/auth/device?code=BCDF-GHJK" });
    for (let tried = 0; tried < 30; tried += 1) expect((await guess()).status).toBe(404);
    const device = await aDevice();
    expect(await outcomeOf(await guess())).toBe("429 request.rate");
    expect(await outcomeOf(await decide(person, device))).toBe("429 request.rate");
  });

  it("gives nothing to who may do nothing", async () => {
    const device = await aDevice();
    await decide(await aPerson({ isAdmin: false }), device);
    expect(await poll(device)).toMatchObject({ error: "invalid_scope", code: "grant.scope" });
  });
});

describe("a token of a login", () => {
  const logOut = (person: Visitor) => person.send({ method: "POST", path: "/api/v1/auth/logout", body: {} });
  const patch = (person: Visitor, body: object) =>
    api.send({ method: "PATCH", path: `/api/v1/users/${person.id}`, body, headers: { "if-match": "*" } });

  it("lives while nobody uses the browser, and ends with the session, as do those that it has made", async () => {
    const person = await aPerson();
    const token = await aToken(person);
    const made = await api.send({
      method: "POST",
      path: "/api/v1/tokens",
      token,
      body: { name: "child", scopes: ["accounts:read"] },
    });
    const { secret, id } = (await jsonOf(made)) as { secret: string; id: string };
    const rotated = await api.send({ method: "POST", path: `/api/v1/tokens/${id}/rotate` });
    expect(await outcomeOf(rotated)).toBe("409 token.state");
    expect([await use(token), await use(secret)]).toEqual(["200", "200"]);
    expect((await logOut(person)).status).toBe(204);
    expect([await use(token), await use(secret)]).toEqual(["401 auth.revoked", "401 auth.revoked"]);
    const [idle, late] = [await aPerson(), await aPerson()];
    const [lives, begun] = [await aToken(idle), await aDevice()];
    await decide(late, begun);
    api.pass(3601);
    expect((await idle.send({ method: "GET", path: "/api/v1/me" })).status).toBe(401);
    expect(await use(lives)).toBe("200");
    api.pass(12 * 3600);
    expect(await use(lives)).toBe("401 auth.expired");
  });

  it("ends when the session would at the latest", async () => {
    const person = await aPerson();
    for (let hour = 0; hour < 23; hour += 1) {
      api.pass(3500);
      await person.send({ method: "GET", path: "/api/v1/me" });
    }
    const device = await aDevice();
    await decide(person, device);
    expect((await poll(device)).expires_in).toBe(86_400 - 23 * 3500);
  });

  it("ends when its user is disabled, or has another password", async () => {
    const [one, other] = [await aPerson(), await aPerson()];
    const [ofOne, ofOther] = [await aToken(one), await aToken(other)];
    expect((await patch(one, { disabled: true })).status).toBe(200);
    await patch(one, { disabled: false });
    expect(await use(ofOne)).toBe("401 auth.revoked");
    const body = { current: "correct horse battery staple", password: "another horse battery" };
    expect((await other.send({ method: "POST", path: "/api/v1/auth/password", body })).status).toBe(200);
    expect(await use(ofOther)).toBe("401 auth.revoked");
  });

  it("is given to nobody whose session was ended, or who was disabled, after it had approved", async () => {
    const [one, other] = [await aPerson(), await aPerson()];
    const [ofOne, ofOther] = [await aDevice(), await aDevice()];
    await decide(one, ofOne);
    await decide(other, ofOther);
    await logOut(one);
    await patch(other, { disabled: true });
    for (const device of [ofOne, ofOther]) expect(await poll(device)).toMatchObject({ error: "access_denied" });
  });
});

const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT = "http://127.0.0.1:51004/callback";
/** The example of RFC 7636, appendix B. */
const ASKED = {
  responseType: "code",
  clientId: CLI_CLIENT,
  clientName: "cadastre on laptop",
  redirectUri: REDIRECT,
  state: "af0ifjsldkjaf0ifjsldkj",
  codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  codeChallengeMethod: "S256",
};

describe("a login of the command on the same computer", () => {
  const authorize = (person: Visitor, more: object = {}, path = "") =>
    person.send({ method: "POST", path: `/api/v1/auth/authorize${path}`, body: { ...ASKED, ...more } });

  /** A code that a person has approved. */
  async function aCode(person: Visitor, more: object = {}): Promise<string> {
    const { redirectTo } = await jsonOf(await authorize(person, more));
    const url = new URL(String(redirectTo));
    expect(url.searchParams.get("state")).toBe(ASKED.state);
    return url.searchParams.get("code") ?? "";
  }

  const redeem = async (code: string, more: Record<string, string> = {}) =>
    jsonOf(
      await api.sendForm("/api/v1/auth/token", {
        grant_type: AUTHORIZATION_CODE,
        client_id: CLI_CLIENT,
        redirect_uri: REDIRECT,
        code_verifier: VERIFIER,
        code,
        ...more,
      }),
    );

  const logOut = (person: Visitor) => person.send({ method: "POST", path: "/api/v1/auth/logout", body: {} });

  it("gives one token for a code, which ends with the session, with one record for each step", async () => {
    const person = await aPerson();
    const code = await aCode(person);
    const answers = await Promise.all([redeem(code), redeem(code), redeem(code)]);
    const [given, ...more] = answers.filter((one) => "access_token" in one);
    expect(given).toMatchObject({ token_type: "Bearer", expires_in: 12 * 3600 });
    expect(more).toEqual([]);
    expect((await redeem(code)).error).toBe("invalid_grant");
    expect((await recordsOf(person)).slice(0, 2)).toEqual(["token.create", "client-login.approve"]);
    expect(api.dump()).not.toContain(code.split(".")[1]);
    const token = String(given?.access_token);
    expect(await use(token)).toBe("200");
    await logOut(person);
    expect(await use(token)).toBe("401 auth.revoked");
  });

  it("is refused without a code", async () => {
    const person = await aPerson();
    const { redirectTo } = await jsonOf(await authorize(person, {}, "/refuse"));
    expect(redirectTo).toBe(`${REDIRECT}?error=access_denied&state=${ASKED.state}`);
    expect(await recordsOf(person)).toContain("client-login.deny");
  });

  it.each([
    ["another host", { redirectUri: "http://evil.example:51004/callback" }],
    ["a name for this computer", { redirectUri: "http://localhost:51004/callback" }],
    ["a host that begins as it", { redirectUri: "http://127.0.0.1.evil.example:80/callback" }],
    ["another scheme", { redirectUri: "https://127.0.0.1:51004/callback" }],
    ["a scheme of a script", { redirectUri: "javascript:alert(1)" }],
    ["somebody in it", { redirectUri: "http://127.0.0.1:51004@evil.example/callback" }],
    ["a fragment", { redirectUri: `${REDIRECT}#x` }],
    ["a query", { redirectUri: `${REDIRECT}?x=1` }],
    ["another path", { redirectUri: "http://127.0.0.1:51004/other" }],
    ["a way up", { redirectUri: "http://127.0.0.1:51004/callback/.." }],
    ["no port", { redirectUri: "http://127.0.0.1/callback" }],
    ["a port that is none", { redirectUri: "http://127.0.0.1:65536/callback" }],
    ["a line after it", { redirectUri: `${REDIRECT}\n` }],
    ["another client", { clientId: "another" }],
    ["a plain challenge", { codeChallengeMethod: "plain" }],
    ["no challenge", { codeChallenge: "" }],
    ["a token at once", { responseType: "token" }],
    ["no state", { state: "" }],
    ["a state that is more than one parameter", { state: "af0ifjsldkjaf0ifjsldkj&code=x" }],
  ])("is not approved with %s", async (_, more) => {
    const person = await aPerson();
    for (const path of ["", "/refuse"])
      expect(await outcomeOf(await authorize(person, more, path))).toMatch(/^422 request\.invalid$/);
  });

  it("goes to the loopback address of IPv6 too", async () => {
    const redirectUri = "http://[::1]:1/callback";
    const code = await aCode(await aPerson(), { redirectUri });
    expect(await redeem(code)).toMatchObject({ error: "invalid_grant" });
    expect("access_token" in (await redeem(code, { redirect_uri: redirectUri }))).toBe(true);
  });

  it("takes a code with its verifier, its redirect URI and its client alone, and for a minute", async () => {
    const person = await aPerson();
    const code = await aCode(person);
    for (const wrong of [
      { code_verifier: `${VERIFIER.slice(0, -1)}A` },
      { code_verifier: ASKED.codeChallenge },
      { code_verifier: "" },
      { code_verifier: "short" },
      { redirect_uri: "http://127.0.0.1:51005/callback" },
      { redirect_uri: "" },
      { code: `${code.slice(0, -1)}${code.endsWith("A") ? "B" : "A"}` },
      { code: "" },
      { code: (await aDevice()).device_code },
    ])
      expect(await redeem(code, wrong), JSON.stringify(wrong)).toMatchObject({ error: "invalid_grant" });
    expect(await redeem(code, { client_id: "another" })).toMatchObject({ error: "invalid_client" });
    const late = await aCode(person);
    expect("access_token" in (await redeem(code))).toBe(true);
    api.pass(60);
    expect(await redeem(late)).toMatchObject({ error: "invalid_grant" });
  });

  it("gives nothing once the session was ended that has approved", async () => {
    const person = await aPerson();
    const code = await aCode(person);
    await logOut(person);
    expect(await redeem(code)).toMatchObject({ error: "access_denied", code: "grant.denied" });
  });
});
