import { listAudit } from "@cadastre/core/audit/list";
import { asTexts } from "@cadastre/core/audit/testing";
import { patchUser } from "@cadastre/core/directory/users";
import { codeAt, PASSWORD } from "@cadastre/core/login/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aBrowser, type BrowserRequest } from "./a-browser.ts";
import { anApi, jsonOf, ORIGIN, outcomeOf, SYSTEM, type TestApi, type Visitor } from "./an-api.ts";
import { aStoredCredential } from "./scenarios.ts";

let api: TestApi;
beforeEach(async () => {
  api = await anApi({ onFile: true });
});
afterEach(() => api.close());

const ME: BrowserRequest = { method: "GET", path: "/api/v1/me" };
const CREATE: BrowserRequest = {
  method: "POST",
  path: "/api/v1/accounts",
  body: { provider: "aws", account: "222233334444" },
};
const records = async () => (await listAudit(api.context, { limit: 200 })).items.map(asTexts);

/** Enrols an app and answers its secret. */
async function enrolApp(visitor: Visitor): Promise<string> {
  const made = await visitor.send({ method: "POST", path: "/api/v1/factors/totp", body: { name: "phone" } });
  expect(made.status, await made.clone().text()).toBe(201);
  const { id, secret } = (await made.json()) as { id: string; secret: string };
  const path = `/api/v1/factors/totp/${id}/confirm`;
  const done = await visitor.send({ method: "POST", path, body: { code: codeAt(secret, api.now()) } });
  expect(done.status, await done.clone().text()).toBe(200);
  return secret;
}

