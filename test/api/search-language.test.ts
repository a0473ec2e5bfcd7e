import type { SearchCount } from "@cadastre/contract/subject";
import type { Whose } from "@cadastre/contract/whose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anInstance, instanceScope, type Raw } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, type TestApi } from "./an-api.ts";

let api: TestApi;
const REGION = "us-east-1";
const arn = (rest: string) => `arn:aws:ec2:${REGION}:${ACCOUNT}:${rest}`;
const network: Raw = {
  id: arn("vpc/vpc-1"),
  name: "main",
  tags: {},
  attributes: { networkId: "vpc-1", blocks: [{ prefix: "10.0.0.0/16", role: "primary" }] },
};
const fingerprints = ["a", "b", "c"].map((digit) => digit.repeat(64));
const certificates = fingerprints.map(
  (fingerprint, n): Raw => ({
    id: `sha256:${fingerprint}`,
    name: `c${n}.example.com`,
    tags: {},
    attributes: {
      fingerprint,
      serialNumber: `0${n}`,
      subject: `CN=c${n}.example.com`,
      issuer: "CN=ca",
      subjectAltNames: [],
      notBefore: "2026-01-01T00:00:00Z",
      notAfter: `2026-12-0${3 - n}T00:00:00Z`,
      keyAlgorithm: "EC",
      signatureAlgorithm: "ecdsa-with-SHA256",
    },
  }),
);
const endpoint: Raw = {
  id: "tls://c0.example.com:443",
  name: "c0.example.com",
  tags: {},
  attributes: {
    host: "c0.example.com",
    port: 443,
    protocol: "tls",
    outcome: "ok",
    handshakes: [
      {
        address: "10.0.0.3",
        outcome: "ok",
        presented: [{ keyAlgorithm: "ecdsa", certificate: `sha256:${fingerprints[0]}` }],
      },
    ],
  },
};
const TLS = { provider: "tls", account: ACCOUNT, region: "global" } as const;

beforeAll(async () => {
  api = await anApi();
  const { key } = await api.aReporter({ providers: ["aws", "tls"] });
  const seen = async (scopes: object[]) => {
    const body = { contract: "cadastre.discovery/v1", scopes };
    const answer = await api.sign(key, { method: "POST", path: "/api/v1/discovery", body, gzip: true });
    expect(await jsonOf(answer)).toMatchObject({ errors: [] });
  };
  const instances = Array.from({ length: 7 }, (_, n) => anInstance(n));
  await seen([
    { ...instanceScope(), status: "complete", resources: instances },
    { ...instanceScope({ kind: "network" }), status: "complete", resources: [network] },
    { ...TLS, kind: "certificate", status: "complete", resources: certificates },
    { ...TLS, kind: "endpoint", status: "complete", resources: [endpoint] },
  ]);
  // One is gone in the next run.
  await seen([{ ...instanceScope(), status: "complete", resources: instances.slice(0, 6) }]);
  const path = `/api/v1/resources/${encodeURIComponent(network.id)}`;
  await api.send({
    method: "PATCH",
    path,
    headers: { "if-match": "*" },
    body: { owner: "Net Team", notes: "ask first" },
  });
});
afterAll(() => api.close());

async function get<Answer>(path: string, query: Record<string, string | readonly string[]>): Promise<Answer> {
  const all = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  return (await jsonOf(
    await api.send({ method: "GET", path: `${path}?${new URLSearchParams(all).toString()}` }),
  )) as Answer;
}
interface Page {
  readonly items: readonly { name: string; servedBy?: string[]; expiresAt?: string }[];
  readonly cursor?: string;
  readonly hint?: string;
}
const search = (q: string, more: Record<string, string> = {}) => get<Page>("/api/v1/search", { q, ...more });

async function sorted(q: string, more: Record<string, string>): Promise<string> {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await search(q, { limit: "2", ...more, ...(cursor === undefined ? {} : { cursor }) });
    names.push(...page.items.map(({ name }) => name));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return names.join(" ");
}

