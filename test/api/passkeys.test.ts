import { anAuthenticator, PASSWORD } from "@cadastre/core/login/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { aBrowser, type Browser } from "./a-browser.ts";
import { anApi, jsonOf, ORIGIN, outcomeOf, type TestApi } from "./an-api.ts";

let api: TestApi;
beforeEach(async () => {
  api = await anApi();
});
afterEach(() => api.close());

const post = (browser: Browser, path: string, body?: object) =>
  browser.send({ method: "POST", path: `/api/v1/${path}`, ...(body === undefined ? {} : { body }) });

const challengeOf = async (response: Response) => (await jsonOf(response)).challenge as string;

async function enrolled() {
  const visitor = await api.aVisitor();
  const authenticator = anAuthenticator();
  const challenge = await challengeOf(await post(visitor, "factors/passkey-options"));
  const response = authenticator.create({ challenge });
  const made = await post(visitor, "factors/passkeys", { name: "laptop", response });
  expect(made.status, await made.clone().text()).toBe(201);
  return { visitor, authenticator, response };
}

async function pending(): Promise<Browser> {
  const browser = aBrowser(api.app, ORIGIN);
  const login = await post(browser, "auth/login", { userName: "anna", password: PASSWORD });
  expect(await jsonOf(login)).toMatchObject({ stepUpNeeded: true, methods: ["passkey"] });
  return browser;
}

const assertion = async (browser: Browser, authenticator: ReturnType<typeof anAuthenticator>) =>
  authenticator.get({ challenge: await challengeOf(await post(browser, "auth/passkey-challenge")) });

it("a passkey is enrolled, and then ends that a second factor is due, with a strength that cannot be phished", async () => {
  const { visitor, authenticator } = await enrolled();
  expect(await jsonOf(await visitor.send({ method: "GET", path: "/api/v1/me" }))).toMatchObject({
    session: { strength: 3 },
  });
  const listed = await jsonOf(await visitor.send({ method: "GET", path: "/api/v1/factors" }));
  expect(listed).toEqual({ items: [expect.objectContaining({ type: "passkey", name: "laptop", isConfirmed: true })] });
  expect(JSON.stringify(listed)).not.toMatch(/publicKey|credential|counter/);
  const next = await pending();
  const done = await post(next, "auth/step-up", { assertion: await assertion(next, authenticator) });
  expect(await jsonOf(done)).toMatchObject({ strength: 3 });
  expect(await jsonOf(await next.send({ method: "GET", path: "/api/v1/me" }))).toMatchObject({
    session: { strength: 3 },
  });
});

it("an answer of a passkey counts once, in its session alone, for five minutes, and by a counter that goes on", async () => {
  const { authenticator } = await enrolled();
  const [one, other] = [await pending(), await pending()];
  const answer = await assertion(one, authenticator);
  expect(await outcomeOf(await post(other, "auth/step-up", { assertion: answer }))).toBe("401 auth.invalid");
  expect((await post(one, "auth/step-up", { assertion: answer })).status).toBe(200);
  expect(await outcomeOf(await post(one, "auth/step-up", { assertion: answer }))).toBe("401 auth.invalid");
  const late = await assertion(other, authenticator);
  api.pass(301);
  expect(await outcomeOf(await post(other, "auth/step-up", { assertion: late }))).toBe("401 auth.invalid");
  authenticator.counter = 0;
  expect(await outcomeOf(await post(other, "auth/step-up", { assertion: await assertion(other, authenticator) }))).toBe(
    "401 auth.invalid",
  );
  authenticator.counter = 100;
  expect((await post(other, "auth/step-up", { assertion: await assertion(other, authenticator) })).status).toBe(200);
});

