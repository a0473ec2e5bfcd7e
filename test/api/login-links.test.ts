import { createSetupLink } from "@cadastre/core/login/setup-link";
import { PASSWORD } from "@cadastre/core/login/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aBrowser } from "./a-browser.ts";
import { anApi, jsonOf, ORIGIN, outcomeOf, type TestApi } from "./an-api.ts";

let api: TestApi;
beforeEach(async () => {
  api = await anApi({ onFile: true });
});
afterEach(() => api.close());

const setUp = (body: object) => aBrowser(api.app, ORIGIN).send({ method: "POST", path: "/api/v1/auth/setup", body });
const logIn = (userName: string, password = PASSWORD) =>
  aBrowser(api.app, ORIGIN).send({ method: "POST", path: "/api/v1/auth/login", body: { userName, password } });

describe("the first admin's link", () => {
  it("sets a name and a password, once, and there is none after that; before it there is no password that logs in", async () => {
    for (const password of ["admin", "password", "", "administrator"])
      expect((await logIn("admin", password || " ")).status).toBe(401);
    const { secret = "" } = (await createSetupLink(api.context)) ?? {};
    const done = await setUp({ secret, userName: "ann", password: PASSWORD });
    expect(await jsonOf(done)).toMatchObject({ user: { userName: "ann" } });
    expect(await outcomeOf(await setUp({ secret, userName: "eve", password: PASSWORD }))).toBe("401 auth.invalid");
    expect(await createSetupLink(api.context)).toBeUndefined();
    expect((await logIn("admin")).status).toBe(401);
    const browser = aBrowser(api.app, ORIGIN);
    await browser.send({ method: "POST", path: "/api/v1/auth/login", body: { userName: "ann", password: PASSWORD } });
    const made = await browser.send({
      method: "POST",
      path: "/api/v1/accounts",
      body: { provider: "aws", account: "222233334444" },
    });
    expect(made.status).toBe(201);
    expect(api.dump()).not.toContain(secret);
    expect(api.dump()).not.toContain(secret.split(".")[1]);
  });

  it("is used by one of many who come at the same time", async () => {
    const { secret = "" } = (await createSetupLink(api.context)) ?? {};
    const all = await Promise.all(
      Array.from({ length: 16 }, (_, n) => setUp({ secret, password: `${PASSWORD} ${n}` })),
    );
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(all.filter(({ status }) => status === 401)).toHaveLength(15);
  });

  it("stays good after a password that is refused, or a name that is taken, and ends after a day", async () => {
    const { secret = "" } = (await createSetupLink(api.context)) ?? {};
    await api.aVisitor({ userName: "ann" });
    expect(await outcomeOf(await setUp({ secret, password: "short" }))).toBe("422 password.weak");
    expect(await outcomeOf(await setUp({ secret, userName: "ANN", password: PASSWORD }))).toBe("409 user.name_taken");
    api.pass(86_401);
    expect(await outcomeOf(await setUp({ secret, password: PASSWORD }))).toBe("401 auth.invalid");
  });

  it.each([
    "x",
    `lnk_01JD0000000000000000000000.${"A".repeat(43)}`,
    `ses_01JD0000000000000000000000.${"A".repeat(43)}`,
  ])("is not %s", async (secret) =>
    expect(await outcomeOf(await setUp({ secret, password: PASSWORD }))).toBe("401 auth.invalid"),
  );

  it("leads to a page that keeps to the strict policy and runs its own script alone", async () => {
    const page = await api.send({ method: "GET", path: "/setup", token: "" });
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(await page.text()).not.toMatch(/ style=| on\w+=|<script>/);
    expect((await api.send({ method: "GET", path: "/assets/setup.js", token: "" })).status).toBe(200);
  });
});

