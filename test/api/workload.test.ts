import { createHmac } from "node:crypto";
import { signIdentityRequest } from "@cadastre/collectors/aws/identity-request";
import { AWS_REQUEST_TYPE, type AwsRequest, TOKEN_EXCHANGE } from "@cadastre/contract/oauth";
import { listAudit } from "@cadastre/core/audit/list";
import { createOutside } from "@cadastre/functions/adapters/outside";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import type { JWTPayload } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { anApi, jsonOf, ORIGIN, type TestApi } from "./an-api.ts";
import { anIssuer, aSigningKey, type SigningKey, type TestIssuer } from "./an-issuer.ts";

const JWT = "urn:ietf:params:oauth:token-type:jwt";
const SUB = "repo:acme/infra:ref:refs/heads/main";

let api: TestApi;
let issuer: TestIssuer;
let key: SigningKey;
let simulator: AwsSimulator;

beforeAll(async () => {
  key = await aSigningKey();
  const estate = createAwsEstate({ seed: "workload", now: () => new Date() });
  simulator = await startAwsSimulator({ estate, faults: createFaults() });
});
afterAll(() => simulator.stop());

beforeEach(async () => {
  issuer = await anIssuer([key.jwk]);
  api = await anApi({ onFile: true, outside: createOutside({ loopback: true }), stsEndpoint: simulator.url });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await api.close();
  await issuer.close();
});

async function made(path: string, body: object): Promise<Record<string, string>> {
  const response = await api.send({ method: "POST", path: `/api/v1/${path}`, body });
  const answer = await jsonOf(response);
  expect(response.status, JSON.stringify(answer)).toBe(201);
  return answer as Record<string, string>;
}

async function aRobot(role = "viewer"): Promise<string> {
  const { id = "" } = await made("service-accounts", { name: `robot ${role}` });
  const resource = { type: "organization", id: api.context.organization };
  await made("role-bindings", { principal: { type: "service-account", id }, role, resource });
  return id;
}

const ofIssuer = (more: object = {}) => ({
  type: "oidc",
  issuer: issuer.url,
  audience: ORIGIN,
  claims: { sub: SUB },
  ...more,
});

/** A rule of the issuer on loopback, and the service account that it lets act. */
async function aRule(more: object = {}, trusts: object = ofIssuer()) {
  const serviceAccount = await aRobot();
  const { id = "" } = await made("trust-rules", {
    name: "ci",
    serviceAccount,
    trusts,
    scopes: ["accounts:read", "resources:read"],
    ...more,
  });
  return { id, serviceAccount };
}

const seconds = () => Math.floor(api.now().getTime() / 1000);

const claims = (more: JWTPayload = {}): JWTPayload => ({
  iss: issuer.url,
  aud: ORIGIN,
  sub: SUB,
  iat: seconds(),
  exp: seconds() + 300,
  ...more,
});

/** What the token endpoint answers to a form. */
async function exchange(form: Readonly<Record<string, string>>) {
  const response = await api.sendForm("/api/v1/auth/token", form);
  return { status: response.status, headers: response.headers, answer: await jsonOf(response) };
}

const present = (rule: { readonly id: string }, subject: string, more: Record<string, string> = {}) =>
  exchange({
    grant_type: TOKEN_EXCHANGE,
    audience: rule.id,
    subject_token: subject,
    subject_token_type: JWT,
    ...more,
  });

const exchanges = async () => (await listAudit(api.context, { limit: 200, action: "token.exchange" })).items;

/** What is told to whoever asks: the same, whatever is wrong. */
async function expectRefused(asked: Awaited<ReturnType<typeof present>>, reason: string | undefined): Promise<void> {
  expect([asked.status, asked.answer.error, asked.answer.code]).toEqual([400, "invalid_request", "grant.refused"]);
  expect(asked.answer.error_description).toBe(
    "the subject token is not accepted by such a rule; the audit log of its organization says why",
  );
  const [last] = await exchanges();
  if (reason !== undefined)
    expect(last).toMatchObject({
      outcome: "denied",
      actor: { type: "unknown" },
      detail: { reason: expect.stringContaining(reason) },
    });
}