it("an answer counts once also of a passkey that counts nothing, as synced ones do, and an enrolment's challenge for no proof", async () => {
  const { visitor, authenticator } = await enrolled();
  const prove = async (challenge: string) => {
    // What it is raised to with the answer is 0.
    authenticator.counter = -1;
    return authenticator.get({ challenge });
  };
  const wanted = { action: "factor:enrol", resource: `user/${visitor.id}` };
  const answer = await prove(await challengeOf(await post(visitor, "auth/passkey-challenge")));
  expect((await post(visitor, "auth/step-up", { assertion: answer, ...wanted })).status).toBe(200);
  expect(await outcomeOf(await post(visitor, "auth/step-up", { assertion: answer, ...wanted }))).toBe(
    "401 auth.invalid",
  );
  const enrolling = await prove(await challengeOf(await post(visitor, "factors/passkey-options")));
  expect(await outcomeOf(await post(visitor, "auth/step-up", { assertion: enrolling, ...wanted }))).toBe(
    "401 auth.invalid",
  );
});

it("of two who send one answer at the same time one is let in", async () => {
  const { authenticator } = await enrolled();
  const browser = await pending();
  const answer = await assertion(browser, authenticator);
  const again = aBrowser(api.app, ORIGIN);
  Object.assign(again, { cookie: browser.cookie, csrf: browser.csrf });
  const both = await Promise.all([browser, again].map((one) => post(one, "auth/step-up", { assertion: answer })));
  expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401]);
});

it("another one's passkey, one of another page, and a challenge that was made for enrolling prove nothing", async () => {
  const { authenticator } = await enrolled();
  const browser = await pending();
  const refused = async (make: (challenge: string) => object) => {
    const challenge = await challengeOf(await post(browser, "auth/passkey-challenge"));
    return outcomeOf(await post(browser, "auth/step-up", { assertion: make(challenge) }));
  };
  expect(await refused((challenge) => anAuthenticator().get({ challenge }))).toBe("401 auth.invalid");
  expect(await refused((challenge) => ({ ...anAuthenticator().get({ challenge }), id: authenticator.id }))).toBe(
    "401 auth.invalid",
  );
  expect(await refused((challenge) => authenticator.get({ challenge, origin: "https://evil.example" }))).toBe(
    "401 auth.invalid",
  );
  expect(await refused((challenge) => authenticator.get({ challenge, rpId: "evil.example" }))).toBe("401 auth.invalid");
  expect(await refused(() => authenticator.get({ challenge: "A".repeat(43) }))).toBe("401 auth.invalid");
  expect((await post(browser, "auth/step-up", { assertion: await assertion(browser, authenticator) })).status).toBe(
    200,
  );
});

it("a passkey is enrolled by one answer once, and not twice", async () => {
  const { visitor, authenticator, response } = await enrolled();
  const again = (one: object) => post(visitor, "factors/passkeys", { name: "again", response: one });
  expect(await outcomeOf(await again(response))).toBe("422 factor.wrong_code");
  const challenge = await challengeOf(await post(visitor, "factors/passkey-options"));
  expect(await outcomeOf(await again(authenticator.create({ challenge })))).toBe("409 factor.exists");
  const proving = await challengeOf(await post(visitor, "auth/passkey-challenge"));
  expect(await outcomeOf(await again(anAuthenticator().create({ challenge: proving })))).toBe("422 factor.wrong_code");
});

it("a session that is older than five minutes enrols only after a step-up", async () => {
  const visitor = await api.aVisitor();
  api.pass(301);
  const refused = await post(visitor, "factors/passkey-options");
  expect(await jsonOf(refused)).toMatchObject({
    code: "auth.step_up",
    action: "factor:enrol",
    resource: `user/${visitor.id}`,
  });
  const body = { password: PASSWORD, action: "factor:enrol", resource: `user/${visitor.id}` };
  await post(visitor, "auth/step-up", body);
  const challenge = await challengeOf(await post(visitor, "factors/passkey-options"));
  const made = await post(visitor, "factors/passkeys", {
    name: "key",
    response: anAuthenticator().create({ challenge }),
  });
  expect(made.status, await made.clone().text()).toBe(201);
});
