import { listAudit } from "@cadastre/core/audit/list";
import { asTexts } from "@cadastre/core/audit/testing";
import { aBentProvider, type Bends, type BentProvider } from "@cadastre/core/login/oidc/testing";
import { createOutside } from "@cadastre/functions/adapters/outside";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { aBrowser, type Browser } from "./a-browser.ts";
import { anApi, jsonOf, ORIGIN, outcomeOf, type TestApi } from "./an-api.ts";

/* Providers that lie. None of what they do lets anybody in, and each leaves one record. */

const EVENT = "http://schemas.openid.net/event/backchannel-logout";

let api: TestApi;
let bent: BentProvider;
let other: BentProvider;
let id: string;
let otherId: string;
let user: string;

const made = async (path: string, body: object): Promise<string> => {
  const response = await api.send({ method: "POST", path: `/api/v1/${path}`, body });
  expect(response.status, await response.clone().text()).toBe(201);
  return String((await jsonOf(response)).id);
};
const aProvider = ({ issuer }: BentProvider, more: object = {}) =>
  made("identity-providers", { name: "Bent", issuer, clientId: "cadastre", clientSecret: "a secret", ...more });

beforeAll(async () => {
  // Hanging is given up at once: the library's own limit is five seconds.
  const { fetch, loopback } = createOutside({ loopback: true });
  api = await anApi({
    outside: {
      loopback,
      fetch: (url, init) => fetch(url, { ...init, ...(bent.isHanging() ? { signal: AbortSignal.timeout(100) } : {}) }),
    },
  });
  bent = await aBentProvider(api.now);
  other = await aBentProvider(api.now);
  id = await aProvider(bent);
  otherId = await aProvider(other);
  user = await made("users", { userName: "ann" });
  await made(`users/${user}/identities`, { provider: id, subject: "subject" });
});
afterAll(async () => {
  await bent.close();
  await other.close();
  await api.close();
});
beforeEach(() => {
  // What is remembered of a provider is old.
  bent.bend({});
  other.bend({});
});

let visitors = 0;
/** A browser at an address of its own: none of them has begun too often. */
const aVisitor = (): Browser => aBrowser(api.app, ORIGIN, { remoteAddress: `198.51.100.${visitors++ % 256}` });

interface Begun {
  readonly browser: Browser;
  readonly url: string;
}
async function begin(of = id): Promise<Begun> {
  const browser = aVisitor();
  const response = await browser.send({ method: "POST", path: `/api/v1/auth/providers/${of}/begin`, body: {} });
  expect(response.status, await response.clone().text()).toBe(200);
  return { browser, url: String((await jsonOf(response)).url) };
}
const finish = (browser: Browser, response: string, of = id): Promise<Response> =>
  browser.send({ method: "POST", path: `/api/v1/auth/providers/${of}/finish`, body: { response } });
async function logIn(): Promise<Browser> {
  const { browser, url } = await begin();
  expect((await finish(browser, bent.answer(url))).status).toBe(200);
  return browser;
}
const me = async (browser: Browser) => (await browser.send({ method: "GET", path: "/api/v1/me" })).status;
const records = async () => (await listAudit(api.context, { limit: 200 })).items.map(asTexts);
const failures = async () =>
  (await records()).filter((one) => one.action === "session.create" && one.outcome === "failed");