describe("a token that meets a rule", () => {
  it("is exchanged for a short one of the service account, as RFC 8693 says, with one record", async () => {
    const rule = await aRule();
    const { status, headers, answer } = await present(rule, await key.sign(claims()));
    expect([status, headers.get("cache-control"), headers.get("content-type")]).toEqual([
      200,
      "no-store, no-transform",
      "application/json",
    ]);
    expect(answer).toEqual({
      access_token: expect.stringMatching(/^cad_/),
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: 900,
      scope: "accounts:read resources:read",
    });
    const token = String(answer.access_token);
    const use = (path: string) => api.send({ method: "GET", path, token });
    expect((await jsonOf(await use("/api/v1/me"))).principal).toMatchObject({ id: rule.serviceAccount });
    expect((await use("/api/v1/audit")).status).toBe(403);
    const records = await exchanges();
    expect(records).toMatchObject([
      {
        actor: { id: rule.serviceAccount },
        resource: { type: "trust-rule", id: rule.id },
        outcome: "done",
        detail: { subject: SUB },
      },
    ]);
    expect(JSON.stringify(records) + api.dump() + JSON.stringify(api.lines)).not.toContain(token.slice(31));
    const listed = await jsonOf(await api.send({ method: "GET", path: "/api/v1/tokens" }));
    expect(JSON.stringify(listed)).not.toContain(records[0]?.detail.token);
    api.pass(900);
    expect((await use("/api/v1/me")).status).toBe(401);
  });

  it("gives what is asked for of the rule's scopes, and nothing that roles do not give", async () => {
    const rule = await aRule({
      scopes: ["accounts:read", "accounts:write"],
      endsWithSubject: true,
      tokenSeconds: 3600,
    });
    const subject = await key.sign(claims({ exp: seconds() + 100 }));
    const some = await present(rule, subject, { scope: "accounts:write" });
    expect(some.answer).toMatchObject({ scope: "accounts:write", expires_in: 130 });
    const body = { provider: "aws", account: "222233334444" };
    const write = await api.send({
      method: "POST",
      path: "/api/v1/accounts",
      token: String(some.answer.access_token),
      body,
    });
    expect(write.status).toBe(403);
    const more = await present(rule, subject, { scope: "accounts:read audit:read" });
    expect([more.status, more.answer.error, more.answer.code]).toEqual([400, "invalid_scope", "grant.scope"]);
  });

  it("counts once where the rule says so, also at the same time, and needs a jti for that", async () => {
    const rule = await aRule({ singleUse: true });
    const subject = await key.sign(claims({ jti: "7" }));
    const all = await Promise.all([1, 2, 3].map(() => present(rule, subject)));
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400]);
    await expectRefused(await present(rule, subject), "it was exchanged before");
    await expectRefused(await present(rule, await key.sign(claims())), "no jti");
    expect((await present(rule, await key.sign(claims({ jti: "8" })))).status).toBe(200);
  });

  it("is of no use once the rule is disabled or gone, the service account is disabled, or from elsewhere", async () => {
    const rule = await aRule();
    const subject = await key.sign(claims());
    const path = `/api/v1/trust-rules/${rule.id}`;
    const {
      createdAt: _a,
      createdBy: _b,
      updatedAt: _c,
      updatedBy: _d,
      version: _e,
      id: _f,
      ...body
    } = await jsonOf(await api.send({ method: "GET", path }));
    const put = (more: object) =>
      api.send({ method: "PUT", path, body: { ...body, ...more }, headers: { "if-match": "*" } });
    expect((await put({ addresses: ["10.0.0.0/8"] })).status).toBe(200);
    await expectRefused(await present(rule, subject), "nobody may call from this address");
    expect((await put({ addresses: ["192.0.2.7"], disabled: true })).status).toBe(200);
    await expectRefused(await present(rule, subject), "the rule is disabled");
    expect((await put({})).status).toBe(200);
    expect((await present(rule, subject)).status).toBe(200);
    const account = `/api/v1/service-accounts/${rule.serviceAccount}`;
    await api.send({ method: "PATCH", path: account, body: { disabled: true }, headers: { "if-match": "*" } });
    await expectRefused(await present(rule, subject), "the service account is disabled");
    expect((await api.send({ method: "DELETE", path })).status).toBe(204);
    await expectRefused(await present(rule, subject), undefined);
  });

  it("is told nothing by a rule that is not there, by another's, or by what is no id", async () => {
    for (const id of ["trl_01JD0000000000000000000000", "x", "tok_01JD0000000000000000000000"])
      await expectRefused(await present({ id }, await key.sign(claims())), undefined);
  });
});

