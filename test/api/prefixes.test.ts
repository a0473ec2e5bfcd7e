import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anApi, jsonOf, type TestApi } from "./an-api.ts";

const SPACES = "/api/v1/addressspaces";

let api: TestApi;
beforeAll(async () => {
  api = await anApi();
});
afterAll(() => api.close());

interface View {
  readonly id: string;
  readonly prefix: string;
  readonly version: number;
  readonly [member: string]: unknown;
}

const get = async (path: string) => jsonOf(await api.send({ method: "GET", path }));
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  api.send({ method: "POST", path, body, headers });

async function made(path: string, body: unknown): Promise<View> {
  const response = await post(path, body);
  const answer = await jsonOf(response);
  expect([response.status, answer.detail]).toEqual([201, undefined]);
  return answer as unknown as View;
}

let count = 0;
/** The path of the prefixes of a new space. */
async function aSpace(): Promise<string> {
  count += 1;
  const { id } = await made(SPACES, { name: `space ${count}` });
  return `${SPACES}/${id}/ips`;
}

const prefixesIn = async (path: string) => ((await get(path)).items as View[]).map(({ prefix }) => prefix);

describe("what cannot be planned is refused with where and why", () => {
  let ips: string;
  let parent: string;
  beforeAll(async () => {
    ips = await aSpace();
    parent = (await made(ips, { prefix: "10.0.0.0/16" })).id;
  });

  it.each([
    [{ prefix: "10.0.1.5/24" }, "prefix", "the prefix is 10.0.1.0/24"],
    [{ prefix: "10.0.1.0" }, "prefix", "length"],
    [{ prefix: "010.0.1.0/24" }, "prefix", "leading zero"],
    [{ prefix: "fe80::1%eth0/128" }, "prefix", "zone"],
    [{ prefix: "10.0.1.0/33" }, "prefix", "length"],
    [{ prefix: 10 }, "prefix", "string"],
    [{}, "prefix", "string"],
    [{ prefix: "10.0.1.0/24", status: "aktive" }, "status", "active"],
    [{ prefix: "10.0.1.0/24", tags: { evn: "prod" } }, "tags.evn", "define this one first"],
    [{ prefix: "10.0.1.0/24", tags: { env: 1 } }, "tags.env", "text"],
    [{ prefix: "10.0.1.0/24", reserveUntil: "2020-01-01T00:00:00Z" }, "reserveUntil", "over"],
    [{ prefix: "10.0.1.0/24", colour: "red" }, "colour", "not known"],
    [{ prefix: "10.0.1.0/24", parentId: null }, "parentId", "10.0.0.0/16"],
  ])("%j", async (body, path, message) => {
    const response = await post(ips, body);
    const problem = await jsonOf(response);
    expect([response.status, (problem.errors as { path: string }[])[0]?.path]).toEqual([422, path]);
    expect(JSON.stringify(problem.errors)).toContain(message);
    expect(await prefixesIn(ips)).toEqual(["10.0.0.0/16"]);
  });

  it.each([
    [{ prefixLength: "24" }, "prefixLength"],
    [{ prefixLength: 16 }, "prefixLength"],
    [{ prefixLength: 33 }, "prefixLength"],
    [{ prefixLength: 24, count: 0 }, "count"],
    [{ prefixLength: 24, count: 100_000 }, "count"],
    [{ prefixLength: 24, family: 6 }, "family"],
    [{ prefixLength: 24, strategy: "any" }, "strategy"],
    [{ prefixLength: 24, tags: { env: "prod" } }, "tags.env"],
  ])("an allocation of %j", async (body, path) => {
    const response = await post(`${ips}/${parent}/available-prefixes`, body);
    expect([response.status, ((await jsonOf(response)).errors as { path: string }[])[0]?.path]).toEqual([422, path]);
  });

  it.each([
    ["limit=-1", "limit"],
    ["within=10.0.0.1/8", "within"],
    ["tags=env", "tags"],
    ["tags=env=prod", "tags"],
    ["family=5", "family"],
    ["sort=colour", "sort"],
    ["parentId=10.0.0.0", "parentId"],
    ["status=aktive", "status"],
  ])("a list with %s", async (query, path) => {
    const response = await api.send({ method: "GET", path: `${ips}?${query}` });
    expect([response.status, ((await jsonOf(response)).errors as { path: string }[])[0]?.path]).toEqual([422, path]);
  });

  it("and in a space or prefix that is not there nothing is", async () => {
    const missing = "01JD0000000000000000000000";
    const answers = [
      await post(`${SPACES}/spc_${missing}/ips`, { prefix: "10.0.0.0/8" }),
      await post(`${ips}/ip_${missing}/available-prefixes`, { prefixLength: 24 }),
      await api.send({ method: "GET", path: `${ips}?parentId=ip_${missing}` }),
    ];
    const codes = await Promise.all(answers.map(async (one) => (await jsonOf(one)).code));
    expect(codes).toEqual(["space.not_found", "ip.not_found", "ip.not_found"]);
  });
});

