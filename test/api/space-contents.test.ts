import type { Role } from "@cadastre/contract/principal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anApi, jsonOf, outcomeOf, type TestApi } from "./an-api.ts";

const SPACES = "/api/v1/addressspaces";

let api: TestApi;
beforeAll(async () => {
  api = await anApi();
});
afterAll(() => api.close());

interface Sent {
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

const get = (path: string, sent: Sent = {}) => api.send({ method: "GET", path, ...sent });
const post = (path: string, body: object, sent: Sent = {}) => api.send({ method: "POST", path, body, ...sent });
const put = (path: string, body: object, version: unknown, sent: Sent = {}) =>
  api.send({ method: "PUT", path, body, ...sent, headers: { "if-match": `"${String(version)}"` } });

interface SpaceView {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly [member: string]: unknown;
}

async function made<View = SpaceView>(path: string, body: object, sent: Sent = {}): Promise<View> {
  const response = await post(path, body, sent);
  const answer = await jsonOf(response);
  expect([response.status, answer.detail]).toEqual([201, undefined]);
  return answer as View;
}

let count = 0;
const aSpace = (more: object = {}): Promise<SpaceView> => {
  count += 1;
  return made(SPACES, { name: `space ${count}`, ...more });
};

async function someone(...held: [Role, object][]): Promise<{ id: string; token: string }> {
  count += 1;
  const { id } = await made("/api/v1/service-accounts", { name: `robot ${count}` });
  const principal = { type: "service-account", id };
  for (const [role, resource] of held) await made("/api/v1/role-bindings", { principal, role, resource });
  const { secret } = await made<{ secret: string }>("/api/v1/tokens", { name: "t", scopes: ["admin"], principal });
  return { id, token: secret };
}

const inSpace = (id: string) => ({ type: "address-space", id });

describe("an address space that goes", () => {
  it("shows before what goes with it, and is gone with its name and its rules; another's is not found", async () => {
    const one = await aSpace({ rules: [{ provider: "aws", network: "vpc-going" }] });
    const path = `${SPACES}/${one.id}`;
    await made(`${path}/tags`, { name: "env", type: "Inheritable" });
    await made(`${path}/ips`, { prefix: "10.0.0.0/8", tags: { env: "prod" } });
    const contents = [
      { of: "prefixes", count: 1 },
      { of: "tags", count: 1 },
    ];
    const remove = (query = "", sent: Sent = {}) => api.send({ method: "DELETE", path: `${path}${query}`, ...sent });
    const shown = await remove("?dryRun=true");
    expect([shown.status, await jsonOf(shown)]).toEqual([200, { contents }]);
    expect(await jsonOf(await get(path))).toEqual(one);
    expect(await outcomeOf(await api.send({ method: "DELETE", path: `${path}/deletion` }))).toBe(
      "409 space.not_deleting",
    );
    const stale = { headers: { "if-match": `"${one.version + 1}"` } };
    expect(await outcomeOf(await remove("", stale))).toBe("412 request.precondition_failed");
    expect(await outcomeOf(await remove("?dryRun=yes"))).toBe("422 request.invalid");
    const viewer = await someone(["AddressSpaceOperator", inSpace(one.id)]);
    expect(await outcomeOf(await remove("", { token: viewer.token }))).toBe("403 auth.forbidden");
    expect(await jsonOf(await remove())).toEqual({ contents, job: expect.stringMatching(/^job_/) });
    for (const gone of [path, `${path}/tags`, `${path}/ips`])
      expect(await outcomeOf(await get(gone))).toBe("404 space.not_found");
    await aSpace({ name: one.name, rules: [{ provider: "aws", network: "vpc-going" }] });
  });
});

describe("VLANs of an address space", () => {
  const aGroup = async (ranges = [{ from: 100, to: 103 }]) => {
    const space = `${SPACES}/${(await aSpace()).id}`;
    const group = await made(`${space}/vlan-groups`, { name: "Frankfurt", ranges });
    return { space, group, path: `${space}/vlan-groups/${group.id}`, vlans: `${space}/vlans` };
  };
  const remove = (path: string) => api.send({ method: "DELETE", path });
  const vidsOf = async (path: string) =>
    ((await jsonOf(await get(path))) as { items: { vid: number }[] }).items.map(({ vid }) => vid);

  it("have ids that are their own in their group, or among those in none; and stand where they are said to be", async () => {
    const { space, group, path, vlans } = await aGroup();
    const one = await made(vlans, { vid: 100, name: "shop", group: group.id });
    expect(one).toMatchObject({ vid: 100, group: group.id, status: "active", description: "", name: "shop" });
    expect(one).not.toHaveProperty("allocation");
    const free = await made(vlans, { vid: 100 });
    expect(free).not.toHaveProperty("group");
    for (const body of [{ vid: 100, group: group.id }, { vid: 100 }])
      expect(await outcomeOf(await post(vlans, body))).toBe("409 vlan.exists");
    expect(await vidsOf(vlans)).toEqual([100, 100]);
    expect(await jsonOf(await get(`${vlans}?group=${group.id}`))).toEqual({ items: [one] });
    const moved = await put(`${vlans}/${free.id}`, { vid: 101, group: group.id, status: "reserved" }, free.version);
    const next = await jsonOf(moved);
    expect(next).toMatchObject({ id: free.id, vid: 101, group: group.id, status: "reserved" });
    expect(await vidsOf(`${vlans}?group=${group.id}`)).toEqual([100, 101]);
    const at = `${vlans}/${free.id}`;
    expect(await outcomeOf(await put(at, { vid: 100, group: group.id }, next.version))).toBe("409 vlan.exists");
    expect(await outcomeOf(await put(at, { vid: 102 }, free.version))).toBe("412 request.precondition_failed");
    expect(await outcomeOf(await put(at, { vid: 99, group: group.id }, next.version))).toBe("422 request.invalid");
    expect(await outcomeOf(await put(path, { name: "F", ranges: [{ from: 101, to: 110 }] }, group.version))).toBe(
      "409 vlan-group.in_use",
    );
    expect((await put(path, { name: "F" }, group.version)).status).toBe(200);
    expect(await outcomeOf(await remove(path))).toBe("409 vlan-group.in_use");
    for (const { id } of [one, free]) expect((await remove(`${vlans}/${id}`)).status).toBe(204);
    expect((await remove(path)).status).toBe(204);
    expect(await outcomeOf(await get(path))).toBe("404 vlan-group.not_found");
    expect(await outcomeOf(await get(at))).toBe("404 vlan.not_found");
    expect(await jsonOf(await get(`${space}/vlan-groups`))).toEqual({ items: [] });
  });

  it("take the next free ids of a group: all or none, once under one key, and never one twice", async () => {
    const { path, vlans, group } = await aGroup([
      { from: 300, to: 301 },
      { from: 100, to: 101 },
    ]);
    const next = `${path}/available-vlans`;
    await made(vlans, { vid: 101, group: group.id });
    expect(await vidsOf(`${next}?limit=10`)).toEqual([100, 300, 301]);
    const headers = { "idempotency-key": `vlans-${group.id}` };
    const given = await made<{ items: object[] }>(next, { count: 2, name: "shop" }, { headers });
    expect(given.items).toMatchObject([
      { vid: 100, name: "shop" },
      { vid: 300, name: "shop" },
    ]);
    expect(await made(next, { count: 2, name: "shop" }, { headers })).toEqual(given);
    expect(await outcomeOf(await post(next, { count: 2 }))).toBe("409 vlan.none_free");
    expect(await vidsOf(next)).toEqual([301]);
    const many = await aGroup([{ from: 1, to: 40 }]);
    const all = await Promise.all(Array.from({ length: 16 }, () => post(`${many.path}/available-vlans`, {})));
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 16 }, () => 201));
    expect(new Set(await vidsOf(many.vlans)).size).toBe(16);
  });

  it("stay while a prefix is on them, which can only be on one of its own space; and none goes at that moment", async () => {
    const { space, vlans } = await aGroup();
    const [one, other] = [await made(vlans, { vid: 7 }), await made((await aGroup()).vlans, { vid: 7 })];
    const prefix = "10.0.0.0/8";
    expect(await outcomeOf(await post(`${space}/ips`, { prefix, vlan: other.id }))).toBe("422 request.invalid");
    const ip = await made(`${space}/ips`, { prefix, vlan: one.id });
    const take = (vlan: string) => post(`${space}/ips/${ip.id}/available-prefixes`, { prefixLength: 24, vlan });
    expect(await outcomeOf(await take(other.id))).toBe("422 request.invalid");
    expect(await outcomeOf(await remove(`${vlans}/${one.id}`))).toBe("409 vlan.in_use");
    const path = `${space}/ips/${ip.id}`;
    expect((await put(path, { prefix }, ip.version)).status).toBe(200);
    const both = await Promise.all([
      post(`${space}/ips`, { prefix: "11.0.0.0/8", vlan: one.id }),
      remove(`${vlans}/${one.id}`),
    ]);
    const statuses = both.map(({ status }) => status);
    expect([
      [201, 409],
      [422, 204],
    ]).toContainEqual(statuses);
    expect((await remove(space)).status).toBe(200);
    expect(await outcomeOf(await get(vlans))).toBe("404 space.not_found");
  });

  it.each([
    ["vlans", { vid: 0 }],
    ["vlans", { vid: 4095 }],
    ["vlans", { vid: "7" }],
    ["vlans", { vid: 7.5 }],
    ["vlans", {}],
    ["vlans", { vid: 7, group: "vlg_01JD0000000000000000000000" }],
    ["vlans", { vid: 7, status: "container" }],
    ["vlan-groups", {}],
    ["vlan-groups", { name: " " }],
    ["vlan-groups", { name: "x", ranges: [] }],
    ["vlan-groups", { name: "x", ranges: [{ from: 2, to: 1 }] }],
    ["vlan-groups", { name: "x", ranges: [{ from: 1, to: 4095 }] }],
  ])("%s are not made of %j", async (part, body) => {
    const { space } = await aGroup();
    expect(await outcomeOf(await post(`${space}/${part}`, body))).toBe("422 request.invalid");
  });
});