describe("a search", () => {
  it("is in the order that is asked for, over all pages, whatever is without the value at the end", async () => {
    expect(await sorted("kind:vm", { sort: "name" })).toBe("web-0 web-1 web-2 web-3 web-4 web-5");
    expect(await sorted("kind:vm sort:-ip", {})).toBe("web-5 web-4 web-3 web-2 web-1 web-0");
    expect(await sorted("10.0.0.3 OR kind:vpc", { sort: "owner" })).toMatch(/^main /);
    expect(await sorted("kind:cert", { sort: "expires" })).toBe("c2.example.com c1.example.com c0.example.com");
    expect(await sorted("provider:tls", { sort: "-expires" })).toBe("c0.example.com c1.example.com c2.example.com");
    expect(await search("kind:vm sort:name", { sort: "ip" })).toMatchObject({ code: "query.invalid" });
  });

  it("says of certificates when they end and which endpoints serve them", async () => {
    const { items } = await search("kind:cert", { sort: "-expires" });
    expect(items.map(({ servedBy, expiresAt }) => [expiresAt, servedBy])).toEqual([
      ["2026-12-03T00:00:00Z", [endpoint.id]],
      ["2026-12-02T00:00:00Z", []],
      ["2026-12-01T00:00:00Z", []],
    ]);
  });

  it.each([
    ['name:"WEB-1"', "case count"],
    ["name:web-6", "status:any"],
    ["vm", "did you mean kind:vm?"],
    ["name:web", "name:web*"],
    [`res_${"0".repeat(32)}`, "nothing in the register has this id"],
    [`web ${REGION}`, `did you mean region:${REGION}?`],
    ["who owns 10.1.2.5", "who, owns are looked for as words"],
    ["port:443 overdue", "overdue is looked for as a word"],
  ])("that finds nothing says what would be found: %s", async (q, hint) => {
    expect(await search(q)).toMatchObject({ items: [], hint: expect.stringContaining(hint) });
  });

  it.each([
    ["owner:none", "-has:owner"],
    ["owner:Unassigned", "-has:owner"],
    ["owner:n/a,nobody", "-has:owner"],
    ["owner:any", "has:owner"],
    ["tag:none", "-has:tag"],
    ["tag:env=none", "-tag:env"],
    ["env=any", "is tag:env"],
    ["name:none", "-has:name"],
    ["state:unknown kind:vm", "-has:state"],
    ["unowned", "-has:owner"],
    ["untagged", "-has:tag"],
    ["amazon", "provider:amazon"],
    ["c0.example.com:8443", "did you mean c0.example.com?"],
  ])("of what is not there says how that is asked for: %s", async (q, hint) => {
    expect(await search(q)).toMatchObject({ items: [], hint: expect.stringContaining(hint) });
    expect(await get("/api/v1/search/counts", { q })).toMatchObject({ hint: expect.stringContaining(hint) });
  });

  it("says so, too, where what is not there must not match, and leaves a text in quotes alone", async () => {
    const { items, hint } = await search("kind:vm -owner:none");
    expect(items.length).toBeGreaterThan(0);
    expect(hint).toContain("-has:owner");
    expect(await search('owner:"none"')).not.toHaveProperty("hint");
    expect(await search("-owner:payments kind:vm")).not.toHaveProperty("hint");
    const missing = "subnet:none kind:vm";
    expect(await search(missing)).toMatchObject({
      code: "query.invalid",
      detail: expect.stringContaining("-has:subnet"),
    });
  });

  it("finds by a network and its mask what it finds by the prefix", async () => {
    const { items } = await search("10.0.0.0/255.255.0.0");
    expect(items.length).toBeGreaterThan(0);
    expect(items).toEqual((await search("10.0.0.0/16")).items);
    expect(items).toEqual((await search("10.0.0.0/0.0.255.255")).items);
  });

  it("that finds nothing, and would not otherwise, says nothing", async () => {
    expect(await search("nothing-is-called-so")).toEqual({ items: [], coverage: expect.any(Object) });
  });

  it("of a whole id alone finds what is retired, too", async () => {
    expect((await search(anInstance(6).id)).items).toHaveLength(1);
  });

  it("that cannot be answered is refused with its place", async () => {
    expect(await search("web kind:vmm")).toMatchObject({
      status: 422,
      code: "query.invalid",
      place: { from: 9, to: 12 },
    });
    expect(await search("region:mars-*")).toMatchObject({ status: 422, errors: [{ path: "region" }] });
    expect(await search("kind:vm sort:expires")).toMatchObject({ status: 422, place: { from: 8, to: 20 } });
    expect(await search("network:nosuch")).toMatchObject({ status: 422, place: { from: 0, to: 14 } });
    expect(await search("type:account region:us-*")).toMatchObject({ status: 422, place: { from: 13, to: 24 } });
  });

  it("is counted by facets, resources and accounts", async () => {
    const counts = async (q: string, by: readonly string[]) =>
      (await get<{ items: SearchCount[] }>("/api/v1/search/counts", { q, by })).items;
    expect(await counts("kind:vm OR kind:vpc", ["kind"])).toEqual([
      { kind: "instance", count: 6 },
      { kind: "network", count: 1 },
    ]);
    expect(await counts("status:any kind:vm", ["status", "state"])).toEqual([
      { status: "active", state: "running", count: 6 },
      { status: "retired", state: "running", count: 1 },
    ]);
    expect(await counts(ACCOUNT, ["type"])).toEqual([{ type: "account", count: 2 }]);
    expect(await counts("kind:vpc", ["owner"])).toEqual([{ owner: "Net Team", count: 1 }]);
    expect(await counts("web", [])).toEqual([{ count: 6 }]);
  });
});