describe("a prefix", () => {
  it("is written in one form, whatever form it is given in", async () => {
    const ips = await aSpace();
    expect((await made(ips, { prefix: "2001:0DB8:0000::/48" })).prefix).toBe("2001:db8::/48");
  });

  it("is replaced and removed only as it was seen, and the same again answers the same", async () => {
    const ips = await aSpace();
    const { id, version } = await made(ips, { prefix: "10.0.0.0/8", name: "all", owner: "net" });
    const path = `${ips}/${id}`;
    const put = (headers: Record<string, string>, body: object = { prefix: "10.0.0.0/8", name: "every" }) =>
      api.send({ method: "PUT", path, body, headers });
    expect((await put({})).status).toBe(428);
    const next = (await jsonOf(await put({ "if-match": `"${version}"` }))) as unknown as View;
    expect(next).toMatchObject({ name: "every", owner: "", id });
    expect((await put({ "if-match": `"${version}"` }, { prefix: "10.0.0.0/9" })).status).toBe(412);
    expect((await api.send({ method: "DELETE", path })).status).toBe(428);
    const stale = await api.send({ method: "DELETE", path, headers: { "if-match": `"${version}"` } });
    expect(stale.status).toBe(412);
    const gone = await api.send({ method: "DELETE", path, headers: { "if-match": `"${next.version}"` } });
    expect([gone.status, await jsonOf(gone)]).toEqual([200, { removed: 1 }]);
    expect((await api.send({ method: "GET", path })).status).toBe(404);
  });

  it("that is moved onto another is refused, and both stay", async () => {
    const ips = await aSpace();
    await made(ips, { prefix: "10.0.0.0/24" });
    const { id } = await made(ips, { prefix: "10.0.1.0/24" });
    const body = { prefix: "10.0.0.0/24" };
    const moved = await api.send({ method: "PUT", path: `${ips}/${id}`, body, headers: { "if-match": "*" } });
    expect([moved.status, (await jsonOf(moved)).code]).toEqual([409, "ip.exists"]);
    expect(await prefixesIn(ips)).toEqual(["10.0.0.0/24", "10.0.1.0/24"]);
  });

  it("is made once under one Idempotency-Key, and so is an allocation", async () => {
    const ips = await aSpace();
    const key = { "idempotency-key": `key-${count}` };
    const first = await jsonOf(await post(ips, { prefix: "10.0.0.0/8" }, key));
    expect(await jsonOf(await post(ips, { prefix: "10.0.0.0/8" }, key))).toEqual(first);
    const free = `${ips}/${String(first.id)}/available-prefixes`;
    const other = { "idempotency-key": `other-${count}` };
    const wish = { prefixLength: 24, count: 30 };
    const given = await jsonOf(await post(free, wish, other));
    expect(given.items).toHaveLength(30);
    expect(await jsonOf(await post(free, wish, other))).toEqual(given);
    expect((await post(free, { ...wish, count: 31 }, other)).status).toBe(422);
    expect(await prefixesIn(`${ips}?parentId=${String(first.id)}`)).toHaveLength(30);
  });
});

describe("the list", () => {
  let ips: string;
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    ips = await aSpace();
    for (const [prefix, more] of [
      ["10.0.0.0/8", { status: "container", name: "all" }],
      ["10.1.0.0/16", { owner: "Payments" }],
      ["10.1.0.0/24", { status: "reserved" }],
      ["10.1.0.7/32", {}],
      ["10.2.0.0/16", { description: "of PAYMENTS" }],
      ["192.168.0.0/16", {}],
      ["2001:db8::/32", {}],
    ] as const)
      ids[prefix] = (await made(ips, { prefix, ...more })).id;
  });

  it.each([
    ["", ["10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/24", "10.1.0.7/32", "10.2.0.0/16", "192.168.0.0/16", "2001:db8::/32"]],
    ["within=10.1.0.0/16", ["10.1.0.0/16", "10.1.0.0/24", "10.1.0.7/32"]],
    ["contains=10.1.0.7", ["10.1.0.7/32", "10.1.0.0/24", "10.1.0.0/16", "10.0.0.0/8"]],
    ["contains=10.1.0.8", ["10.1.0.0/24", "10.1.0.0/16", "10.0.0.0/8"]],
    ["contains=11.0.0.0", []],
    ["prefix=10.1.0.0/16", ["10.1.0.0/16"]],
    ["family=6", ["2001:db8::/32"]],
    ["status=reserved", ["10.1.0.0/24"]],
    ["q=payments", ["10.1.0.0/16", "10.2.0.0/16"]],
    ["parentId=null", ["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32"]],
    ["parentId=null&family=4", ["10.0.0.0/8", "192.168.0.0/16"]],
    ["within=10.0.0.0/8&sort=-prefix", ["10.2.0.0/16", "10.1.0.7/32", "10.1.0.0/24", "10.1.0.0/16", "10.0.0.0/8"]],
  ])("%s", async (query, expected) => {
    expect(await prefixesIn(`${ips}?${query}`)).toEqual(expected);
    const paged: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const page = await get(`${ips}?limit=2&${query}${cursor === "" ? "" : `&cursor=${cursor}`}`);
      paged.push(...(page.items as View[]).map(({ prefix }) => prefix));
      cursor = page.cursor as string | undefined;
    }
    expect(paged).toEqual(expected);
  });

  it("has what is directly in one, with what contains it", async () => {
    const path = `${ips}?parentId=${ids["10.0.0.0/8"]}&expand=utilization`;
    const { items } = await get(path);
    expect(items).toMatchObject([
      { prefix: "10.1.0.0/16", parentId: ids["10.0.0.0/8"], utilization: { used: 0, reserved: 255, free: 65279 } },
      { prefix: "10.2.0.0/16", utilization: { percentage: "0" } },
    ]);
  });

  it("shows one with what is in it and free, in the order of addresses", async () => {
    const one = await get(`${ips}/${ids["10.1.0.0/24"]}?expand=children,free`);
    expect((one.children as { prefix: string; free?: true }[]).map(({ prefix, free }) => [prefix, free])).toEqual([
      ["10.1.0.0/30", true],
      ["10.1.0.4/31", true],
      ["10.1.0.6/32", true],
      ["10.1.0.7/32", undefined],
      ["10.1.0.8/29", true],
      ["10.1.0.16/28", true],
      ["10.1.0.32/27", true],
      ["10.1.0.64/26", true],
      ["10.1.0.128/25", true],
    ]);
  });
});