describe("a provider that lies lets nobody in", () => {
  const seconds = (more: number) => () => Math.floor(api.now().getTime() / 1000) + more;
  it.each<[string, (() => Bends) | Bends]>([
    ["an ID token of another issuer", { claims: { iss: "https://login.example.org" } }],
    ["an ID token for another client", { claims: { aud: "somebody" } }],
    [
      "an ID token for several clients that does not say for which",
      { claims: { aud: ["cadastre", "somebody"], azp: "somebody" } },
    ],
    ["an ID token that has ended", () => ({ claims: { exp: seconds(-31)() } })],
    ["an ID token without an end", { claims: { exp: undefined } }],
    ["an ID token of the future", () => ({ claims: { nbf: seconds(31)() } })],
    ["an ID token with another nonce", { claims: { nonce: "another" } }],
    ["an ID token without a nonce", { claims: { nonce: undefined } }],
    ["an ID token without a subject", { claims: { sub: undefined } }],
    ["an ID token with a subject of a kilobyte", { claims: { sub: "x".repeat(1024) } }],
    ["an ID token with a subject that nobody can type", { claims: { sub: "a\nb" } }],
    ["an ID token that is not signed", { signed: "by none" }],
    ["an ID token that is signed by a key that is not published", { signed: "by another key" }],
    ["no ID token", { tokens: { id_token: undefined } }],
    ["something else in the place of an ID token", { tokens: { id_token: "a.b.c" } }],
    ["no issuer beside the code, although it says that there is one", { answer: { iss: undefined } }],
    ["another issuer beside the code", { answer: { iss: "https://login.example.org" } }],
    ["another state", { answer: { state: "another" } }],
    ["no state", { answer: { state: undefined } }],
    ["no code", { answer: { code: undefined } }],
    ["a code of its own making", { answer: { code: "another" } }],
    ["an error", { answer: { code: undefined, error: "access_denied" } }],
    ["an ID token in the address", { answer: { id_token: "a.b.c" } }],
  ])("by %s", async (_, bends) => {
    const { browser, url } = await begin();
    bent.bend(typeof bends === "function" ? bends() : bends);
    const before = (await failures()).length;
    const response = bent.answer(url);
    const answer = await finish(browser, response);
    expect(await outcomeOf(answer)).toBe("401 auth.invalid");
    expect(answer.headers.getSetCookie().join()).not.toContain("__Host-cadastre=");
    expect((await failures()).length).toBe(before + 1);
    // It is used up: the right answer comes too late.
    bent.bend({});
    expect(await outcomeOf(await finish(browser, bent.answer(url)))).toBe("401 auth.invalid");
    expect((await failures()).length).toBe(before + 1);
  });

  it.each<[string, Bends]>([
    ["has another issuer in its document", { document: { issuer: "https://login.example.org" } }],
    ["has a document of a megabyte", { document: JSON.stringify({ x: "x".repeat(2 ** 20) }) }],
    ["has a document that is no JSON", { document: "<html>" }],
    ["has a document that never comes", { hangs: "document" }],
    ["has its keys at an address inside", { document: { jwks_uri: "https://169.254.169.254/latest/meta-data" } }],
    ["asks for codes at an address inside", { document: { token_endpoint: "https://10.0.0.1/token" } }],
    ["sends browsers to what is no address", { document: { authorization_endpoint: "javascript:alert(1)" } }],
    ["has no place for codes", { document: { token_endpoint: undefined } }],
  ])("which %s", async (_, bends) => {
    const fresh = await aBentProvider(api.now);
    const provider = await aProvider(fresh);
    fresh.bend(bends);
    bent.bend(bends);
    const browser = aVisitor();
    const path = `/api/v1/auth/providers/${provider}/begin`;
    const answer = await browser.send({ method: "POST", path, body: {} });
    expect(await outcomeOf(answer)).toBe("503 identity-provider.unavailable");
    expect(browser.login).toBeUndefined();
    await fresh.close();
  });

  it.each<[string, Bends]>([
    ["never answers a code", { hangs: "token" }],
    ["answers a code by a megabyte", { tokens: { expires_in: "x".repeat(2 ** 20) } }],
  ])("which %s, and has it tried again", async (_, bends) => {
    const { browser, url } = await begin();
    const response = bent.answer(url);
    bent.bend(bends);
    expect(await outcomeOf(await finish(browser, response))).toBe("503 identity-provider.unavailable");
    bent.bend({});
    expect(await outcomeOf(await finish(browser, bent.answer(url)))).toBe("401 auth.invalid");
  });
});