describe("a login", () => {
  it("sets a cookie that no page can read, and only for this host", async () => {
    await api.aVisitor();
    const browser = aBrowser(api.app, ORIGIN);
    const response = await browser.send({
      method: "POST",
      path: "/api/v1/auth/login",
      body: { userName: "anna", password: PASSWORD },
    });
    expect(response.headers.get("set-cookie")).toMatch(
      /^__Host-cadastre=ses_[0-9A-Z]{26}\.[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
    expect(response.headers.get("cache-control")).toBe("no-store, no-transform");
    const answer = await jsonOf(response);
    expect(answer).toMatchObject({ csrf: expect.any(String), user: { userName: "anna" } });
    expect(answer).not.toHaveProperty("stepUpNeeded");
    expect(JSON.stringify(answer)).not.toContain(browser.cookie);
  });

  it("from another site's page is refused, before anybody has logged in", async () => {
    await api.aVisitor();
    const body = { userName: "anna", password: PASSWORD };
    for (const headers of [
      { origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "null" },
    ]) {
      const response = await aBrowser(api.app, ORIGIN).send({
        method: "POST",
        path: "/api/v1/auth/login",
        body,
        headers,
      });
      expect(await outcomeOf(response)).toBe("403 auth.csrf");
      expect(response.headers.get("set-cookie")).toBeNull();
    }
  });

  it("is tried 100 times by one source in five minutes, however the source is written, and says so", async () => {
    const body = { userName: "nobody", password: "wrong horse battery" };
    const from = (remoteAddress: string) =>
      aBrowser(api.app, ORIGIN, { remoteAddress }).send({ method: "POST", path: "/api/v1/auth/login", body });
    const all = await Promise.all(
      Array.from({ length: 110 }, (_, n) => from(n % 2 ? "203.0.113.9" : "::ffff:203.0.113.9")),
    );
    const limited = all.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(10);
    expect(limited[0]?.headers.get("retry-after")).toBe("3");
    expect(limited[0]?.headers.get("ratelimit-policy")).toBe('"login";q=100;w=300');
    expect(limited[0]?.headers.get("ratelimit")).toMatch(/^"login";r=0;t=\d+$/);
    expect((await from("203.0.113.10")).status).toBe(401);
  });
});

describe("a session", () => {
  it("is who one is, and may do what one's roles allow", async () => {
    const visitor = await api.aVisitor();
    expect(await jsonOf(await visitor.send(ME))).toMatchObject({
      principal: { type: "user", id: visitor.id, name: "anna" },
      actions: expect.arrayContaining(["accounts:write", "credentials:reveal"]),
      session: { strength: 1 },
      csrf: visitor.csrf,
    });
    expect((await visitor.send(CREATE)).status).toBe(201);
    expect((await records())[0]).toMatchObject({ actor: `user:${visitor.id}`, action: "account.create" });
    const nobody = await api.aVisitor({ userName: "bert", isAdmin: false });
    expect(await jsonOf(await nobody.send(ME))).toMatchObject({ actions: [] });
    expect(await outcomeOf(await nobody.send(CREATE))).toBe("403 auth.forbidden");
  });

  it("beside a token counts for nothing: the token decides alone", async () => {
    const visitor = await api.aVisitor();
    const { secret } = await api.aToken(["audit:read"]);
    const both = { ...CREATE, headers: { authorization: `Bearer ${secret}` } };
    expect(await outcomeOf(await visitor.send(both))).toBe("403 auth.forbidden");
    expect(await outcomeOf(await visitor.send({ ...ME, headers: { authorization: "Bearer cad_nothing" } }))).toBe(
      "401 auth.invalid",
    );
    const answered = await jsonOf(await visitor.send({ ...ME, headers: { authorization: `Bearer ${api.admin}` } }));
    expect(answered).toMatchObject({ token: { scopes: ["admin", "credentials:reveal"] } });
    expect(answered).not.toHaveProperty("session");
    expect(answered).not.toHaveProperty("csrf");
    // By a token no page's token is needed: no page can send one.
    expect(
      (
        await visitor.send({
          ...CREATE,
          withoutCsrf: true,
          headers: { authorization: `Bearer ${api.admin}`, origin: "https://evil.example" },
        })
      ).status,
    ).toBe(201);
  });

  it.each([
    ["nothing", ""],
    ["a text of another form", "ses_nothing"],
    ["another kind of secret", `lnk_01JD0000000000000000000000.${"A".repeat(43)}`],
    ["one that nobody has", `ses_01JD0000000000000000000000.${"A".repeat(43)}`],
    ["20,000 characters", "x".repeat(20_000)],
  ])("with %s as its cookie is none", async (_, text) => {
    const browser = aBrowser(api.app, ORIGIN);
    browser.cookie = text;
    expect(await outcomeOf(await browser.send(ME))).toBe("401 auth.invalid");
  });

  it("of which the cookie is sent twice is none: somebody else has set one of them", async () => {
    const visitor = await api.aVisitor();
    const cookie = `__Host-cadastre=${visitor.cookie}; __Host-cadastre=other`;
    expect(await outcomeOf(await visitor.send({ ...ME, headers: { cookie } }))).toBe("401 auth.missing");
  });

  it("is refused without a read when its cookie has another form, and costs three reads otherwise", async () => {
    const visitor = await api.aVisitor();
    const { meter } = api.context.table;
    const { units } = await meter.measure(() => visitor.send(ME));
    expect(units).toEqual({ read: 3, write: 0 });
    visitor.cookie = "ses_x";
    expect((await meter.measure(() => visitor.send(ME))).units.read).toBe(0);
  });

  it("ends after an hour without use, and after a day whatever its use, which is written every five minutes at most", async () => {
    const visitor = await api.aVisitor();
    let writes = 0;
    for (let minute = 0; minute < 23 * 60; minute += 1) {
      api.pass(60);
      if (minute % 55 !== 0 && minute > 60) continue;
      const { result, units } = await api.context.table.meter.measure(() => visitor.send(ME));
      expect(result.status, String(minute)).toBe(200);
      writes += Number(units.write > 0);
    }
    expect(writes).toBeLessThanOrEqual(13 + 23);
    api.pass(3500);
    expect((await visitor.send(ME)).status).toBe(401);
    const other = await api.aVisitor({ userName: "bert" });
    api.pass(3601);
    expect(await outcomeOf(await other.send(ME))).toBe("401 auth.expired");
  });

  it("ends at once when its user is disabled, and does not come back", async () => {
    const visitor = await api.aVisitor();
    await patchUser(api.context, SYSTEM, visitor.id, { disabled: true }, {});
    expect(await outcomeOf(await visitor.send(ME))).toBe("401 auth.revoked");
    await patchUser(api.context, SYSTEM, visitor.id, { disabled: false }, {});
    expect(await outcomeOf(await visitor.send(ME))).toBe("401 auth.revoked");
  });

  it("is listed, marked where it is the one that asks, and ended by its user alone", async () => {
    const visitor = await api.aVisitor();
    const second = aBrowser(api.app, ORIGIN);
    await second.send({ method: "POST", path: "/api/v1/auth/login", body: { userName: "anna", password: PASSWORD } });
    const stranger = await api.aVisitor({ userName: "bert" });
    const list = async () =>
      (
        (await jsonOf(await visitor.send({ method: "GET", path: "/api/v1/sessions" }))) as {
          items: { id: string; current: boolean }[];
        }
      ).items;
    const items = await list();
    expect(items.map(({ current }) => current)).toEqual([false, true]);
    const end = { method: "DELETE", path: `/api/v1/sessions/${items[0]?.id}` };
    expect(await outcomeOf(await stranger.send(end))).toBe("404 session.not_found");
    expect((await visitor.send(end)).status).toBe(204);
    expect(await outcomeOf(await second.send(ME))).toBe("401 auth.invalid");
    expect(await list()).toHaveLength(1);
    const out = await visitor.send({ method: "POST", path: "/api/v1/auth/logout" });
    expect([out.status, visitor.cookie]).toEqual([204, undefined]);
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
  });

  it("goes on under a new secret with another password, and all others end; tokens stay", async () => {
    const visitor = await api.aVisitor();
    const second = aBrowser(api.app, ORIGIN);
    await second.send({ method: "POST", path: "/api/v1/auth/login", body: { userName: "anna", password: PASSWORD } });
    const made = await visitor.send({
      method: "POST",
      path: "/api/v1/tokens",
      body: { name: "ci", scopes: ["accounts:read"] },
    });
    const { secret } = (await made.json()) as { secret: string };
    const before = visitor.cookie;
    const change = (body: object) => visitor.send({ method: "POST", path: "/api/v1/auth/password", body });
    expect(await outcomeOf(await change({ current: "wrong horse battery", password: "another horse battery" }))).toBe(
      "401 auth.invalid",
    );
    expect(await outcomeOf(await change({ current: PASSWORD, password: "password1234" }))).toBe("422 password.weak");
    expect((await change({ current: PASSWORD, password: "another horse battery" })).status).toBe(200);
    expect(visitor.cookie).not.toBe(before);
    expect((await visitor.send(ME)).status).toBe(200);
    expect((await visitor.send(CREATE)).status).toBe(201);
    expect(await outcomeOf(await second.send(ME))).toBe("401 auth.revoked");
    const old = aBrowser(api.app, ORIGIN);
    old.cookie = before;
    expect(await outcomeOf(await old.send(ME))).toBe("401 auth.invalid");
    expect((await api.send({ method: "GET", path: "/api/v1/accounts", token: secret })).status).toBe(200);
  });
});

describe("a second factor", () => {
  it("is enrolled, due from then on, and proved by a code: each under a new secret", async () => {
    const visitor = await api.aVisitor();
    const first = visitor.cookie;
    const secret = await enrolApp(visitor);
    expect(visitor.cookie).not.toBe(first);
    expect(await jsonOf(await visitor.send(ME))).toMatchObject({ session: { strength: 2 } });
    const next = aBrowser(api.app, ORIGIN);
    const login = await next.send({
      method: "POST",
      path: "/api/v1/auth/login",
      body: { userName: "anna", password: PASSWORD },
    });
    expect(await jsonOf(login)).toMatchObject({ stepUpNeeded: true, methods: ["code"] });
    expect(await jsonOf(await next.send(ME))).toMatchObject({
      actions: [],
      session: { stepUpNeeded: true, methods: ["code"] },
    });
    const pending = next.cookie;
    expect(
      await outcomeOf(await next.send({ method: "POST", path: "/api/v1/auth/step-up", body: { password: PASSWORD } })),
    ).toBe("401 auth.invalid");
    api.pass(30);
    const body = { code: codeAt(secret, api.now()) };
    expect(await jsonOf(await next.send({ method: "POST", path: "/api/v1/auth/step-up", body }))).toMatchObject({
      strength: 2,
    });
    expect(next.cookie).not.toBe(pending);
    expect((await next.send(CREATE)).status).toBe(201);
    expect(JSON.stringify(await records())).not.toContain(secret);
  });

  it("that is due does not let anybody enrol another one in its place", async () => {
    await enrolApp(await api.aVisitor());
    const next = aBrowser(api.app, ORIGIN);
    await next.send({ method: "POST", path: "/api/v1/auth/login", body: { userName: "anna", password: PASSWORD } });
    for (const path of ["/api/v1/factors/totp", "/api/v1/factors/passkey-options", "/api/v1/factors/recovery-codes"]) {
      expect(
        await outcomeOf(await next.send({ method: "POST", path, ...(path.endsWith("totp") ? { body: {} } : {}) })),
      ).toBe("401 auth.step_up");
    }
  });

  it("is removed only by a step-up for exactly that, which counts once and for five minutes", async () => {
    const visitor = await api.aVisitor();
    const secret = await enrolApp(visitor);
    const { items } = (await jsonOf(await visitor.send({ method: "GET", path: "/api/v1/factors" }))) as {
      items: { id: string }[];
    };
    const remove = { method: "DELETE", path: `/api/v1/factors/${items[0]?.id}` };
    const asked = await visitor.send(remove);
    expect(asked.headers.get("www-authenticate")).toMatch(
      /^Bearer realm="cadastre", error="insufficient_user_authentication", .*max_age="300"$/,
    );
    const { action, resource } = await jsonOf(asked);
    expect([action, resource]).toEqual(["factor:remove", `factor/${items[0]?.id}`]);
    const stepUp = (more: object) => {
      api.pass(30);
      return visitor.send({
        method: "POST",
        path: "/api/v1/auth/step-up",
        body: { code: codeAt(secret, api.now()), ...more },
      });
    };
    await stepUp({ action, resource: `factor/fct_01JD0000000000000000000000` });
    await stepUp({ action: "credentials:reveal", resource });
    expect((await visitor.send(remove)).status).toBe(401);
    await stepUp({ action, resource });
    api.pass(301);
    expect((await visitor.send(remove)).status).toBe(401);
    await stepUp({ action, resource });
    expect((await visitor.send(remove)).status).toBe(204);
    expect(await jsonOf(await visitor.send({ method: "GET", path: "/api/v1/factors" }))).toEqual({ items: [] });
  });

  it("can be reset by an admin, which ends the user's sessions", async () => {
    const visitor = await api.aVisitor();
    await enrolApp(visitor);
    expect((await api.send({ method: "DELETE", path: `/api/v1/users/${visitor.id}/factors` })).status).toBe(204);
    expect(await outcomeOf(await visitor.send(ME))).toBe("401 auth.revoked");
    const next = aBrowser(api.app, ORIGIN);
    const login = await next.send({
      method: "POST",
      path: "/api/v1/auth/login",
      body: { userName: "anna", password: PASSWORD },
    });
    expect(await jsonOf(login)).not.toHaveProperty("stepUpNeeded");
  });
});

describe("a secret", () => {
  it("is revealed to a session once for each step-up, also when two ask at the same time; to a token by its scope", async () => {
    const visitor = await api.aVisitor();
    const id = await aStoredCredential(api);
    const reveal = () => visitor.send({ method: "POST", path: `/api/v1/credentials/${id}/reveal`, body: {} });
    expect(await outcomeOf(await reveal())).toBe("401 auth.step_up");
    const body = { password: PASSWORD, action: "credentials:reveal", resource: `credential/${id}` };
    expect((await visitor.send({ method: "POST", path: "/api/v1/auth/step-up", body })).status).toBe(200);
    const both = await Promise.all([reveal(), reveal(), reveal()]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401, 401]);
    expect((await api.send({ method: "POST", path: `/api/v1/credentials/${id}/reveal`, body: {} })).status).toBe(200);
  });
});

it("a session gives the right to reveal on to a token only by a step-up, since tokens need none", async () => {
  const visitor = await api.aVisitor();
  const make = (scopes: string[]) =>
    visitor.send({ method: "POST", path: "/api/v1/tokens", body: { name: "ci", scopes } });
  expect((await make(["accounts:read"])).status).toBe(201);
  const refused = await make(["accounts:read", "credentials:reveal"]);
  expect(await jsonOf(refused)).toMatchObject({
    code: "auth.step_up",
    action: "credentials:reveal",
    resource: "token/new",
  });
  const body = { password: PASSWORD, action: "credentials:reveal", resource: "token/new" };
  await visitor.send({ method: "POST", path: "/api/v1/auth/step-up", body });
  expect((await make(["credentials:reveal"])).status).toBe(201);
  expect((await make(["credentials:reveal"])).status).toBe(401);
});
