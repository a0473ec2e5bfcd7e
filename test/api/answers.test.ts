import { createApp } from "@cadastre/api/app";
import { createFileAssets } from "@cadastre/api/assets";
import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { newId } from "@cadastre/contract/ids";
import type { LogLine } from "@cadastre/contract/log";
import { TOKEN_SCOPES } from "@cadastre/contract/token";
import { problem } from "@cadastre/contract/view";
import { listAudit } from "@cadastre/core/audit/list";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anApi, jsonOf, ORIGIN, type Sent, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";
import { aStoredCredential, CREDENTIAL_BODY } from "./scenarios.ts";

let api: TestApi;
beforeEach(async () => {
  api = await anApi({ onFile: true });
});
afterEach(() => api.close());

const CANARY = CREDENTIAL_BODY.secret.secret;

describe("a problem", () => {
  it("has every member, its own content type, and the id of the request", async () => {
    const response = await api.send({ method: "GET", path: "/api/v1/resources?limit=0" });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const body = await jsonOf(response);
    expect(problem.strict().parse(body)).toEqual(body);
    expect(body).toMatchObject({
      type: "urn:cadastre:problem:request.invalid",
      status: response.status,
      requestId: response.headers.get("x-request-id"),
      error: { code: body.code, message: body.detail },
    });
    expect(body.title).not.toBe("");
  });

  it("of a fault of ours shows nothing of it, and the log has the stack", async () => {
    const lines: LogLine[] = [];
    const app = createApp({
      context: {
        ...api.context,
        table: { ...api.context.table, query: () => Promise.reject(new Error("disk sector 17")) },
      },
      assets: createFileAssets(),
      log: (line) => void lines.push(line),
      publishTriggers: async () => {},
    });
    const response = await app.request(`${ORIGIN}/api/v1/accounts`, {
      headers: { authorization: `Bearer ${api.admin}` },
    });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      status: 500,
      code: "service.internal",
      detail: "Something went wrong on our side",
    });
    expect(text).not.toContain("sector");
    const fault = lines.find((line) => line.message === "fault");
    expect(fault).toMatchObject({
      level: "error",
      requestId: response.headers.get("x-request-id"),
      error: { name: "Error", message: "disk sector 17" },
    });
    expect(fault).toHaveProperty("error.stack.0", expect.stringMatching(/^at /));
  });

  it("of a store that is busy says to try again", async () => {
    const busy = Object.assign(new Error("locked"), { name: "BusyError" });
    const app = createApp({
      context: { ...api.context, table: { ...api.context.table, query: () => Promise.reject(busy) } },
      assets: createFileAssets(),
      log: () => {},
      publishTriggers: async () => {},
    });
    const response = await app.request(`${ORIGIN}/api/v1/accounts`, {
      headers: { authorization: `Bearer ${api.admin}` },
    });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  });

  it("is the same for a secret that may not be read and for what is not there", async () => {
    const { secret } = await api.aToken(["credentials:read"]);
    const [stored, absent] = [await aStoredCredential(api), newId("credential", api.now())];
    const texts = await Promise.all(
      [stored, absent].map(async (id) => {
        const path = `/api/v1/credentials/${id}/reveal`;
        const { requestId: _, ...body } = await jsonOf(
          await api.send({ method: "POST", path, body: {}, token: secret }),
        );
        return JSON.stringify(body);
      }),
    );
    expect(texts[0]).toBe(texts[1]);
  });
});

describe("an answer", () => {
  it("has the headers that keep browsers from running it, and is not cached", async () => {
    for (const path of ["/api/v1/accounts", "/nothing", "/healthz"]) {
      const { headers } = await api.send({ method: "GET", path });
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toMatch(/^no-store(, no-transform)?$/);
      expect(headers.get("server-timing")).toMatch(/^app;dur=\d+(\.\d)?(,|$)/);
    }
  });

  it("takes over a sane request id and replaces any other", async () => {
    const idOf = async (given: string) => {
      const headers = { "x-request-id": given };
      return (await api.send({ method: "GET", path: "/healthz", headers })).headers.get("x-request-id");
    };
    expect(await idOf("1-67891233-abcdef012345678912345678")).toBe("1-67891233-abcdef012345678912345678");
    for (const given of ["", "short", "with space in it", '"quoted-id"', "x".repeat(129)]) {
      expect(await idOf(given)).toMatch(/^req_[0-9A-Z]{26}$/);
    }
  });

  it("to a request without the right credentials says which are asked for", async () => {
    const asked = async (method: string, path: string) =>
      (await api.send({ method, path, token: "" })).headers.get("www-authenticate");
    expect(await asked("GET", "/api/v1/accounts")).toBe('Bearer realm="cadastre"');
    expect(await asked("GET", "/api/v1/discovery/triggers")).toBe("Signature");
  });
});

describe("the log", () => {
  it("has one line for a request, with its route's pattern and nothing of its values", async () => {
    api.lines.length = 0;
    const path = "/api/v1/resources/arn%3Aprivate-name?x=private-value";
    const response = await api.send({ method: "GET", path, headers: { "x-private": "private-header" } });
    expect(api.lines).toEqual([
      {
        level: "info",
        message: "request",
        requestId: response.headers.get("x-request-id"),
        method: "GET",
        route: "/api/v1/resources/{id+}",
        status: 422,
        durationMilliseconds: expect.any(Number),
        actor: expect.stringMatching(/^user:usr_/),
        code: "request.invalid",
        reads: 3,
        writes: 0,
      },
    ]);
    expect(JSON.stringify(api.lines)).not.toContain("private");
    expect(JSON.stringify(api.lines)).not.toContain(api.admin.slice(31));
  });
});

