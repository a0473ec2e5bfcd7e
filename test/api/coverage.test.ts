import type { Coverage } from "@cadastre/contract/coverage";
import { newId } from "@cadastre/contract/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, type TestApi } from "./an-api.ts";

const OTHER = "999988887777";

let api: TestApi;
beforeAll(async () => {
  api = await anApi();
  const { collector } = await api.aReporter({ name: "aws-main", accounts: [ACCOUNT, OTHER] });
  const failed = { status: "failed" as const, errors: [{ code: "denied", message: "no" }], resources: [] };
  const scopes = [
    { key: instanceScope({ account: ACCOUNT }), resources: [1, 2, 3].map((n) => anInstance(n)) },
    { key: instanceScope({ account: ACCOUNT, region: "eu-west-1" }), ...failed },
    {
      key: instanceScope({ account: OTHER, region: "eu-west-1" }),
      resources: [anInstance(4, { account: OTHER, region: "eu-west-1" })],
    },
    { key: instanceScope({ account: OTHER, region: "eu-west-1", kind: "subnet" }), resources: [] },
  ];
  await aRun(scopes, { reporter: collector, run: newId("run", api.now()) }).deliver(api.context);
});
afterAll(() => api.close());

const get = async (path: string) => {
  const response = await api.send({ method: "GET", path });
  expect(response.status, path).toBe(200);
  return (await jsonOf(response)) as { items: unknown[]; cursor?: string; coverage?: Coverage };
};
const search = (q: string) => `/api/v1/search?q=${encodeURIComponent(q)}`;
const GAP = { provider: "aws", account: ACCOUNT, region: "eu-west-1", kind: "instance", cause: "failed" };

describe("an answer about the estate", () => {
  it.each([
    ["/api/v1/resources", 4],
    ["/api/v1/resources?provider=aws", 4],
    ["/api/v1/counts", 4],
    [search("web"), 4],
    [search("status:any"), 4],
    ["/api/v1/search/counts?q=kind:instance", undefined],
    ["/api/v1/whose?address=10.0.0.1", 4],
    ["/api/v1/whose?address=10.0.0.1&account=111122223333", undefined],
    [`/api/v1/resources?account=${ACCOUNT}`, undefined],
    [`/api/v1/resources?region=eu-west-1`, undefined],
    [search("region:eu-*"), undefined],
    [search("kind:vm,subnet account:1111*"), undefined],
  ])("%s names the scopes that it may lack", async (path, scopes) => {
    const { coverage } = await get(path);
    expect(coverage).toMatchObject({ complete: false, gaps: 1, some: [GAP] });
    expect(coverage?.scopes).toBe(scopes);
  });

  it.each([
    `/api/v1/resources?account=${OTHER}`,
    "/api/v1/resources?region=us-east-1",
    "/api/v1/counts?kind=subnet",
    `/api/v1/whose?address=10.0.0.4&account=${OTHER}`,
    search(`account:${OTHER}`),
    search("region:us-*"),
    search("kind:subnet"),
    search("kind:vm region:eu-west-1 account:9999*"),
  ])("%s is complete where what it asks for was seen whole", async (path) => {
    expect((await get(path)).coverage).toEqual({ complete: true, gaps: 0, some: [] });
  });

  it.each([
    "/api/v1/resources?account=555566667777",
    "/api/v1/resources?kind=endpoint",
    "/api/v1/counts?account=555566667777",
    "/api/v1/whose?address=10.0.0.1&account=555566667777",
    "/api/v1/search/counts?q=kind:certificate",
    search("account:555566667777"),
    search("kind:address region:us-east-1"),
  ])("%s is not complete where nobody ever looked, though nothing is known to lack", async (path) => {
    const body = { provider: "aws", account: "555566667777" };
    await api.send({ method: "POST", path: "/api/v1/accounts", body });
    expect((await get(path)).coverage).toEqual({ complete: false, gaps: 0, neverLookedAt: true, some: [] });
  });

  it("is not complete before anybody has looked at anything", async () => {
    const fresh = await anApi();
    const response = await fresh.send({ method: "GET", path: "/api/v1/resources" });
    expect(await jsonOf(response)).toMatchObject({ items: [], coverage: { complete: false, neverLookedAt: true } });
    await fresh.close();
  });

  it("says what the relations of a resource rest on: what names it may be anywhere", async () => {
    const path = `/api/v1/resources/${encodeURIComponent(anInstance(1).id)}/related`;
    expect((await get(path)).coverage).toMatchObject({ complete: false, gaps: 1, scopes: 4 });
  });

  it("says so of a list once, on its first page", async () => {
    const { cursor, coverage } = await get("/api/v1/resources?limit=2");
    expect(coverage).toBeDefined();
    expect(await get(`/api/v1/resources?limit=2&cursor=${cursor}`)).not.toHaveProperty("coverage");
  });

  it("costs at most 6 read units for an address, what it rests on included", async () => {
    for (const path of [search("10.0.0.1"), "/api/v1/whose?address=10.0.0.1", "/api/v1/resources?ip=10.0.0.1"]) {
      const { units } = await api.context.table.meter.measure(() => get(path));
      // Three more are what any request with a token costs.
      expect(units.read, path).toBeLessThanOrEqual(9);
    }
  });
});
