import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { listCollectors } from "@cadastre/core/access/collectors";
import { revokeCollector } from "@cadastre/core/access/decide-collector";
import { listAudit } from "@cadastre/core/audit/list";
import { asTexts } from "@cadastre/core/audit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aSource } from "../scim/a-source.ts";
import { anApi, ORIGIN, SYSTEM, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";
import { SCENARIOS } from "./scenarios.ts";

const CANARY = "canary-5d2e90";

let api: TestApi;
beforeEach(async () => {
  api = await anApi({ onFile: true });
});
afterEach(() => api.close());

const records = async () => (await listAudit(api.context, { limit: 200 })).items.map(asTexts);

/** What a whole run in one request is made of: an opening, a shard, a completion. Each of them has its record. */
const RECORDS: Readonly<Record<string, number>> = { "discovery.deliver": 3 };
/** What the service itself records of the job that a request has started. */
const OF_A_JOB: Readonly<Record<string, readonly string[]>> = {
  "addressImports.create": ["job.end"],
  "holds.approve": ["job.end"],
  "scopes.forget": ["job.end"],
};

/** As whom the scenarios of each kind of endpoint act. */
const ACTORS = {
  public: /^(?:(?:user:usr|service-account:sva)_|unknown$)/,
  operator: /^user:usr_/,
  self: /^user:usr_/,
  signed: /^collector:col_/,
  provisioning: /^service-account:sva_/,
} as const;

describe.each(ENDPOINTS.filter((route) => route.mutates))("$method $path", (route) => {
  it("leaves exactly one audit record for what it does, with the actor and the request's id", async () => {
    const scenario = SCENARIOS[route.name];
    if (!scenario) throw new Error(`add a scenario for ${route.name}: every mutating route is audited`);
    const request = await scenario(api);
    const before = new Set((await records()).map((record) => record.id));
    const response = await request();
    expect(response.status, await response.clone().text()).toBe(route.status ?? 200);
    const all = (await records()).filter((record) => !before.has(record.id));
    const byService = all.filter(({ actor }) => actor === "system");
    expect(byService.map(({ action }) => action)).toEqual(OF_A_JOB[route.name] ?? []);
    const added = all.filter(({ actor }) => actor !== "system");
    expect(added.map((record) => record.action)).toHaveLength(RECORDS[route.name] ?? 1);
    for (const record of added) {
      expect(record.outcome).toBe("done");
      expect(record.requestId).toBe(response.headers.get("x-request-id"));
      expect(record.actor).toMatch(ACTORS[route.access.kind]);
    }
  });
});

type Refusing = (api: TestApi) => Promise<{ scenarioApi: TestApi; begin: () => Promise<void>; code: string }>;

/** The same request of who may not: an operator whose token has another scope, a collector that was revoked meanwhile. */
const denying =
  (isSigned: boolean): Refusing =>
  async (given) => {
    let token: { token?: string } = {};
    return {
      code: isSigned ? "collector.revoked" : "auth.forbidden",
      scenarioApi: { ...given, send: (sent) => given.send({ ...sent, ...token }) },
      async begin() {
        token = { token: (await given.aToken(["audit:read"])).secret };
        const { items } = await listCollectors(given.context, { limit: 100, lastSeen: async () => undefined });
        for (const { id } of isSigned ? items : []) await revokeCollector(given.context, SYSTEM, id);
      },
    };
  };

/** The same request with a parameter that nothing has. */
const failing: Refusing = async (given) => {
  let more = "";
  return {
    code: "request.invalid",
    scenarioApi: {
      ...given,
      send: (sent) => given.send({ ...sent, path: sent.path + more }),
      sign: (key, sent) => given.sign(key, { ...sent, path: sent.path + more }),
    },
    begin: async () => {
      more = "?nothing=1";
    },
  };
};

/** The same of who speaks SCIM, where what is not known is left out: a body of another type, and a version that is not there any more. */
const failingScim: Refusing = async (given) => {
  let more: Record<string, string> = {};
  return {
    code: "",
    scenarioApi: { ...given, send: (sent) => given.send({ ...sent, headers: { ...sent.headers, ...more } }) },
    begin: async () => {
      more = { "content-type": "text/plain", "if-match": 'W/"old"' };
    },
  };
};

/** What of a session is refused is in sessions.test.ts. */
const byToken = ENDPOINTS.filter(
  ({ mutates, access: { kind } }) => mutates && (kind === "operator" || kind === "signed" || kind === "provisioning"),
);

describe.each(byToken)("$method $path, refused", (route) => {
  const isSigned = route.access.kind === "signed";
  const isScim = route.access.kind === "provisioning";

  it.each([
    ["denied", denying(isSigned)],
    ["failed", isScim ? failingScim : failing],
  ] as const)("leaves exactly one record when it is %s: who, what, and why", async (outcome, refusing) => {
    const { scenarioApi, begin, code } = await refusing(api);
    const request = await SCENARIOS[route.name]?.(scenarioApi);
    await begin();
    const before = new Set((await records()).map((record) => record.id));
    const response = await request?.();
    const expected = isScim ? { schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"] } : { code };
    expect(await response?.clone().json()).toMatchObject(expected);
    const added = (await records()).filter((record) => !before.has(record.id));
    expect(added).toEqual([
      expect.objectContaining({
        action: route.mutates,
        outcome,
        requestId: response?.headers.get("x-request-id"),
        actor: expect.stringMatching(isSigned ? /^collector:col_/ : /^(user:usr|service-account:sva)_/),
        changes: [],
        detail: expect.objectContaining({ endpoint: route.name, ...(code === "" ? {} : { code }) }),
      }),
    ]);
  });
});

describe("the records of what was refused", () => {
  const refuse = (token: string) => api.send({ method: "DELETE", path: "/api/v1/tokens/tok_1", token });
  const refusals = async () => (await records()).filter(({ outcome }) => outcome !== "done");

  it("are ten a minute of each caller, and then the number so far each time that it has doubled, and once at the end", async () => {
    const [one, other] = [await api.aToken(["audit:read"]), await api.aToken(["audit:read"])];
    for (let n = 0; n < 75; n++) expect((await refuse(one.secret)).status).toBe(403);
    await refuse(other.secret);
    const all = await refusals();
    const actorOf = ({ principal }: typeof one) => `${principal.type}:${principal.id}`;
    expect(all.filter(({ actor }) => actor === actorOf(one))).toHaveLength(10 + 7);
    expect(all.filter(({ actor }) => actor === actorOf(other))).toHaveLength(1);
    const numbers = async () => (await refusals()).filter(({ action }) => action === "request.refused");
    expect((await numbers()).map(({ detail }) => detail.count)).toEqual([64, 32, 16, 8, 4, 2, 1]);
    api.pass(60);
    await refuse(one.secret);
    const [last, ...before] = await numbers();
    expect(before).toHaveLength(7);
    // It is of the minute that is over, and written in this one.
    expect(last).toMatchObject({
      actor: actorOf(one),
      outcome: "denied",
      at: api.now().toISOString(),
      detail: { count: 65, since: "2026-11-20T12:00:00.000Z" },
    });
    expect(await refusals()).toHaveLength(10 + 8 + 1 + 1);
  });

  it("are never written again once they are there", async () => {
    const { secret } = await api.aToken(["audit:read"]);
    const known = new Map<string, string>();
    const look = async () => {
      const now = new Map((await records()).map((record) => [record.id, JSON.stringify(record)]));
      for (const [id, record] of known) expect(now.get(id)).toBe(record);
      for (const [id, record] of now) known.set(id, record);
    };
    for (let minute = 0; minute < 3; minute++) {
      for (let n = 0; n < 20; n++) {
        await refuse(secret);
        await api.app.request(`${ORIGIN}/api/v1/resources`, {}, { remoteAddress: "203.0.113.7" });
        await look();
      }
      api.pass(60);
    }
    expect(known.size).toBeGreaterThan(3 * (10 + 2 * 5));
  });

  it("are only numbers for each source and minute of who proves nothing, an IPv6 network being one source", async () => {
    const from = (remoteAddress: string) => api.app.request(`${ORIGIN}/api/v1/resources`, {}, { remoteAddress });
    for (let n = 0; n < 4; n++) await from("203.0.113.7");
    for (let n = 0; n < 3; n++) await from(`2001:db8:1:2::${n}`);
    expect(
      (await refusals()).map(({ actor, action, target, detail }) => [actor, action, target, detail.count]),
    ).toEqual(
      expect.arrayContaining([
        ...[1, 2, 4].map((count) => ["unknown", "request.refused", "203.0.113.7", count]),
        ...[1, 2].map((count) => ["unknown", "request.refused", "2001:db8:1:2::/64", count]),
      ]),
    );
    expect(await refusals()).toHaveLength(5);
  });

  it("are no more than some hundreds, from however many sources they come", async () => {
    for (let n = 0; n < 400; n++)
      await api.app.request(`${ORIGIN}/api/v1/resources`, {}, { remoteAddress: `203.0.${n >> 8}.${n & 255}` });
    const found: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await listAudit(api.context, { limit: 200, action: "request.refused", cursor });
      found.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== undefined);
    // Of 200 sources one each, and of the 200 that are not told apart one for each time that their number has doubled.
    expect(found).toHaveLength(200 + 8);
  });

  it("keep nothing of a secret, and no more of what a caller sent than a line", async () => {
    const secret = { type: "generic", [CANARY]: "x" };
    await api.send({ method: "POST", path: "/api/v1/credentials", body: { name: "a", secret } });
    await api.send({ method: "DELETE", path: `/api/v1/tokens/${"x".repeat(3000)}` });
    const all = await refusals();
    expect(all).toHaveLength(2);
    expect(JSON.stringify(all)).not.toContain(CANARY);
    expect(JSON.stringify(all).length).toBeLessThan(1500);
  });

  it("change no answer when they cannot be written, and the log says so", async () => {
    const { secret } = await api.aToken(["audit:read"]);
    const { table } = api.context;
    const whole = { ...table };
    table.commit = () => Promise.reject(new Error("no table"));
    try {
      expect((await refuse(secret)).status).toBe(403);
    } finally {
      Object.assign(table, whole);
    }
    expect(api.lines.map(({ message }) => message)).toContain("a refusal could not be recorded");
  });
});

it("a route that does not declare a change writes nothing", async () => {
  const reading = ENDPOINTS.filter((route) => !route.mutates);
  const { key } = await api.aReporter();
  const { token } = await aSource(api);
  const before = api.dump();
  for (const route of reading) {
    const isScim = route.access.kind === "provisioning";
    // A question with a body is no change either.
    if (!isScim) expect(route.method, route.path).toBe(route.name === "policies.simulate" ? "POST" : "GET");
    const body = route.body === undefined ? {} : { body: route.example?.body };
    const sent = { method: route.method, path: pathOf(route), ...body, ...(isScim ? { token } : {}) };
    const { status } = route.access.kind === "signed" ? await api.sign(key, sent) : await api.send(sent);
    const isOfSession = route.access.kind === "self" && route.access.by === "session";
    expect(isOfSession ? [403] : [200, 404], route.path).toContain(status);
  }
  expect(api.dump()).toBe(before);
});

it("has a scenario for every route that declares a change, and for no other", () => {
  const mutating = ENDPOINTS.filter((route) => route.mutates).map((route) => route.name);
  expect(Object.keys(SCENARIOS).sort()).toEqual(mutating.sort());
});

describe("an access to a secret", () => {
  it.each([
    ["by a token without the scope", ["credentials:read"], 403, "denied"],
    ["to a credential that is not there", ["credentials:reveal"], 404, "failed"],
  ] as const)("%s is recorded before it is answered", async (_, scopes, status, outcome) => {
    const { secret } = await api.aToken(scopes);
    const id = "crd_01JD0000000000000000000000";
    const response = await api.send({
      method: "POST",
      path: `/api/v1/credentials/${id}/reveal`,
      token: secret,
      body: {},
    });
    expect(response.status).toBe(status);
    expect((await records())[0]).toMatchObject({ action: "credential.reveal", target: id, outcome });
  });

  it("by a collector that is bound to none is recorded as denied", async () => {
    const { key, collector } = await api.aReporter();
    const response = await api.sign(key, { method: "POST", path: "/api/v1/discovery/credential", body: {} });
    expect(response.status).toBe(404);
    expect((await records())[0]).toMatchObject({ action: "credential.fetch", target: collector.id, outcome: "denied" });
  });
});
