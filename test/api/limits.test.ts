import { afterEach, describe, expect, it } from "vitest";
import { aBrowser } from "./a-browser.ts";
import { anApi, jsonOf, ORIGIN, outcomeOf, type TestApi } from "./an-api.ts";
import { aStoredCredential } from "./scenarios.ts";

let api: TestApi;
afterEach(() => api.close());

/** A request by a token from an address, which a proxy may tell. */
async function from(token: string, remoteAddress: string | undefined, forwardedFor?: string): Promise<string> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor }),
  };
  const response = await api.app.request(`${ORIGIN}/api/v1/accounts`, { headers }, { remoteAddress });
  return response.status === 200 ? "" : outcomeOf(response);
}

async function tokenFor(addresses: readonly string[]): Promise<string> {
  const body = { name: "ci", scopes: ["accounts:read"], addresses };
  const made = await api.send({ method: "POST", path: "/api/v1/tokens", body });
  expect(made.status, await made.clone().text()).toBe(201);
  return ((await made.json()) as { secret: string }).secret;
}

describe("addresses of a token", () => {
  it("let it be used from there alone, whatever form they or the caller's have", async () => {
    api = await anApi();
    const token = await tokenFor(["::ffff:10.0.0.1/104", "2001:DB8::/32"]);
    for (const address of ["10.2.3.4", "::ffff:10.2.3.4", "::ffff:0a02:304", "2001:db8::7"])
      expect(await from(token, address), address).toBe("");
    for (const address of [
      "11.2.3.4",
      "::ffff:11.2.3.4",
      "::10.2.3.4",
      "2002:a02:304::",
      "2001:db9::7",
      undefined,
      "unknown",
    ])
      expect(await from(token, address), String(address)).toBe("403 auth.address");
    expect(await from(token, "11.2.3.4", "10.2.3.4")).toBe("403 auth.address");
  });

  it("are shown in one form, and refused with their place when they are none", async () => {
    api = await anApi();
    const make = (addresses: readonly string[]) =>
      api.send({ method: "POST", path: "/api/v1/tokens", body: { name: "ci", scopes: ["accounts:read"], addresses } });
    expect(await jsonOf(await make(["10.9.9.9/8", "10.1.0.0/16"]))).toMatchObject({ addresses: ["10.0.0.0/8"] });
    expect(await jsonOf(await make(["10.0.0.0/8", "010.0.0.1"]))).toMatchObject({
      code: "request.invalid",
      errors: [{ path: "addresses[1]" }],
    });
  });

  it("are those that a trusted proxy tells, and nobody else", async () => {
    api = await anApi({ trustedProxies: { count: 1 } });
    const token = await tokenFor(["198.51.100.0/24"]);
    expect(await from(token, "10.0.0.1", "198.51.100.7")).toBe("");
    expect(await from(token, "10.0.0.1", "198.51.100.7, 203.0.113.9")).toBe("403 auth.address");
    expect(await from(token, "198.51.100.7")).toBe("");
  });
});

describe("addresses of an organization", () => {
  it("hold for its tokens, and none of them shuts out who sets them", async () => {
    api = await anApi();
    const { secret } = await api.aToken(["accounts:read"]);
    const patch = (addresses: object, remoteAddress: string) =>
      api.app.request(
        `${ORIGIN}/api/v1/organizations/${api.context.organization}`,
        {
          method: "PATCH",
          headers: { authorization: `Bearer ${api.admin}`, "content-type": "application/json", "if-match": "*" },
          body: JSON.stringify({ addresses }),
        },
        { remoteAddress },
      );
    expect(await outcomeOf(await patch({ allow: ["10.0.0.0/8"] }, "192.0.2.1"))).toBe("422 request.invalid");
    const set = await patch({ allow: ["10.0.0.0/8"], deny: ["10.1.0.0/16"] }, "10.0.0.1");
    expect(set.status, await set.clone().text()).toBe(200);
    expect(await from(secret, "10.2.0.1")).toBe("");
    expect(await from(secret, "10.1.0.1")).toBe("403 auth.address");
    expect(await from(secret, "192.0.2.1")).toBe("403 auth.address");
  });
});

describe("limits", () => {
  it("are 600 tokens of one principal an hour, told with each answer", async () => {
    api = await anApi();
    const body = { name: "ci", scopes: ["accounts:read"] };
    const make = () => api.send({ method: "POST", path: "/api/v1/tokens", body });
    const first = await make();
    expect(first.headers.get("ratelimit-policy")).toBe('"token-creation";q=600;w=3600');
    expect(first.headers.get("ratelimit")).toBe('"token-creation";r=599;t=6');
    for (let n = 0; n < 11; n++) {
      const all = await Promise.all(Array.from({ length: 64 }, make));
      const made = all.filter(({ status }) => status === 201).length;
      expect(made, String(n)).toBe(Math.max(0, Math.min(64, 599 - n * 64)));
    }
    const refused = await make();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "6"]);
    expect(await jsonOf(refused)).toMatchObject({ code: "request.rate", retryAfterSeconds: 6 });
    api.pass(6);
    expect((await make()).status).toBe(201);
  }, 60_000);

  it("are 600 reveals of one principal an hour", async () => {
    api = await anApi();
    const path = `/api/v1/credentials/${await aStoredCredential(api)}/reveal`;
    const first = await api.send({ method: "POST", path, body: {} });
    expect(first.headers.get("ratelimit-policy")).toBe('"reveal";q=600;w=3600');
  });

  it("let 64 writers of one operator work", async () => {
    api = await anApi();
    const make = (n: number) =>
      api.send({
        method: "POST",
        path: "/api/v1/accounts",
        body: { provider: "aws", account: String(100_000_000_000 + n) },
      });
    const all = await Promise.all(
      Array.from({ length: 64 }, (_, writer) =>
        Promise.all(Array.from({ length: 8 }, (__, n) => make(writer * 8 + n))),
      ),
    );
    expect(new Set(all.flat().map(({ status }) => status))).toEqual(new Set([201]));
  });

  it("of logins count a whole site of IPv6 as one source", async () => {
    api = await anApi();
    const body = { userName: "nobody", password: "wrong horse battery" };
    const attempt = (n: number) =>
      aBrowser(api.app, ORIGIN, { remoteAddress: `2001:db8:1:2::${n.toString(16)}` }).send({
        method: "POST",
        path: "/api/v1/auth/login",
        body,
      });
    const all = await Promise.all(Array.from({ length: 101 }, (_, n) => attempt(n)));
    expect(all.filter(({ status }) => status === 429)).toHaveLength(1);
  });
});