describe("a lie", () => {
  it("is refused, whatever it is, and recorded with its reason", async () => {
    const rule = await aRule();
    const foreign = await aSigningKey("one");
    const rsa = await aSigningKey("rsa", "RS256");
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const unsigned = `${part({ alg: "none" })}.${part(claims())}.`;
    const head = `${part({ alg: "HS256", kid: "one" })}.${part(claims())}`;
    const hmac = `${head}.${createHmac("sha256", JSON.stringify(key.jwk)).update(head).digest("base64url")}`;
    const good = await key.sign(claims());
    const lies: [string, string][] = [
      [await key.sign(claims({ aud: "https://other.test" })), "aud"],
      [await key.sign(claims({ iss: "https://other.test" })), "iss"],
      [await key.sign(claims({ iss: `${issuer.url}/` })), "iss"],
      [await key.sign(claims({ exp: seconds() - 31 })), "EXPIRED"],
      [await key.sign(claims({ nbf: seconds() + 31 })), "nbf"],
      [await key.sign({ ...claims(), exp: undefined } as unknown as JWTPayload), "exp"],
      [unsigned, "ALG_NOT_ALLOWED"],
      [hmac, "ALG_NOT_ALLOWED"],
      [await foreign.sign(claims()), "SIGNATURE"],
      [await rsa.sign(claims(), { kid: "one" }), "NO_MATCHING_KEY"],
      [await key.sign(claims(), { kid: "two" }), "NO_MATCHING_KEY"],
      [await key.sign(claims({ sub: `${SUB}2` })), "sub"],
      [`${good.slice(0, -2)}AA`, "SIGNATURE"],
      ["x.y.z", "ERR_"],
    ];
    for (const [at, [lie, reason]] of lies.entries()) {
      // Of each minute ten are recorded whole; tokens are good for some.
      if (at === 9) api.pass(60);
      await expectRefused(await present(rule, lie), reason);
    }
    expect((await exchanges()).every(({ outcome }) => outcome === "denied")).toBe(true);
    expect((await present(rule, await key.sign(claims()))).status).toBe(200);
  });

  it("of another repository of a like name is refused by a rule for GitHub", async () => {
    const trusts = {
      type: "github",
      issuer: issuer.url,
      audience: ORIGIN,
      repository: "acme/infra",
      ref: "refs/heads/main",
    };
    const rule = await aRule({}, trusts);
    const said = { repository: "acme/infra", ref: "refs/heads/main" };
    expect((await present(rule, await key.sign(claims(said)))).status).toBe(200);
    for (const repository of ["acme/infra-evil", "evil/infra", "acme/infra/x", "Acme/Infra"])
      await expectRefused(await present(rule, await key.sign(claims({ ...said, repository }))), "repository");
    await expectRefused(await present(rule, await key.sign(claims({ ...said, ref: "refs/heads/main2" }))), "ref");
  });

  it("is refused and not exchanged half: what is recorded beyond ten a minute is counted by address", async () => {
    const rule = await aRule();
    for (let n = 0; n < 14; n++) await present(rule, "x.y.z");
    expect((await exchanges()).length).toBe(10);
    const { items } = await listAudit(api.context, { limit: 50, action: "request.refused" });
    expect(items[0]).toMatchObject({ resource: { id: "192.0.2.7" }, detail: { count: 4 } });
  });
});

