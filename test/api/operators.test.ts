import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { TOKEN_SCOPES } from "@cadastre/contract/token";
import { revokeToken } from "@cadastre/core/access/tokens";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anApi, aSignedRequest, outcomeOf, SYSTEM, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";

let api: TestApi;
beforeAll(async () => {
  api = await anApi({ onFile: true });
});
afterAll(() => api.close());

const routes = ENDPOINTS.flatMap((route) =>
  route.access.kind === "operator"
    ? [{ route, scope: route.access.action, name: `${route.method} ${route.path}` }]
    : [],
);

/** Sends the request with a header of its own and expects that it changed nothing. */
async function refused(method: string, path: string, headers: Record<string, string>): Promise<string> {
  const before = api.dump();
  const body = method === "GET" || method === "DELETE" ? {} : { body: {} };
  const outcome = await outcomeOf(await api.send({ method, path, token: "", headers, ...body }));
  expect(api.dump()).toBe(before);
  return outcome;
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

describe.each(routes)("$name", ({ route, scope }) => {
  const path = pathOf(route);

  it("refuses a request without a token and changes nothing", async () => {
    expect(await refused(route.method, path, {})).toBe("401 auth.missing");
  });

  it.each([
    ["a token of another form", "cad_nothing"],
    ["a token with a wrong checksum", `cad_01JD0000000000000000000000_${"A".repeat(49)}`],
    ["an empty token", ""],
    ["a token of 100,000 characters", "x".repeat(100_000)],
  ])("refuses %s and changes nothing", async (_, text) => {
    expect(await refused(route.method, path, bearer(text))).toBe("401 auth.invalid");
  });

  it("refuses another scheme than Bearer", async () => {
    expect(await refused(route.method, path, { authorization: `Basic ${btoa(`admin:${api.admin}`)}` })).toBe(
      "401 auth.invalid",
    );
  });

  it("refuses a token whose secret is another one's", async () => {
    const [one, other] = [await api.aToken([scope]), await api.aToken([scope])];
    const mixed = one.secret.slice(0, 31) + other.secret.slice(31);
    expect(await refused(route.method, path, bearer(mixed))).toBe("401 auth.invalid");
  });

  it("refuses a token with every scope but the right one, and changes nothing", async () => {
    const { secret } = await api.aToken(TOKEN_SCOPES.filter((one) => one !== scope && one !== "admin"));
    const before = api.dump();
    const sent = { method: route.method, path, token: secret, ...(route.method === "GET" ? {} : { body: {} }) };
    expect(await outcomeOf(await api.send(sent))).toBe("403 auth.forbidden");
    expect(api.dump()).toBe(before);
  });

  it("refuses an expired token", async () => {
    const { secret } = await api.aToken([scope], 60);
    api.pass(61);
    expect(await refused(route.method, path, bearer(secret))).toBe("401 auth.expired");
  });

  it("refuses a revoked token", async () => {
    const { id, secret } = await api.aToken([scope]);
    await revokeToken(api.context, SYSTEM, id);
    expect(await refused(route.method, path, bearer(secret))).toBe("401 auth.revoked");
  });

  it("refuses a collector's signature", async () => {
    const { key } = await api.aReporter({ name: route.name.toLowerCase() });
    const before = api.dump();
    const body = route.method === "GET" ? {} : { body: {} };
    const request = await aSignedRequest(key, { method: route.method, path, at: api.now(), ...body });
    expect(await outcomeOf(await api.app.request(request))).toBe("401 auth.missing");
    expect(api.dump()).toBe(before);
  });

  it("lets a token with its scope alone in", async () => {
    const { secret } = await api.aToken([scope]);
    const sent = { method: route.method, path, token: secret, ...(route.method === "GET" ? {} : { body: {} }) };
    const response = await api.send(sent);
    expect([401, 403, 405, 500]).not.toContain(response.status);
  });
});

it("admin may do everything but reveal secrets", async () => {
  const { secret } = await api.aToken(["admin"]);
  for (const { route, scope } of routes) {
    const sent = {
      method: route.method,
      path: pathOf(route),
      token: secret,
      ...(route.method === "GET" ? {} : { body: {} }),
    };
    const { status } = await api.send(sent);
    expect(status === 403, route.name).toBe(scope === "credentials:reveal");
  }
});

it("a token cannot give a scope that it does not have", async () => {
  const { secret } = await api.aToken(["tokens:write", "resources:read"]);
  const body = { name: "more", scopes: ["resources:read", "audit:read"] };
  expect(await outcomeOf(await api.send({ method: "POST", path: "/api/v1/tokens", token: secret, body }))).toBe(
    "403 token.scope",
  );
});

it("a credential is bound to a collector only by who may reveal it", async () => {
  const { secret } = await api.aToken(["collectors:write", "credentials:write"]);
  const made = await api.send({
    method: "POST",
    path: "/api/v1/credentials",
    body: { name: "deploy", secret: { type: "generic", secret: "s" } },
  });
  const { id } = (await made.json()) as { id: string };
  const { collector } = await api.aReporter({ name: "binds" });
  const patch = (token: string) =>
    api.send({
      method: "PATCH",
      path: `/api/v1/collectors/${collector.id}`,
      token,
      body: { credential: id },
      headers: { "if-match": "*" },
    });
  expect(await outcomeOf(await patch(secret))).toBe("403 auth.forbidden");
  expect((await patch(api.admin)).status).toBe(200);
});
