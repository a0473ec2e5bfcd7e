import { CLI_CLIENT, DEVICE_CODE } from "@cadastre/contract/oauth";
import { listAudit } from "@cadastre/core/audit/list";
import { asTexts } from "@cadastre/core/audit/testing";
import { patchOrganization } from "@cadastre/core/directory/organizations";
import { codeAt } from "@cadastre/core/login/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aSource } from "../scim/a-source.ts";
import { anOpenIdProvider, aVisitorOf, type OpenIdProvider } from "../support/openid-provider.ts";
import { aBrowser, type Browser } from "./a-browser.ts";
import { anApi, jsonOf, ORIGIN, outcomeOf, SYSTEM, type TestApi } from "./an-api.ts";

/* Logins by a real provider, from one table. */

const SECRET = "canary-of-the-client-8c1f";

let api: TestApi;
let provider: OpenIdProvider;
beforeAll(async () => {
  // A provider has the time of the machine.
  api = await anApi({ onFile: true, start: new Date() });
  provider = await anOpenIdProvider({
    fetch: async (url, init) => api.app.request(url instanceof URL ? url.href : (url as string), init as RequestInit),
  });
});
afterAll(async () => {
  await provider.close();
  await api.close();
});

type Json = Record<string, never>;
const post = async (path: string, body: object): Promise<Record<string, string>> => {
  const response = await api.send({ method: "POST", path: `/api/v1/${path}`, body });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return (await jsonOf(response)) as Record<string, string>;
};

let clients = 0;
/** A provider of ours that is a client of the real one. */
async function aProvider(more: object = {}, client: object = {}): Promise<string> {
  const clientId = `cadastre-${clients++}`;
  const { issuer } = provider;
  const body = { name: "Example", issuer, clientId, clientSecret: SECRET, scopes: ["profile", "email", "groups"] };
  const { id = "", redirectUri = "" } = await post("identity-providers", { ...body, ...more });
  const at = `${ORIGIN}/api/v1/auth/providers/${id}`;
  provider.addClient({
    client_id: clientId,
    client_secret: SECRET,
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [`${ORIGIN}/login`],
    backchannel_logout_uri: `${at}/back-channel-logout`,
    ...client,
  });
  return id;
}

const begin = async (browser: Browser, id: string, body: object = {}): Promise<string> => {
  const response = await browser.send({ method: "POST", path: `/api/v1/auth/providers/${id}/begin`, body });
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { url: string }).url;
};

/** What the page does that the provider sends the browser back to. */
const finish = (browser: Browser, id: string, at: URL): Promise<Response> =>
  browser.send({
    method: "POST",
    path: `/api/v1/auth/providers/${id}/finish`,
    body: { response: at.search.slice(1) },
  });

async function logIn(
  id: string,
  name: string,
  { body = {}, there = aVisitorOf(provider.issuer) }: { body?: object; there?: ReturnType<typeof aVisitorOf> } = {},
): Promise<{ browser: Browser; response: Response; at: URL }> {
  const browser = aBrowser(api.app, ORIGIN);
  const at = await there.logIn(await begin(browser, id, body), name);
  return { browser, at, response: await finish(browser, id, at) };
}

const me = async (browser: Browser): Promise<Json> =>
  (await jsonOf(await browser.send({ method: "GET", path: "/api/v1/me" }))) as Json;
const records = async (action: string) => {
  const { items } = await listAudit(api.context, { limit: 200 });
  return items.map(asTexts).filter((one) => one.action === action);
};
const userOf = async (id: string) => jsonOf(await api.send({ method: "GET", path: `/api/v1/users/${id}` }));

/** Somebody of ours whom an admin has linked to a subject. */
async function aLinked(id: string, userName: string, subject = userName): Promise<string> {
  const { id: user = "" } = await post("users", { userName });
  await post(`users/${user}/identities`, { provider: id, subject });
  return user;
}