describe("an admin's link", () => {
  it("is none any more once its user is removed", async () => {
    const made = await api.send({ method: "POST", path: "/api/v1/users", body: { userName: "gone" } });
    const path = `/api/v1/users/${String((await jsonOf(made)).id)}`;
    const { secret } = (await jsonOf(await api.send({ method: "POST", path: `${path}/password-link` }))) as {
      secret: string;
    };
    expect((await api.send({ method: "DELETE", path })).status).toBe(204);
    expect(await outcomeOf(await setUp({ secret, password: "another horse battery" }))).toBe("401 auth.invalid");
  });

  it("sets the password of a user whose sessions end, but not another name", async () => {
    const visitor = await api.aVisitor();
    const made = await api.send({ method: "POST", path: `/api/v1/users/${visitor.id}/password-link` });
    const { secret, link } = (await jsonOf(made)) as { secret: string; link: string };
    expect(link).toBe(`${ORIGIN}/setup#${secret}`);
    expect((await visitor.send({ method: "GET", path: "/api/v1/me" })).status).toBe(200);
    const done = await setUp({ secret, userName: "other", password: "another horse battery" });
    expect(await jsonOf(done)).toMatchObject({ user: { id: visitor.id, userName: "anna" } });
    expect(await outcomeOf(await visitor.send({ method: "GET", path: "/api/v1/me" }))).toBe("401 auth.revoked");
    expect((await logIn("anna")).status).toBe(401);
    expect((await logIn("anna", "another horse battery")).status).toBe(200);
  });

  it("ends after an hour, and is made by who may change users alone", async () => {
    const visitor = await api.aVisitor({ isAdmin: false });
    const path = `/api/v1/users/${visitor.id}/password-link`;
    expect(await outcomeOf(await visitor.send({ method: "POST", path }))).toBe("403 auth.forbidden");
    const { secret } = (await jsonOf(await api.send({ method: "POST", path }))) as { secret: string };
    api.pass(3601);
    expect(await outcomeOf(await setUp({ secret, password: "another horse battery" }))).toBe("401 auth.invalid");
  });
});

describe("who may do more than an admin of the organization", () => {
  it("gets no link from that one, and loses no second factor by it: with either it could act as more than it is", async () => {
    const { items } = (await jsonOf(await api.send({ method: "GET", path: "/api/v1/users?userName=admin" }))) as {
      items: { id: string; organization: string }[];
    };
    const [boss = { id: "", organization: "" }] = items;
    const body = { name: "an admin" };
    const { id } = await jsonOf(await api.send({ method: "POST", path: "/api/v1/service-accounts", body }));
    const principal = { type: "service-account", id };
    const resource = { type: "organization", id: boss.organization };
    const bound = { principal, role: "admin", resource };
    expect((await api.send({ method: "POST", path: "/api/v1/role-bindings", body: bound })).status).toBe(201);
    const asked = { name: "t", scopes: ["admin"], principal };
    const { secret } = await jsonOf(await api.send({ method: "POST", path: "/api/v1/tokens", body: asked }));
    const token = String(secret);
    for (const sent of [
      { method: "POST", path: `/api/v1/users/${boss.id}/password-link` },
      { method: "DELETE", path: `/api/v1/users/${boss.id}/factors` },
    ])
      expect(await outcomeOf(await api.send({ ...sent, token }))).toBe("403 access.exceeds");
    const made = await jsonOf(
      await api.send({ method: "POST", path: "/api/v1/users", body: { userName: "bob" }, token }),
    );
    const own = { method: "POST", path: `/api/v1/users/${String(made.id)}/password-link`, token };
    expect((await api.send(own)).status).toBe(201);
  });
});

describe("a user that an admin makes", () => {
  it("has the password that comes with it, by the rules, and none that is shown", async () => {
    const make = (body: object) => api.send({ method: "POST", path: "/api/v1/users", body });
    expect(await outcomeOf(await make({ userName: "bert", password: "password1234" }))).toBe("422 password.weak");
    expect(await outcomeOf(await make({ userName: "bert", password: "my name is bert" }))).toBe("422 password.weak");
    const made = await make({ userName: "bert", password: PASSWORD });
    expect(made.status).toBe(201);
    expect(await made.text()).not.toContain(PASSWORD);
    expect((await logIn("Bert")).status).toBe(200);
    expect(api.dump()).not.toContain(PASSWORD);
  });

  it("leaves nothing to log in with when it is removed", async () => {
    const visitor = await api.aVisitor();
    expect((await api.send({ method: "DELETE", path: `/api/v1/users/${visitor.id}` })).status).toBe(204);
    expect(await outcomeOf(await visitor.send({ method: "GET", path: "/api/v1/me" }))).toBe("401 auth.revoked");
    expect((await logIn("anna")).status).toBe(401);
    expect(api.dump()).not.toContain(`password#${visitor.id}`);
  });

  it("is let in again by an admin after too many failures", async () => {
    const visitor = await api.aVisitor();
    for (let n = 0; n < 10; n++) await logIn("anna", "wrong horse battery");
    expect((await logIn("anna")).status).toBe(401);
    expect((await api.send({ method: "POST", path: `/api/v1/users/${visitor.id}/unlock` })).status).toBe(204);
    expect((await logIn("anna")).status).toBe(200);
    expect(
      await outcomeOf(await api.send({ method: "POST", path: "/api/v1/users/usr_01JD0000000000000000000000/unlock" })),
    ).toBe("404 user.not_found");
  });
});
