import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { listAudit } from "@cadastre/core/audit/list";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anApi, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";
import { SCENARIOS } from "./scenarios.ts";

let api: TestApi;
beforeEach(async () => {
  api = await anApi({ onFile: true });
});
afterEach(() => api.close());

const records = async () => (await listAudit(api.context, { limit: 200 })).items;

/** What a whole run in one request is made of: an opening, a shard, a completion. Each of them has its record. */
const RECORDS: Readonly<Record<string, number>> = { "discovery.deliver": 3 };
/** What the service itself records of the job that a request has started. */
const OF_A_JOB: Readonly<Record<string, readonly string[]>> = { "holds.approve": ["job.end"] };

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
      expect(record.actor).toMatch(route.access.kind === "signed" ? /^collector:col_/ : /^token:tok_/);
    }
  });
});

it("a route that does not declare a change writes nothing", async () => {
  const reading = ENDPOINTS.filter((route) => !route.mutates);
  const { key } = await api.aReporter();
  const before = api.dump();
  for (const route of reading) {
    expect(route.method, route.path).toBe("GET");
    const sent = { method: route.method, path: pathOf(route) };
    const { status } = route.access.kind === "signed" ? await api.sign(key, sent) : await api.send(sent);
    expect([200, 404], route.path).toContain(status);
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
