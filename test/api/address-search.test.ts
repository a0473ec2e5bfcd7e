import { newIp } from "@cadastre/contract/addresses/ip";
import { newId } from "@cadastre/contract/ids";
import type { Role } from "@cadastre/contract/principal";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { anActorOf } from "@cadastre/core/audit/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, outcomeOf, type TestApi } from "./an-api.ts";

let api: TestApi;
const spaces: string[] = [];
beforeAll(async () => {
  api = await anApi();
  for (const name of ["one", "other"]) {
    const { id } = await post("/api/v1/addressspaces", { name });
    spaces.push(id ?? "");
  }
  const plan = (space: string | undefined, prefix: string) =>
    createIp(api.context, anActorOf("service-account", "sva_1"), space ?? "", newIp.parse({ prefix }));
  await plan(spaces[0], "10.0.0.0/8");
  await plan(spaces[0], "10.1.2.0/24");
  await plan(spaces[1], "10.1.0.0/16");
  // Machines at 10.0.0.1 and on, outside of what is asked for elsewhere here.
  const { collector } = await api.aReporter();
  const scopes = [{ key: instanceScope({ account: ACCOUNT }), resources: [1, 2, 3].map((n) => anInstance(n)) }];
  await aRun(scopes, { reporter: collector, run: newId("run", api.now()) }).deliver(api.context);
});
afterAll(() => api.close());

async function post(path: string, body: object): Promise<Record<string, string>> {
  const response = await api.send({ method: "POST", path, body });
  expect(response.status).toBe(201);
  return (await jsonOf(response)) as Record<string, string>;
}

async function someone(role: Role, resource: object, more: object = {}): Promise<string> {
  const { id } = await post("/api/v1/service-accounts", { name: `robot ${Math.random()}` });
  const principal = { type: "service-account", id };
  await post("/api/v1/role-bindings", { principal, role, resource });
  return (await post("/api/v1/tokens", { name: "t", scopes: ["admin"], principal, ...more })).secret ?? "";
}

const get = (path: string, token?: string) =>
  api.send({ method: "GET", path: `/api/v1/${path}`, ...(token && { token }) });
async function prefixesOf(query: string, token?: string): Promise<unknown[]> {
  const { items } = (await jsonOf(await get(`search?${query}`, token))) as {
    items: { type: string; prefix?: string }[];
  };
  return items.map(({ type, prefix }) => `${type} ${prefix}`);
}
const CONTAINS = "cidr_contains=10.1.2.5";
const WITHIN = "cidr_within=10.0.0.0/8";
const everywhere = () => ({ type: "organization", id: api.context.organization });

describe("a search by a prefix", () => {
  it("finds what contains it, the longest first, and what is inside, by type, and by the search's own language, too", async () => {
    const chain = ["ip 10.1.2.0/24", "ip 10.1.0.0/16", "ip 10.0.0.0/8"];
    expect(await prefixesOf(CONTAINS)).toEqual(chain);
    expect(await prefixesOf(`${CONTAINS}&type=ip`)).toEqual(chain);
    expect(await prefixesOf(`${CONTAINS}&type=resource`)).toEqual([]);
    expect(await prefixesOf(`${WITHIN}&type=ip`)).toEqual(["ip 10.0.0.0/8", "ip 10.1.0.0/16", "ip 10.1.2.0/24"]);
    expect(await prefixesOf("q=10.1.2.5")).toEqual(chain);
    expect(await prefixesOf("q=type:ip")).toHaveLength(3);
  });

  it.each([
    ["", "422 request.invalid"],
    [`${CONTAINS}&${WITHIN}`, "422 request.invalid"],
    [`${CONTAINS}&q=web`, "422 request.invalid"],
    [`${CONTAINS}&sort=name`, "422 query.invalid"],
    ["q=web&type=ip", "422 query.invalid"],
    ["q=type:ip name:web", "422 query.invalid"],
    ["cidr_contains=10.1.2.5/8", "422 request.invalid"],
    ["cidr_contains=10.1.2.5&type=prefix", "422 request.invalid"],
    ["cidr_within=10.0.0.0", "422 request.invalid"],
    ["cidr_contains=fe80::1%25eth0", "422 request.invalid"],
    [`${CONTAINS}&cursor=x`, "422 cursor.invalid"],
  ])("asked as %j is refused as %s", async (query, outcome) => {
    expect(await outcomeOf(await get(`search?${query}`))).toBe(outcome);
  });

  it("shows a viewer of one space that one alone, and nothing of the estate", async () => {
    const token = await someone("AddressSpaceViewer", { type: "address-space", id: spaces[1] });
    expect(await prefixesOf(CONTAINS, token)).toEqual(["ip 10.1.0.0/16"]);
    expect(await prefixesOf(`${WITHIN}&limit=1`, token)).toEqual(["ip 10.1.0.0/16"]);
    const estate = "q=kind:instance";
    expect(await prefixesOf(estate)).toHaveLength(3);
    expect(await prefixesOf(estate, token)).toEqual([]);
    expect((await jsonOf(await get("search/counts?q=kind:instance", token))).items).toEqual([]);
    expect((await jsonOf(await get("whose?address=10.0.0.1"))).items).toHaveLength(1);
    const machine = await jsonOf(await get("whose?address=10.0.0.1", token));
    expect(machine).toMatchObject({ items: [], coverage: { gaps: 0, some: [] } });
    expect(JSON.stringify(machine)).not.toContain(ACCOUNT);
    const whose = await jsonOf(await get("whose?address=10.1.2.5", token));
    expect(whose).toMatchObject({ items: [], planned: [{ space: spaces[1], spaceName: "other" }] });
    expect(JSON.stringify(whose)).not.toContain(spaces[0]);
  });

  it("shows nothing that is planned to who reads accounts alone, or by a token that is limited to some", async () => {
    const account = { type: "account", id: `aws/${ACCOUNT}` };
    const viewer = await someone("viewer", account);
    const limited = (
      await post("/api/v1/tokens", { name: "narrow", scopes: ["admin"], accounts: [`aws/${ACCOUNT}`] } as object)
    ).secret;
    for (const token of [viewer, limited]) {
      expect(await prefixesOf(CONTAINS, token)).toEqual([]);
      expect(await jsonOf(await get("whose?address=10.1.2.5", token))).toMatchObject({ planned: [] });
    }
  });

  it("keeps back a space that a policy forbids", async () => {
    const token = await someone("viewer", everywhere());
    expect(await prefixesOf(CONTAINS, token)).toHaveLength(3);
    const text = `forbid (principal, action == Cadastre::Action::"addresses:read", resource == Cadastre::AddressSpace::"${spaces[0]}");`;
    await post("/api/v1/policies", { name: "kept", text });
    expect(await prefixesOf(CONTAINS, token)).toEqual(["ip 10.1.0.0/16"]);
  });

  it("is for nobody who may read neither", async () => {
    const token = await someone("vault-user", everywhere(), { scopes: ["collectors:read"] });
    expect(await outcomeOf(await get(`search?${CONTAINS}`, token))).toBe("403 auth.forbidden");
    expect(await outcomeOf(await get("whose?address=10.1.2.5", token))).toBe("403 auth.forbidden");
  });
});