describe("an issuer", () => {
  it("is asked once for its keys, and again when they have changed, at most every 30 seconds", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const rule = await aRule();
    const subject = await key.sign(claims());
    expect((await Promise.all([1, 2, 3, 4].map(() => present(rule, subject)))).map(({ status }) => status)).toEqual([
      200, 200, 200, 200,
    ]);
    expect(issuer.asked).toEqual({ document: 1, keys: 1 });
    const next = await aSigningKey("two");
    for (let n = 0; n < 5; n++) await expectRefused(await present(rule, await next.sign(claims())), "NO_MATCHING_KEY");
    expect(issuer.asked.keys).toBe(1);
    issuer.keys = [next.jwk];
    vi.advanceTimersByTime(30_000);
    vi.setSystemTime(Date.now() + 30_001);
    expect((await present(rule, await next.sign(claims()))).status).toBe(200);
    await expectRefused(await present(rule, subject), "NO_MATCHING_KEY");
    expect(issuer.asked).toEqual({ document: 1, keys: 2 });
  });

  it("that has too many keys, too much to say, or another name is refused, and left alone for 30 seconds", async () => {
    const rule = await aRule();
    const subject = await key.sign(claims({ exp: seconds() + 900 }));
    issuer.keys = Array.from({ length: 101 }, (_, n) => ({ ...key.jwk, kid: String(n) }));
    await expectRefused(await present(rule, subject), "too many keys");
    issuer.keys = [{ ...key.jwk, x5c: ["A".repeat(600_000)] }];
    await expectRefused(await present(rule, subject), "did not answer a moment ago");
    expect(issuer.asked.keys).toBe(1);
    api.pass(30);
    await expectRefused(await present(rule, subject), "could not be verified");
    issuer.keys = [key.jwk];
    api.pass(30);
    expect((await present(rule, subject)).status).toBe(200);
    const other = await anIssuer([key.jwk]);
    other.document = { issuer: issuer.url };
    const second = await aRuleOf(other, "second");
    await expectRefused(await present(second, await key.sign(claims({ iss: other.url }))), undefined);
    other.document = { jwks_uri: "https://10.0.0.1/keys" };
    api.pass(30);
    await expectRefused(
      await present(second, await key.sign(claims({ iss: other.url }))),
      "no address of the internet",
    );
    await other.close();
  });

  async function aRuleOf(other: TestIssuer, name: string) {
    const { id: serviceAccount } = await made("service-accounts", { name });
    const trusts = { type: "oidc", issuer: other.url, audience: ORIGIN, claims: { sub: SUB } };
    const { id = "" } = await made("trust-rules", { name, serviceAccount, trusts, scopes: ["accounts:read"] });
    return { id };
  }

  it("that hangs holds up one request for seconds, and those after it not at all", async () => {
    const slow = createOutside({ loopback: true });
    const hurried = await anApi({
      outside: {
        ...slow,
        fetch: (url, init) =>
          slow.fetch(url, url.endsWith("/keys") ? { ...init, signal: AbortSignal.timeout(50) } : init),
      },
    });
    const before = api;
    api = hurried;
    issuer.isHanging = true;
    const rule = await aRule();
    const subject = await key.sign(claims());
    await expectRefused(await present(rule, subject), undefined);
    await expectRefused(await present(rule, subject), "did not answer a moment ago");
    expect(issuer.asked.keys).toBe(1);
    api = before;
    await hurried.close();
  });

  it("is never asked by a rule that has its keys; keys that are private or symmetric are refused", async () => {
    const trusts = {
      type: "kubernetes",
      issuer: "https://10.96.0.1",
      audience: ORIGIN,
      namespace: "ci",
      serviceAccount: "deploy",
    };
    const rule = await aRule({}, { ...trusts, keys: { keys: [key.jwk] } });
    const sub = "system:serviceaccount:ci:deploy";
    expect((await present(rule, await key.sign(claims({ iss: trusts.issuer, sub })))).status).toBe(200);
    expect(issuer.asked).toEqual({ document: 0, keys: 0 });
    const { serviceAccount } = rule;
    const tried = async (given: object) => {
      const body = { name: "x", serviceAccount, scopes: ["accounts:read"], trusts: { ...trusts, ...given } };
      const response = await api.send({ method: "POST", path: "/api/v1/trust-rules", body });
      return [response.status, ((await jsonOf(response)).errors as { path: string }[])?.[0]?.path];
    };
    expect(await tried({ keys: { keys: [{ kty: "oct", k: "c2VjcmV0" }] } })).toEqual([422, "trusts.keys"]);
    expect(await tried({ keys: { keys: [{ ...key.jwk, d: "AAAA" }] } })).toEqual([422, "trusts.keys"]);
    expect(await tried({ keys: { keys: [{ kty: "EC", crv: "P-256", x: "no" }] } })).toEqual([422, "trusts.keys"]);
    for (const odd of [{ a: { b: 1 } }, 1e308, null])
      expect(await tried({ keys: { keys: [{ ...key.jwk, odd }] } })).toEqual([422, "trusts.keys"]);
    for (const address of ["https://10.96.0.1", "https://169.254.169.254", "http://issuer.test", "https://[fd00::1]"])
      expect(await tried({ issuer: address }), address).toEqual([422, "trusts.issuer"]);
  });
});