describe("a login by a provider", () => {
  it("is for whom an admin has linked, and then all that one by a password is", async () => {
    const id = await aProvider();
    const user = await aLinked(id, "linked", "sub-of-linked");
    provider.people.set("sub-of-linked", { preferred_username: "somebody else", name: "Nobody" });
    const { response, browser } = await logIn(id, "sub-of-linked", { body: { returnTo: "/api/docs" } });
    expect(response.headers.getSetCookie()[0]).toMatch(
      /^__Host-cadastre=ses_[0-9A-Z]{26}\.[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
    expect(await jsonOf(response)).toMatchObject({ csrf: browser.csrf, user: { id: user }, returnTo: "/api/docs" });
    expect(browser.login).toBeUndefined();
    expect(await me(browser)).toMatchObject({ principal: { id: user, name: "linked" }, session: { strength: 1 } });
    expect((await records("session.create"))[0]).toMatchObject({
      actor: `user:${user}`,
      outcome: "done",
      detail: { methods: ["oidc"], provider: id },
    });
    const change = { method: "POST", path: "/api/v1/auth/logout" };
    expect(await outcomeOf(await browser.send({ ...change, withoutCsrf: true }))).toBe("403 auth.csrf");
    expect((await browser.send(change)).status).toBe(204);
    expect((await browser.send({ method: "GET", path: "/api/v1/me" })).status).toBe(401);
  });

  it("is nothing for who is not known: nobody is made or taken over, and it says what to do", async () => {
    const id = await aProvider();
    await post("users", { userName: "victim", email: "victim@example.com" });
    provider.people.set("stranger", {
      preferred_username: "victim",
      email: "victim@example.com",
      email_verified: true,
    });
    const { response, browser } = await logIn(id, "stranger");
    const answer = await jsonOf(response);
    expect([answer.status, answer.code]).toEqual([403, "login.unknown"]);
    expect(answer.detail).toContain("ask an admin to link the subject stranger");
    expect(browser.cookie).toBeUndefined();
    expect((await records("session.create"))[0]).toMatchObject({ actor: "unknown", outcome: "failed" });
  });

  it("makes a user at the first one where the provider is set so, once, also of two at the same time", async () => {
    const id = await aProvider({ createsUsers: true });
    provider.people.set("fresh", { preferred_username: "Fresh", name: "Fresh One", email: "fresh@example.com" });
    const browsers = [aBrowser(api.app, ORIGIN), aBrowser(api.app, ORIGIN)];
    const answers = await Promise.all(
      browsers.map(async (one) => aVisitorOf(provider.issuer).logIn(await begin(one, id), "fresh")),
    );
    const both = await Promise.all(browsers.map((one, n) => finish(one, id, answers[n] as URL)));
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    const [one, other] = await Promise.all(browsers.map(me));
    expect(one).toMatchObject({ principal: { name: "Fresh" }, actions: [] });
    expect(other).toMatchObject({ principal: (one as Json).principal });
    const user = String((one as unknown as { principal: { id: string } }).principal.id);
    expect(await userOf(user)).toMatchObject({ displayName: "Fresh One", email: "fresh@example.com", roles: [] });
    const made = (await records("user.create")).filter(({ detail }) => detail.provider === id);
    expect(made).toMatchObject([{ actor: "system", detail: { provider: id, subject: "fresh" } }]);
  });

  it("takes nobody over whose name the provider says: the person adds the identity as before, or asks", async () => {
    const id = await aProvider({ createsUsers: true });
    const visitor = await api.aVisitor({ userName: "taken", isAdmin: false });
    provider.people.set("sub-of-taken", { preferred_username: "TAKEN" });
    const { response } = await logIn(id, "sub-of-taken");
    const answer = await jsonOf(response);
    expect([answer.status, answer.code]).toEqual([409, "user.name_taken"]);
    expect(answer.detail).toContain("log in as before and add the identity");
    const path = `/api/v1/auth/providers/${id}/begin-link`;
    expect(await outcomeOf(await visitor.send({ method: "POST", path, body: {} }))).toBe("401 auth.step_up");
    const proof = { password: "correct horse battery staple", action: "identity:link", resource: `user/${visitor.id}` };
    await visitor.send({ method: "POST", path: "/api/v1/auth/step-up", body: proof });
    const begun = (await jsonOf(await visitor.send({ method: "POST", path, body: { returnTo: "/" } }))) as Json;
    expect(await outcomeOf(await visitor.send({ method: "POST", path, body: {} }))).toBe("401 auth.step_up");
    const at = await aVisitorOf(provider.issuer).logIn(String(begun.url), "sub-of-taken");
    expect(await outcomeOf(await finish(visitor, id, at))).toBe("401 auth.invalid");
    await visitor.send({ method: "POST", path: "/api/v1/auth/step-up", body: proof });
    const again = (await jsonOf(await visitor.send({ method: "POST", path, body: { returnTo: "/" } }))) as Json;
    const back = await aVisitorOf(provider.issuer).logIn(String(again.url), "sub-of-taken");
    const body = { response: back.search.slice(1) };
    const other = await api.aVisitor({ userName: "other" });
    const login = visitor.login;
    other.login = login;
    const finishing = { method: "POST", path: `/api/v1/auth/providers/${id}/finish-link`, body };
    expect(await outcomeOf(await other.send(finishing))).toBe("401 auth.invalid");
    await visitor.send({ method: "POST", path: "/api/v1/auth/step-up", body: proof });
    const last = (await jsonOf(await visitor.send({ method: "POST", path, body: { returnTo: "/" } }))) as Json;
    const ended = await aVisitorOf(provider.issuer).logIn(String(last.url), "sub-of-taken");
    const linked = await visitor.send({ ...finishing, body: { response: ended.search.slice(1) } });
    expect(await jsonOf(linked)).toMatchObject({ identity: expect.stringMatching(/^idn_/), returnTo: "/" });
    const { browser } = await logIn(id, "sub-of-taken");
    expect(await me(browser)).toMatchObject({ principal: { id: visitor.id } });
    const own = await visitor.send({ method: "GET", path: "/api/v1/identities" });
    expect(await jsonOf(own)).toMatchObject({ items: [{ issuer: provider.issuer, subject: "sub-of-taken" }] });
  });

  it("does not let in who is disabled, nor who has been removed or unlinked", async () => {
    const id = await aProvider();
    const user = await aLinked(id, "leaving");
    provider.people.set("leaving", {});
    await api.send({ method: "PATCH", path: `/api/v1/users/${user}`, body: { disabled: true } });
    expect(await outcomeOf((await logIn(id, "leaving")).response)).toBe("403 login.refused");
    await api.send({ method: "PATCH", path: `/api/v1/users/${user}`, body: { disabled: false } });
    const { browser } = await logIn(id, "leaving");
    expect(browser.cookie).toBeDefined();
    const { items } = (await jsonOf(
      await api.send({ method: "GET", path: `/api/v1/users/${user}/identities` }),
    )) as unknown as { items: { id: string; usedAt?: string }[] };
    expect(items).toMatchObject([{ usedAt: api.now().toISOString() }]);
    const path = `/api/v1/users/${user}/identities/${items[0]?.id}`;
    expect((await api.send({ method: "DELETE", path })).status).toBe(204);
    expect(await outcomeOf((await logIn(id, "leaving")).response)).toBe("403 login.unknown");
    await post(`users/${user}/identities`, { provider: id, subject: "leaving" });
    expect((await api.send({ method: "DELETE", path: `/api/v1/users/${user}` })).status).toBe(204);
    expect(await outcomeOf((await logIn(id, "leaving")).response)).toBe("403 login.unknown");
  });

  it("needs the second factor that is due, unless the provider has asked for one", async () => {
    const id = await aProvider();
    const user = await aLinked(id, "careful");
    provider.people.set("careful", {});
    const { browser } = await logIn(id, "careful", { body: { fresh: true } });
    const made = await browser.send({ method: "POST", path: "/api/v1/factors/totp", body: {} });
    const { id: factor, secret = "" } = (await jsonOf(made)) as Record<string, string>;
    const confirm = { method: "POST", path: `/api/v1/factors/totp/${factor}/confirm` };
    await browser.send({ ...confirm, body: { code: codeAt(secret, api.now()) } });
    const { browser: next, response } = await logIn(id, "careful");
    expect(await jsonOf(response)).toMatchObject({ stepUpNeeded: true, methods: ["code"] });
    const list = { method: "GET", path: "/api/v1/identities" };
    expect(await outcomeOf(await next.send(list))).toBe("401 auth.step_up");
    api.pass(30);
    const proof = { method: "POST", path: "/api/v1/auth/step-up", body: { code: codeAt(secret, api.now()) } };
    expect((await next.send(proof)).status).toBe(200);
    expect(await me(next)).toMatchObject({ principal: { id: user }, session: { strength: 2 } });
  });

  it("counts as of when the provider says that it was proved, and long ago where it does not say so", async () => {
    const id = await aProvider({}, { require_auth_time: true });
    await aLinked(id, "when");
    provider.people.set("when", {});
    const there = aVisitorOf(provider.issuer);
    const { browser } = await logIn(id, "when", { there });
    const { session } = (await me(browser)) as unknown as { session: { authenticatedAt: string } };
    expect(Math.abs(Date.parse(session.authenticatedAt) - api.now().getTime())).toBeLessThan(60_000);
    const silent = await aProvider();
    const second = await logIn(silent, "when", { there });
    const { session: old } = (await me(second.browser)) as unknown as { session: { authenticatedAt: string } };
    expect(api.now().getTime() - Date.parse(old.authenticatedAt)).toBe(86_400_000);
    expect(await outcomeOf(await second.browser.send({ method: "POST", path: "/api/v1/factors/totp", body: {} }))).toBe(
      "401 auth.step_up",
    );
  });

  it("is not for who calls from where the organization lets nobody call", async () => {
    const id = await aProvider();
    await aLinked(id, "abroad");
    provider.people.set("abroad", {});
    const { organization } = api.context;
    const deny = (list: string[]) =>
      patchOrganization(api.context, SYSTEM, organization, { addresses: { deny: list } }, {});
    await deny(["192.0.2.0/24"]);
    const { response, browser } = await logIn(id, "abroad");
    expect([await outcomeOf(response), browser.cookie]).toEqual(["403 auth.address", undefined]);
    await deny([]);
    expect((await logIn(id, "abroad")).response.status).toBe(200);
  });

  it("of an organization is not there for another's, whose users have identities of their own", async () => {
    const id = await aProvider();
    const { id: organization } = await post("organizations", { name: "Next door", slug: "next-door" });
    const headers = { "cadastre-organization": String(organization) };
    const path = `/api/v1/identity-providers/${id}`;
    expect(await outcomeOf(await api.send({ method: "GET", path, headers }))).toBe("404 identity-provider.not_found");
    expect(await outcomeOf(await api.send({ method: "DELETE", path, headers }))).toBe(
      "404 identity-provider.not_found",
    );
    const made = await api.send({ method: "POST", path: "/api/v1/users", headers, body: { userName: "neighbour" } });
    const { id: neighbour } = (await jsonOf(made)) as { id: string };
    const link = { method: "POST", path: `/api/v1/users/${neighbour}/identities`, headers };
    const body = { provider: id, subject: "neighbour" };
    expect(await outcomeOf(await api.send({ ...link, body }))).toBe("404 identity-provider.not_found");
    const shown = await api.send({ method: "GET", path: "/api/v1/auth/providers?organization=next-door", token: "" });
    expect(await jsonOf(shown)).toEqual({ items: [], origin: ORIGIN });
    const own = await api.send({ method: "GET", path: "/api/v1/auth/providers", token: "" });
    expect(((await jsonOf(own)).items as unknown as { id: string }[]).map((one) => one.id)).toContain(id);
  });
});

describe("groups", () => {
  it("follow the claim at each login: what it gave goes, what was given by hand or by SCIM stays", async () => {
    const group = async (name: string) => String((await post("groups", { name })).id);
    const [red = "", blue = "", hand = ""] = await Promise.all(["red", "blue", "hand"].map(group));
    const { token } = await aSource(api);
    const scim = await api.send({
      method: "POST",
      path: "/scim/v2/Groups",
      token,
      body: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName: "scim" },
    });
    const { id: managed } = (await scim.json()) as { id: string };
    const groups = [
      { value: "r", group: red },
      { value: "b", group: blue },
      { value: "h", group: hand },
      { value: "s", group: managed },
    ];
    const id = await aProvider({ groupsClaim: "groups", groups });
    const user = await aLinked(id, "member");
    const body = { principal: { type: "user", id: user } };
    expect((await api.send({ method: "POST", path: `/api/v1/groups/${blue}/members`, body })).status).toBeLessThan(300);
    const has = async () => (await userOf(user)).groups;
    const log = async (claim: unknown) => {
      provider.people.set("member", { groups: claim });
      expect((await logIn(id, "member")).response.status).toBe(200);
      return has();
    };
    expect(await log(["r", "b", "s", "unknown"])).toEqual([blue, red]);
    expect((await records("session.create"))[0]).toMatchObject({
      changes: [{ path: "groups", before: [blue], after: [blue, red] }],
    });
    const members = await api.send({ method: "GET", path: `/api/v1/groups/${red}/members` });
    expect(await jsonOf(members)).toMatchObject({ items: [{ principal: { id: user } }] });
    expect(await log("h")).toEqual([blue, hand]);
    expect(await log({ r: true })).toEqual([blue]);
    expect(await log(undefined)).toEqual([blue]);
    expect((await jsonOf(await api.send({ method: "GET", path: `/api/v1/groups/${red}/members` }))).items).toEqual([]);
  });
});

describe("a provider that is removed", () => {
  it("takes along all sessions that came of it, and what was made to end with them, and none of another one", async () => {
    const [gone, stays] = [await aProvider(), await aProvider()];
    const user = await aLinked(gone, "leaving", "sub-of-leaving");
    const resource = { type: "organization", id: api.context.organization };
    await post("role-bindings", { principal: { type: "user", id: user }, role: "viewer", resource });
    await post(`users/${user}/identities`, { provider: stays, subject: "sub-of-leaving" });
    const other = await logIn(stays, "sub-of-leaving");
    const { browser } = await logIn(gone, "sub-of-leaving");
    expect(other.response.status).toBe(200);
    const is = async (response: Promise<Response>) => {
      const answered = await response;
      return answered.status === 200 ? "200" : outcomeOf(answered);
    };
    const shown = (one: Browser) => is(one.send({ method: "GET", path: "/api/v1/me" }));
    const sessions = async () =>
      ((await jsonOf(await other.browser.send({ method: "GET", path: "/api/v1/sessions" }))).items as unknown[]).length;
    // The command's token ends with the session that approved it.
    const asked = { client_id: CLI_CLIENT, client_name: "laptop" };
    const device = await jsonOf(await api.sendForm("/api/v1/auth/device", asked));
    const approved = { method: "POST", path: "/api/v1/auth/device/approve", body: { code: device.user_code } };
    expect((await browser.send(approved)).status).toBe(204);
    const form = { grant_type: DEVICE_CODE, client_id: CLI_CLIENT, device_code: String(device.device_code) };
    const given = await jsonOf(await api.sendForm("/api/v1/auth/token", form));
    const { access_token: token } = given;
    const used = () => is(api.send({ method: "GET", path: "/api/v1/me", token: String(token) }));
    expect([await shown(browser), await shown(other.browser), await used(), await sessions()]).toEqual([
      "200",
      "200",
      "200",
      2,
    ]);
    const path = `/api/v1/identity-providers/${gone}`;
    expect((await api.send({ method: "DELETE", path, headers: { "if-match": "*" } })).status).toBe(204);
    expect([await shown(browser), await shown(other.browser), await used(), await sessions()]).toEqual([
      "401 auth.revoked",
      "200",
      "401 auth.revoked",
      1,
    ]);
    expect((await userOf(user)).disabled).toBeFalsy();
  });
});

describe("the end of a session", () => {
  it("by the person ends the one at the provider, too, where that has a place for it", async () => {
    const id = await aProvider();
    await aLinked(id, "going");
    provider.people.set("going", {});
    const { browser } = await logIn(id, "going");
    const answer = await jsonOf(await browser.send({ method: "POST", path: "/api/v1/auth/provider-logout" }));
    const url = new URL(String(answer.url));
    expect(url.origin).toBe(provider.issuer);
    expect(url.searchParams.get("post_logout_redirect_uri")).toBe(`${ORIGIN}/login`);
    expect(url.searchParams.get("id_token_hint")).toMatch(/^eyJ/);
    expect(browser.cookie).toBeUndefined();
    const visitor = await api.aVisitor({ userName: "by password" });
    const own = await visitor.send({ method: "POST", path: "/api/v1/auth/provider-logout" });
    expect(await jsonOf(own)).toEqual({});
  });

  it("by the provider ends what came of it, and no session by a password or another provider", async () => {
    const id = await aProvider();
    const other = await aProvider();
    const visitor = await api.aVisitor({ userName: "everywhere", isAdmin: false });
    await post(`users/${visitor.id}/identities`, { provider: id, subject: "everywhere" });
    provider.people.set("everywhere", {});
    const there = aVisitorOf(provider.issuer);
    const first = await logIn(id, "everywhere", { there });
    const elsewhere = await logIn(other, "everywhere");
    // The real provider ends its session, and says so to each client of it by a logout token.
    const out = await jsonOf(await first.browser.send({ method: "POST", path: "/api/v1/auth/provider-logout" }));
    const again = await logIn(id, "everywhere", { there });
    expect(again.response.status).toBe(200);
    const page = await (await there.ask(String(out.url))).text();
    const [, xsrf = ""] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
    const [, action = ""] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
    await there.ask(action, { method: "POST", body: new URLSearchParams({ xsrf, logout: "yes" }) });
    const status = async (one: Browser) => (await one.send({ method: "GET", path: "/api/v1/me" })).status;
    expect(await Promise.all([again.browser, elsewhere.browser, visitor].map(status))).toEqual([401, 200, 200]);
    expect((await records("identity-provider.logout"))[0]).toMatchObject({
      target: id,
      detail: { by: "back-channel", users: [visitor.id] },
    });
  });
});

describe("a provider's secret", () => {
  it("is sealed, and in no answer, record, log or row", async () => {
    const id = await aProvider();
    await api.send({ method: "PATCH", path: `/api/v1/identity-providers/${id}`, body: { clientSecret: `${SECRET}2` } });
    const shown = await api.send({ method: "GET", path: `/api/v1/identity-providers/${id}` });
    const { items } = await listAudit(api.context, { limit: 200 });
    const texts = [await shown.text(), JSON.stringify(items), JSON.stringify(api.lines), api.dump()];
    for (const text of texts) expect(text).not.toContain(SECRET);
    expect((await records("identity-provider.patch"))[0]?.changes).toEqual([
      { path: "clientSecret", after: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/) },
    ]);
  });
});