describe("an answer counts", () => {
  it("once, also where the provider takes its code again", async () => {
    const { browser, url } = await begin();
    bent.bend({ takesCodesTwice: true });
    const response = bent.answer(url);
    const login = browser.login;
    expect((await finish(browser, response)).status).toBe(200);
    browser.login = login;
    expect(await outcomeOf(await finish(browser, response))).toBe("401 auth.invalid");
  });

  it("once of several at the same time", async () => {
    const { browser, url } = await begin();
    bent.bend({ takesCodesTwice: true });
    const response = bent.answer(url);
    const thieves = Array.from({ length: 4 }, () => Object.assign(aVisitor(), { login: browser.login }));
    const all = await Promise.all(thieves.map((one) => finish(one, response)));
    expect(all.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    const sessions = await Promise.all(thieves.map(me));
    expect(sessions.filter((status) => status === 200).length).toBe(all.filter(({ status }) => status === 200).length);
  });

  it("in the browser that began, and within ten minutes", async () => {
    const { url, browser } = await begin();
    expect(await outcomeOf(await finish(aVisitor(), bent.answer(url)))).toBe("401 auth.invalid");
    const guessing = Object.assign(aVisitor(), { login: `${browser.login?.split(".")[0]}.${"A".repeat(43)}` });
    expect(await outcomeOf(await finish(guessing, bent.answer(url)))).toBe("401 auth.invalid");
    const another = await begin();
    expect(await outcomeOf(await finish(another.browser, bent.answer(url)))).toBe("401 auth.invalid");
    api.pass(601);
    expect(await outcomeOf(await finish(browser, bent.answer(url)))).toBe("401 auth.invalid");
  });

  it("at its own provider's address: one provider's is not taken for another's", async () => {
    const { browser, url } = await begin();
    expect(await outcomeOf(await finish(browser, bent.answer(url), otherId))).toBe("401 auth.invalid");
    const twin = await aProvider(bent);
    const asked = bent.asked.length;
    const next = await begin();
    expect(await outcomeOf(await finish(next.browser, bent.answer(next.url), twin))).toBe("401 auth.invalid");
    expect(bent.asked.slice(asked)).not.toContain("/token");
    // The other one had the browser send the first one's answer to it, and says it is its own.
    const mixed = await begin(otherId);
    const stolen = new URL(mixed.url);
    const response = new URLSearchParams(bent.answer(stolen.href));
    response.set("iss", bent.issuer);
    expect(await outcomeOf(await finish(mixed.browser, response.toString(), otherId))).toBe("401 auth.invalid");
  });

  it("for the provider as it was asked: with another issuer meanwhile it is nothing", async () => {
    const provider = await aProvider(bent);
    const { browser, url } = await begin(provider);
    const next = await aBentProvider(api.now);
    const body = { issuer: next.issuer, clientSecret: "another" };
    const path = `/api/v1/identity-providers/${provider}`;
    expect(await outcomeOf(await api.send({ method: "PATCH", path, body: { issuer: next.issuer } }))).toBe(
      "422 request.invalid",
    );
    expect((await api.send({ method: "PATCH", path, body })).status).toBe(200);
    // Neither says who answers.
    next.bend({ document: { authorization_response_iss_parameter_supported: false } });
    bent.bend({ answer: { iss: undefined } });
    expect(await outcomeOf(await finish(browser, bent.answer(url), provider))).toBe("401 auth.invalid");
    // What is one's is not shown to the other.
    expect(next.asked).toEqual([]);
    bent.bend({});
    const late = await begin(provider);
    expect((await api.send({ method: "DELETE", path })).status).toBe(204);
    expect(await outcomeOf(await finish(late.browser, next.answer(late.url), provider))).toBe(
      "404 identity-provider.not_found",
    );
    await next.close();
  });

  it("for the subject of its issuer: the same subject of another provider is somebody else", async () => {
    const { browser, url } = await begin(otherId);
    expect(await outcomeOf(await finish(browser, other.answer(url), otherId))).toBe("403 login.unknown");
  });

  it("as two factors where the provider has proved two, and never as more", async () => {
    bent.bend({ claims: { amr: ["pwd", "otp"], auth_time: Math.floor(api.now().getTime() / 1000) - 60 } });
    const browser = await logIn();
    const { session } = (await jsonOf(await browser.send({ method: "GET", path: "/api/v1/me" }))) as unknown as {
      session: { strength: number; authenticatedAt: string };
    };
    expect(session.strength).toBe(2);
    expect(api.now().getTime() - Date.parse(session.authenticatedAt)).toBeLessThan(61_000);
    bent.bend({ claims: { amr: ["hwk", "phr", "phishing-resistant"] } });
    const weak = await jsonOf(await (await logIn()).send({ method: "GET", path: "/api/v1/me" }));
    expect(weak).toMatchObject({ session: { strength: 1 } });
  });

  it("anew where a fresh proof was asked for, or not at all", async () => {
    const asked = async (claims: object) => {
      const browser = aVisitor();
      const body = { fresh: true };
      const begun = await browser.send({ method: "POST", path: `/api/v1/auth/providers/${id}/begin`, body });
      const url = String((await jsonOf(begun)).url);
      expect(new URL(url).searchParams.get("prompt")).toBe("login");
      bent.bend({ claims: { ...claims } });
      return (await finish(browser, bent.answer(url))).status;
    };
    const now = Math.floor(api.now().getTime() / 1000);
    expect(await asked({})).toBe(401);
    expect(await asked({ auth_time: now - 3600 })).toBe(401);
    expect(await asked({ auth_time: now })).toBe(200);
  });

  it("and goes on at a path of this service alone", async () => {
    for (const returnTo of ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\nb", "/a b"]) {
      const browser = aVisitor();
      const path = `/api/v1/auth/providers/${id}/begin`;
      const answer = await browser.send({ method: "POST", path, body: { returnTo } });
      expect(await outcomeOf(answer), returnTo).toBe("422 request.invalid");
    }
  });

  it("from our own page alone, and the beginning, too", async () => {
    const { browser, url } = await begin();
    const headers = { origin: "https://evil.example" };
    const body = { response: bent.answer(url) };
    const path = `/api/v1/auth/providers/${id}`;
    for (const sent of [
      { method: "POST", path: `${path}/finish`, body, headers },
      { method: "POST", path: `${path}/begin`, body: {}, headers },
    ])
      expect(await outcomeOf(await browser.send(sent))).toBe("403 auth.csrf");
    expect((await finish(browser, body.response)).status).toBe(200);
  });
});

describe("a provider is asked", () => {
  it("for its document and keys once in ten minutes, and no more for unknown keys", async () => {
    const fresh = await aBentProvider(api.now);
    const provider = await aProvider(fresh, { name: "Asked" });
    for (let round = 0; round < 3; round++) {
      const { browser, url } = await begin(provider);
      fresh.bend(round === 2 ? { signed: "by another key" } : {});
      await finish(browser, fresh.answer(url), provider);
    }
    const counted = (path: string) => fresh.asked.filter((one) => one === path).length;
    expect([counted("/.well-known/openid-configuration"), counted("/keys"), counted("/token")]).toEqual([1, 1, 3]);
    await fresh.close();
  });

  it("and not as one for all tenants of a cloud: its document would let in each of them", async () => {
    const issuer = "https://login.microsoftonline.com/common/v2.0";
    const at = "https://login.microsoftonline.com/common";
    const document = {
      issuer: "https://login.microsoftonline.com/{tenantid}/v2.0",
      authorization_endpoint: `${at}/oauth2/v2.0/authorize`,
      token_endpoint: `${at}/oauth2/v2.0/token`,
      jwks_uri: `${at}/discovery/v2.0/keys`,
    };
    // What that one really answers, of which nobody here is asked.
    const cloud = await anApi({ outside: { loopback: false, fetch: async () => Response.json(document) } });
    const body = { name: "All", issuer, clientId: "cadastre", clientSecret: "a secret" };
    const stored = await cloud.send({ method: "POST", path: "/api/v1/identity-providers", body });
    const path = `/api/v1/auth/providers/${String((await jsonOf(stored)).id)}/begin`;
    const answer = await cloud.send({ method: "POST", path, body: {}, token: "" });
    expect(await outcomeOf(answer)).toBe("503 identity-provider.unavailable");
    await cloud.close();
  });

  it("and not at all where its keys are not the one that signed", async () => {
    const fresh = await aBentProvider(api.now);
    const provider = await aProvider(fresh);
    for (const keys of [{ keys: [] }, { keys: "none" }]) {
      const { browser, url } = await begin(provider);
      fresh.bend({ keys });
      const answer = await finish(browser, fresh.answer(url), provider);
      expect(await outcomeOf(answer)).toBe("401 auth.invalid");
    }
    await fresh.close();
  });

  it("at no address inside, where the service is not told that it may", async () => {
    const strict = await anApi({ outside: createOutside({ loopback: false }) });
    for (const issuer of [
      "http://login.example.org",
      "https://127.0.0.1",
      "https://localhost",
      "https://10.1.2.3/realm",
      "https://[::ffff:169.254.169.254]",
      "https://[fd00::1]",
      "https://0x7f000001",
      "https://user@login.example.org",
      "https://login.example.org?x=1",
      "ftp://login.example.org",
      "file:///etc/passwd",
      "nothing",
    ]) {
      const body = { name: "Inside", issuer, clientId: "cadastre", clientSecret: "a secret" };
      const answer = await strict.send({ method: "POST", path: "/api/v1/identity-providers", body });
      expect(await outcomeOf(answer), issuer).toBe("422 request.invalid");
    }
    await strict.close();
  });
});

describe("who maps claims to groups", () => {
  it("holds what these groups give, whatever of the provider is changed", async () => {
    const group = await made("groups", { name: "admins" });
    const groups = [{ value: "x", group }];
    const provider = await aProvider(bent, { groupsClaim: "groups", groups });
    const principal = { type: "group", id: group };
    await made("role-bindings", { principal, role: "SystemAdmin", resource: { type: "system", id: "system" } });
    const robot = await made("service-accounts", { name: "keeper" });
    const of = { type: "service-account", id: robot };
    const { organization } = api.context;
    await made("role-bindings", { principal: of, role: "admin", resource: { type: "organization", id: organization } });
    const token = await api.send({
      method: "POST",
      path: "/api/v1/tokens",
      body: { name: "k", scopes: ["admin"], principal: of },
    });
    const { secret } = (await jsonOf(token)) as { secret: string };
    const as = { token: secret };
    const path = `/api/v1/identity-providers/${provider}`;
    const takeover = { issuer: other.issuer, clientSecret: "mine", clientId: "mine" };
    expect(await outcomeOf(await api.send({ method: "PATCH", path, body: takeover, ...as }))).toBe(
      "403 access.exceeds",
    );
    const body = { name: "Own", issuer: other.issuer, clientId: "c", clientSecret: "s", groupsClaim: "g", groups };
    const create = { method: "POST", path: "/api/v1/identity-providers", body, ...as };
    expect(await outcomeOf(await api.send(create))).toBe("403 access.exceeds");
    const admin = await api.aVisitor({ userName: "root" });
    const link = {
      method: "POST",
      path: `/api/v1/users/${admin.id}/identities`,
      body: { provider, subject: "mine" },
      ...as,
    };
    expect(await outcomeOf(await api.send(link))).toBe("403 access.exceeds");
    const unknown = { ...create, body: { ...body, groups: [{ value: "x", group: "grp_01JD0000000000000000000000" }] } };
    expect(await outcomeOf(await api.send(unknown))).toBe("422 request.invalid");
  });

  it("gives one identity to one user, and a user no more than five", async () => {
    const bert = await made("users", { userName: "bert" });
    const link = (subject: string, to = bert) =>
      api.send({ method: "POST", path: `/api/v1/users/${to}/identities`, body: { provider: id, subject } });
    expect(await outcomeOf(await link("subject"))).toBe("409 identity.taken");
    const both = await Promise.all([link("raced"), link("raced", user)]);
    expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 409]);
    for (let n = 0; n < 4; n++) await link(`bert-${n}`);
    const last = await Promise.all(["x", "y"].map((one) => link(one)));
    expect(last.map(({ status }) => status)).toContain(409);
  });
});