describe("a rule", () => {
  it("is nobody's to make who could not make such a token, and is seen by its organization alone", async () => {
    const serviceAccount = await aRobot("admin");
    const body = { name: "ci", serviceAccount, trusts: ofIssuer(), scopes: ["accounts:read"] };
    const post = async (token: string, more: object = {}) =>
      (await jsonOf(await api.send({ method: "POST", path: "/api/v1/trust-rules", token, body: { ...body, ...more } })))
        .code;
    const { secret } = await api.aToken(["tokens:write", "tokens:read", "accounts:read"]);
    expect(await post(secret)).toBe("token.principal");
    expect(await post(secret, { scopes: ["audit:read"] })).toBe("token.scope");
    // Of one's own service account it would outlive the narrow token, and its being revoked.
    const own = await made("tokens", {
      name: "narrow",
      scopes: ["tokens:write", "accounts:read"],
      expiresInSeconds: 60,
      principal: { type: "service-account", id: serviceAccount },
    });
    expect(await post(own.secret ?? "")).toBe("token.principal");
    const { secret: all } = await api.aToken(["admin"]);
    expect(await post(all, { scopes: ["credentials:reveal"] })).toBe("token.scope");
    await made("accounts", { provider: "aws", account: "1" });
    const { id: little } = await made("service-accounts", { name: "little" });
    await made("role-bindings", {
      principal: { type: "service-account", id: little },
      role: "admin",
      resource: { type: "account", id: "aws/1" },
    });
    const token = await made("tokens", {
      name: "little",
      scopes: ["admin"],
      principal: { type: "service-account", id: little },
    });
    expect(["auth.forbidden", "access.exceeds"]).toContain(await post(token.secret ?? ""));
    const mine = await made("trust-rules", body);
    const { id: next = "" } = await made("organizations", { name: "Next", slug: "next" });
    const path = `/api/v1/trust-rules/${mine.id}`;
    for (const method of ["GET", "DELETE"])
      expect((await jsonOf(await api.send({ method, path, headers: { "cadastre-organization": next } }))).code).toBe(
        "trust-rule.not_found",
      );
    expect((await jsonOf(await api.send({ method: "GET", path: "/api/v1/trust-rules" }))).items).toHaveLength(1);
  });

  it("that any repository would meet is refused", async () => {
    const serviceAccount = await aRobot();
    const trusts = {
      type: "oidc",
      issuer: "https://token.actions.githubusercontent.com",
      audience: ORIGIN,
      claims: { ref: "refs/heads/main" },
    };
    const response = await api.send({
      method: "POST",
      path: "/api/v1/trust-rules",
      body: { name: "x", serviceAccount, trusts, scopes: ["accounts:read"] },
    });
    expect(await jsonOf(response)).toMatchObject({
      status: 422,
      errors: [{ path: "trusts.claims", message: expect.stringContaining("any repository") }],
    });
  });
});

describe("the token endpoint", () => {
  it("says what is wrong with a request as RFC 6749 does", async () => {
    const asked = async (form: Record<string, string>) => {
      const { status, answer } = await exchange(form);
      return [status, answer.error];
    };
    const whole = { grant_type: TOKEN_EXCHANGE, audience: "x", subject_token: "x", subject_token_type: JWT };
    expect(await asked({})).toEqual([400, "invalid_request"]);
    expect(await asked({ grant_type: "password" })).toEqual([400, "unsupported_grant_type"]);
    for (const name of ["audience", "subject_token", "subject_token_type"] as const) {
      const { [name]: _, ...rest } = whole;
      expect((await exchange(rest)).answer).toMatchObject({
        error: "invalid_request",
        error_description: `${name} is missing`,
      });
    }
    expect(await asked({ ...whole, subject_token_type: "urn:ietf:params:oauth:token-type:saml2" })).toEqual([
      400,
      "invalid_request",
    ]);
    const raw = async (body: string, type: string) => {
      const response = await api.app.request(`${ORIGIN}/api/v1/auth/token`, {
        method: "POST",
        headers: { "content-type": type },
        body,
      });
      return [response.status, (await jsonOf(response)).error];
    };
    expect(await raw("{}", "application/json")).toEqual([400, "invalid_request"]);
    expect(await raw("grant_type=a&grant_type=b", "application/x-www-form-urlencoded")).toEqual([
      400,
      "invalid_request",
    ]);
    expect(await raw("x".repeat(300_000), "application/x-www-form-urlencoded")).toEqual([400, "invalid_request"]);
  });
});