describe("a canary secret", () => {
  it("is in the answer of its reveal and of its fetch, and in no other answer, log line, audit record or row", async () => {
    const id = await aStoredCredential(api);
    const reveal = () => api.send({ method: "POST", path: `/api/v1/credentials/${id}/reveal`, body: {} });
    const { key } = await api.aReporter({ credential: id });
    const fetched = await api.sign(key, { method: "POST", path: "/api/v1/discovery/credential", body: {} });
    expect(await fetched.text()).toContain(CANARY);
    const revealed = await reveal();
    expect(revealed.headers.get("cache-control")).toMatch(/^no-store(, no-transform)?$/);
    expect(await revealed.text()).toContain(CANARY);

    const post = (path: string, body: unknown, headers = {}) => api.send({ method: "POST", path, body, headers });
    const withKey = { "idempotency-key": "one" };
    const texts = [
      await post("/api/v1/credentials", CREDENTIAL_BODY, withKey),
      await post("/api/v1/credentials", CREDENTIAL_BODY, withKey),
      await post("/api/v1/credentials", { ...CREDENTIAL_BODY, name: "" }),
      await post("/api/v1/credentials", {
        ...CREDENTIAL_BODY,
        secret: { type: "aws_access_key", secretAccessKey: CANARY },
      }),
      await post("/api/v1/credentials", { ...CREDENTIAL_BODY, secret: { type: CANARY } }),
      await post("/api/v1/credentials", new TextEncoder().encode(`{"secret":"${CANARY}`)),
      await post("/api/v1/credentials", new TextEncoder().encode(`{"secret":${CANARY}}`)),
      await api.send({ method: "GET", path: "/api/v1/credentials" }),
      await api.send({ method: "GET", path: `/api/v1/credentials/${id}` }),
      await api.send({ method: "GET", path: "/api/v1/audit?limit=200" }),
    ];
    api.vault.open = () => Promise.reject(new Error(`cannot open ${CANARY}`));
    texts.push(await reveal());
    api.vault.seal = () => Promise.reject(new Error(`cannot seal ${CANARY}`));
    texts.push(await post("/api/v1/credentials", CREDENTIAL_BODY));
    expect(texts.slice(-2).map((one) => one.status)).toEqual([503, 503]);
    texts.push(await api.send({ method: "DELETE", path: `/api/v1/credentials/${id}` }), await reveal());
    for (const response of texts) expect(await response.text(), response.url).not.toContain(CANARY);
    expect(JSON.stringify(api.lines)).not.toContain(CANARY);
    expect(api.dump()).not.toContain(CANARY);
  });
});

/** An object with a further member, and the same with it in each object below. */
function withMember(value: unknown, name: string): unknown[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const below = Object.entries(value).flatMap(([key, member]) =>
    withMember(member, name).map((changed) => ({ ...value, [key]: changed })),
  );
  return [{ ...value, [name]: 1 }, ...below];
}

describe.each(ENDPOINTS.filter(({ secret }) => secret !== undefined))("$method $path", (endpoint) => {
  const { method, access, example } = endpoint;
  const path = pathOf(endpoint);
  const bodies = [
    ...withMember(example?.body, CANARY),
    { [CANARY]: "\ud800" },
    { [CANARY]: { [CANARY]: 1 } },
    [CANARY],
    CANARY,
  ];

  it("repeats nothing that stands where a name should, at any depth of the body or in the query", async () => {
    const { key } = await api.aReporter({ name: `reporter-${endpoint.name.toLowerCase()}` });
    const { secret: revealing } = await api.aToken([...TOKEN_SCOPES]);
    const send = (sent: Sent) =>
      access.kind === "signed" ? api.sign(key, sent) : api.send({ ...sent, token: revealing });
    const answers = [
      ...(await Promise.all(bodies.map((body) => send({ method, path, body })))),
      await send({ method, path: `${path}?${CANARY}=1`, body: example?.body ?? {} }),
    ];
    for (const answer of answers) expect(await answer.text()).not.toContain(CANARY);
    if (access.kind === "operator") expect(answers.map(({ status }) => status)).not.toContain(201);
    expect(JSON.stringify(api.lines)).not.toContain(CANARY);
    const { items } = await listAudit(api.context, { limit: 200 });
    expect(JSON.stringify(items)).not.toContain(CANARY);
  });
});

describe("health", () => {
  it("is alive without a token, and ready when the table and every check are", async () => {
    const get = (path: string) => api.send({ method: "GET", path, token: "" });
    expect(await jsonOf(await get("/healthz"))).toEqual({ status: "ok" });
    expect(await jsonOf(await get("/readyz"))).toEqual({ status: "ok", checks: { table: "ok" } });
  });

  it("says what is not ready, and not why", async () => {
    const lines: LogLine[] = [];
    const app = createApp({
      context: api.context,
      assets: createFileAssets(),
      log: (line) => void lines.push(line),
      ready: { keys: () => Promise.reject(new Error("AccessDenied for key 4711")) },
      publishTriggers: async () => {},
    });
    const response = await app.request(`${ORIGIN}/readyz`);
    const body = await jsonOf(response);
    expect(body).toMatchObject({ status: 503, code: "service.unavailable", failed: ["keys"] });
    expect(JSON.stringify(body)).not.toContain("4711");
    expect(JSON.stringify(lines)).toContain("AccessDenied for key 4711");
  });
});