describe("a provider ends sessions", () => {
  const logout = (token: string, of = id) =>
    api.app.request(`${ORIGIN}/api/v1/auth/providers/${of}/back-channel-logout`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
  const at = (more: number) => Math.floor(api.now().getTime() / 1000) + more;

  it("by a logout token, once", async () => {
    const browser = await logIn();
    const token = await bent.logoutToken("cadastre");
    expect((await logout(token)).status).toBe(204);
    expect(await me(browser)).toBe(401);
    const [record] = (await records()).filter((one) => one.action === "identity-provider.logout");
    expect(record).toMatchObject({
      actor: "unknown",
      detail: { by: "back-channel", users: [user] },
    });
    const next = await logIn();
    expect(await outcomeOf(await logout(token))).toBe("400 identity-provider.logout_token");
    expect(await me(next)).toBe(200);
    const twice = await bent.logoutToken("cadastre");
    const both = await Promise.all([logout(twice), logout(twice)]);
    expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([204, 400]);
  });

  it("by that of one session there only what came of it, in whatever number", async () => {
    bent.bend({ claims: { sid: "one" } });
    const [first, second] = [await logIn(), await logIn()];
    bent.bend({ claims: { sid: "two" } });
    const third = await logIn();
    bent.bend({});
    expect((await logout(await bent.logoutToken("cadastre", { sid: "one", sub: "another" }))).status).toBe(204);
    expect(await Promise.all([first, second, third].map(me))).toEqual([200, 200, 200]);
    expect((await logout(await bent.logoutToken("cadastre", { sid: "one", sub: undefined }))).status).toBe(204);
    expect(await Promise.all([first, second, third].map(me))).toEqual([401, 401, 200]);
  });

  it("of more than fit in a commit, each commit with its record", async () => {
    const browsers = [];
    for (let n = 0; n < 27; n++) browsers.push(await logIn());
    const before = (await records()).filter((one) => one.action === "identity-provider.logout").length;
    expect((await logout(await bent.logoutToken("cadastre"))).status).toBe(204);
    expect(new Set(await Promise.all(browsers.map(me)))).toEqual(new Set([401]));
    expect((await records()).filter((one) => one.action === "identity-provider.logout").length).toBe(before + 2);
  });

  it("by no other token", async () => {
    const browser = await logIn();
    const tokens = {
      "of another issuer": await bent.logoutToken("cadastre", { iss: "https://login.example.org" }),
      "for another client": await bent.logoutToken("somebody"),
      "that is old": await bent.logoutToken("cadastre", { iat: at(-331), exp: at(100) }),
      "of the future": await bent.logoutToken("cadastre", { iat: at(31) }),
      "that has ended": await bent.logoutToken("cadastre", { exp: at(-31) }),
      "without an id": await bent.logoutToken("cadastre", { jti: undefined }),
      "without a time": await bent.logoutToken("cadastre", { iat: undefined }),
      "without an event": await bent.logoutToken("cadastre", { events: undefined }),
      "of another event": await bent.logoutToken("cadastre", { events: { other: {} } }),
      "of no object of events": await bent.logoutToken("cadastre", { events: EVENT }),
      "with a nonce": await bent.logoutToken("cadastre", { nonce: "one" }),
      "that names nobody": await bent.logoutToken("cadastre", { sub: undefined }),
      "of another provider": await other.logoutToken("cadastre"),
      "that is none": "a.b.c",
    };
    bent.bend({ signed: "by none" });
    const unsigned = await bent.logoutToken("cadastre");
    bent.bend({ signed: "by another key" });
    const strange = await bent.logoutToken("cadastre");
    bent.bend({});
    for (const [name, token] of Object.entries({ ...tokens, unsigned, strange }))
      expect(await outcomeOf(await logout(token)), name).toBe("400 identity-provider.logout_token");
    expect(await me(browser)).toBe(200);
    const plain = await api.send({
      method: "POST",
      path: `/api/v1/auth/providers/${id}/back-channel-logout`,
      body: { logout_token: tokens["that is none"] },
      token: "",
    });
    expect(await outcomeOf(plain)).toBe("415 request.media_type");
  });

  it("of its own, and not of another provider that knows the same subject", async () => {
    const browser = await logIn();
    expect((await logout(await other.logoutToken("cadastre"), otherId)).status).toBe(204);
    expect(await me(browser)).toBe(200);
  });

  it("by a page that it sends browsers to, with its issuer and the session there, and no less", async () => {
    bent.bend({ claims: { sid: "a session there" } });
    const browser = await logIn();
    const get = (query: Record<string, string>) =>
      api.send({
        method: "GET",
        path: `/api/v1/auth/providers/${id}/front-channel-logout?${new URLSearchParams(query).toString()}`,
        token: "",
      });
    const { issuer: iss } = bent;
    for (const query of [{ iss }, { sid: "a session there" }, { iss: other.issuer, sid: "a session there" }])
      expect(await outcomeOf(await get(query as unknown as Record<string, string>))).toBe("422 request.invalid");
    expect((await get({ iss, sid: "another" })).status).toBe(204);
    expect(await me(browser)).toBe(200);
    expect((await get({ iss, sid: "a session there" })).status).toBe(204);
    expect(await me(browser)).toBe(401);
    const [record] = (await records()).filter((one) => one.action === "identity-provider.logout");
    expect(record).toMatchObject({ detail: { by: "front-channel" } });
  });
});