describe("tags of an address space", () => {
  const env = {
    name: "env",
    type: "Inheritable",
    knownValues: ["prod", "test"],
    attributes: { color: { prod: "red" } },
    implies: { tier: { prod: "gold" } },
  };

  it("are defined, read, listed, replaced as they were seen, and removed; each answer is of the space's own", async () => {
    const path = `${SPACES}/${(await aSpace()).id}/tags`;
    expect(await outcomeOf(await post(path, env))).toBe("422 tag.invalid");
    await made(path, { name: "tier", type: "Inheritable" });
    const headers = { "idempotency-key": `tag-${path}` };
    const one = await made(path, env, { headers });
    expect(one).toEqual({
      ...env,
      createdOn: api.now().toISOString(),
      modifiedOn: one.modifiedOn,
      version: one.version,
    });
    expect(await made(path, env, { headers })).toEqual(one);
    expect(await outcomeOf(await post(path, env))).toBe("409 tag.exists");
    const read = await get(`${path}/env`);
    expect([await jsonOf(read), read.headers.get("etag")]).toEqual([one, `"${one.version}"`]);
    expect(await jsonOf(await get(`${path}?nameContains=EN`))).toEqual({ items: [one] });
    const { name: _, ...said } = env;
    const narrow = { ...said, knownValues: ["prod"] };
    expect(await jsonOf(await put(`${path}/env?dryRun=true`, narrow, one.version))).toEqual({
      ...one,
      knownValues: ["prod"],
      breaks: [],
    });
    const next = await jsonOf(await put(`${path}/env`, narrow, one.version));
    expect(next).toMatchObject({ knownValues: ["prod"], createdOn: one.createdOn });
    expect(await outcomeOf(await put(`${path}/env`, said, one.version))).toBe("412 request.precondition_failed");
    expect(await outcomeOf(await api.send({ method: "DELETE", path: `${path}/tier` }))).toBe("400 tag.in_use");
    const other = `${SPACES}/${(await aSpace()).id}/tags`;
    expect(await outcomeOf(await get(`${other}/env`))).toBe("404 tag.not_found");
    for (const name of ["env", "tier"])
      expect((await api.send({ method: "DELETE", path: `${path}/${name}` })).status).toBe(204);
    expect(await jsonOf(await get(path))).toEqual({ items: [] });
  });

  it.each([
    [{ name: "" }],
    [{ name: "a=b" }],
    [{ name: "a,b" }],
    [{ name: " a" }],
    [{ name: ".." }],
    [{ name: "x".repeat(129) }],
    [{ type: "inheritable" }],
    [{ knownValues: [""] }],
    [{ knownValues: ["a", "a"] }],
    [{ knownValues: Array.from({ length: 501 }, (_, n) => `v${n}`) }],
    [{ attributes: { color: "red" } }],
    [{ attributes: { color: { prod: 1 } } }],
    [{ attributes: { color: { prod: "x".repeat(20_000) } } }],
    [{ implies: { tier: { "": "gold" } } }],
    [{ implies: { "a=b": { prod: "gold" } } }],
    [{ unknown: true }],
  ])("are not made of %j", async (more) => {
    const path = `${SPACES}/${(await aSpace()).id}/tags`;
    expect(await outcomeOf(await post(path, { name: "env", type: "Inheritable", ...more }))).toBe(
      "422 request.invalid",
    );
  });

  it("have names with slashes and all that paths have a meaning for; a tag keeps its name", async () => {
    const path = `${SPACES}/${(await aSpace()).id}/tags`;
    for (const name of ["a/b", "a?b#c", "100%", "%2F", "ä b", "__proto__", "constructor"]) {
      await made(path, { name, type: "NonInheritable" });
      const at = `${path}/${encodeURIComponent(name)}`;
      expect(await jsonOf(await get(at))).toMatchObject({ name });
      const renamed = { name: "other", type: "Inheritable" };
      expect(await outcomeOf(await api.send({ method: "PUT", path: at, body: renamed }))).toBe("422 request.invalid");
      expect((await api.send({ method: "PUT", path: at, body: { type: "Inheritable" } })).status).toBe(200);
      expect((await api.send({ method: "DELETE", path: at })).status).toBe(204);
    }
  });

  it("are 200 at the most", async () => {
    const path = `${SPACES}/${(await aSpace()).id}/tags`;
    const big = Array.from({ length: 60 }, (_, n) => `${n}${"x".repeat(250)}`);
    const outcomes: string[] = [];
    for (let n = 0; n < 18; n++)
      outcomes.push(await outcomeOf(await post(path, { name: `t${n}`, type: "Inheritable", knownValues: big })));
    expect(outcomes.filter((outcome) => outcome.startsWith("201"))).toHaveLength(17);
    expect(outcomes.at(-1)).toBe("409 tag.too_many");
  });
});