describe("whose an address is", () => {
  const whose = (address: string) => get<Whose & { code?: string }>("/api/v1/whose", { address });

  it("is told in one answer: what it is in, what has it, whose that is, who says so and since when", async () => {
    const { items, hasMore } = await whose("10.0.0.3");
    expect(hasMore).toBe(false);
    expect(items.map(({ chain }) => chain.map(({ kind, prefix }) => `${kind} ${prefix}`))).toEqual([
      ["network 10.0.0.0/16", "instance 10.0.0.3/32"],
      ["endpoint 10.0.0.3/32"],
    ]);
    const [inNetwork] = items;
    expect(inNetwork).toMatchObject({ network: network.id, owner: { name: "Net Team", from: network.id } });
    expect(inNetwork?.chain[0]).toMatchObject({
      said: {
        owner: "Net Team",
        notes: "ask first",
        by: expect.stringMatching(/^user:/),
        at: api.now().toISOString(),
      },
      observedBy: [{ scope: `aws/${ACCOUNT}/${REGION}/network` }],
      since: api.now().toISOString(),
      lastSeenAt: api.now().toISOString(),
    });
    expect(inNetwork?.chain[1]).not.toHaveProperty("said");
  });

  it("is the account's owner's where nobody said whose anything is", async () => {
    const path = `/api/v1/accounts/tls/${ACCOUNT}`;
    await api.send({ method: "PATCH", path, headers: { "if-match": "*" }, body: { owner: "Edge" } });
    const { items } = await whose("10.0.0.3:443");
    expect(items[1]).toMatchObject({ owner: { name: "Edge", from: `tls/${ACCOUNT}` } });
    expect((await whose("10.0.0.3:80")).items.flatMap(({ chain }) => chain).map(({ kind }) => kind)).not.toContain(
      "endpoint",
    );
  });

  it("is answered with nothing where nothing has it, and refused for what is no address", async () => {
    expect(await whose("192.0.2.1")).toMatchObject({ address: "192.0.2.1", items: [], hasMore: false });
    expect(await whose("10.0.0.0/8")).toMatchObject({ code: "query.invalid", errors: [{ path: "address" }] });
    expect(await whose("10.0.0.300")).toMatchObject({ code: "query.invalid", errors: [{ path: "address" }] });
  });
});