describe("a role of AWS", () => {
  const account = () => simulator.estate.accounts[1]?.id ?? "";

  beforeEach(() => api.pass((Date.now() - api.now().getTime()) / 1000));

  /** A request that a workload with a role signs, with what a test changes of it before and after. */
  async function aRequest({ serverId = ORIGIN, at = 1, role = "deploy" } = {}): Promise<AwsRequest> {
    const keys = simulator.estate.principals.issue(at, role, "job-7", 3600);
    const own = {
      ...awsEnvironment(simulator),
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
    };
    for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value);
    return signIdentityRequest({ serverId });
  }

  const aws = () => aRule({}, { type: "aws", audience: ORIGIN, account: account(), role: "deploy" });
  const show = (rule: { readonly id: string }, request: unknown) =>
    present(rule, JSON.stringify(request), { subject_token_type: AWS_REQUEST_TYPE });

  it("is proved to AWS itself, by a request that the workload has signed for this server; it counts once", async () => {
    const rule = await aws();
    const request = await aRequest();
    const all = await Promise.all([show(rule, request), show(rule, request)]);
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
    await expectRefused(await show(rule, request), "it was exchanged before");
    expect((await exchanges()).find(({ outcome }) => outcome === "done")?.detail.subject).toBe(
      `arn:aws:sts::${account()}:assumed-role/deploy/job-7`,
    );
  });

  it("of another account, another name, or no role is refused", async () => {
    const rule = await aws();
    await expectRefused(await show(rule, await aRequest({ at: 2 })), "another account");
    await expectRefused(await show(rule, await aRequest({ role: "deploy2" })), "another role");
    for (const [name, value] of Object.entries(awsEnvironment(simulator, { account: account() })))
      vi.stubEnv(name, value);
    await expectRefused(await show(rule, await signIdentityRequest({ serverId: ORIGIN })), "not of a role");
    await expectRefused(await present(rule, await key.sign(claims())), "another type");
  });

  it("is not proved by a request for another server, of another form, or of another time; AWS is not even asked", async () => {
    const rule = await aws();
    const asked = simulator.requests.count({ operation: "GetCallerIdentity" });
    const good = await aRequest();
    const withHeader = (name: string, value: string | undefined) => ({
      ...good,
      headers: good.headers.flatMap((one) =>
        one.key !== name ? [one] : value === undefined ? [] : [{ key: name, value }],
      ),
    });
    const authorization = good.headers.find((one) => one.key === "authorization")?.value ?? "";
    const wrong: [unknown, string][] = [
      [await aRequest({ serverId: "https://other.test" }), "another server"],
      [withHeader("x-cadastre-server-id", undefined), "lacks a header"],
      [
        withHeader("authorization", authorization.replace(";x-cadastre-server-id", "")),
        "does not cover x-cadastre-server-id",
      ],
      [withHeader("authorization", authorization.replace("host;", "")), "does not cover host"],
      [withHeader("authorization", undefined), "Signature Version 4"],
      [{ ...good, url: "https://sts.eu-west-1.amazonaws.com/" }, "STS of the configuration"],
      [{ ...good, url: `${good.url}?Action=GetCallerIdentity&Version=2011-06-15` }, "does not ask STS"],
    ];
    for (const [request, reason] of wrong) await expectRefused(await show(rule, request), reason);
    api.pass(60);
    const further: [unknown, string][] = [
      [{ ...good, body: "Action=AssumeRole" }, "does not ask STS"],
      [{ ...good, headers: [...good.headers, { key: "X-Amz-Date", value: "20200101T000000Z" }] }, "header twice"],
      [{ ...good, headers: [...good.headers, { key: "x-forwarded-host", value: "evil" }] }, "not needed"],
      [{ ...good, method: "GET" }, "no signed request"],
      ["x", "no signed request"],
    ];
    for (const [request, reason] of further) await expectRefused(await show(rule, request), reason);
    api.pass(300);
    await expectRefused(await show(rule, good), "a moment ago");
    expect(simulator.requests.count({ operation: "GetCallerIdentity" })).toBe(asked);
  });
});
