import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anInstance, instanceScope } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, outcomeOf, type TestApi } from "./an-api.ts";

let api: TestApi;
const emoji = anInstance(7, { name: "büro-🖨️-東京", tags: { Name: "büro-🖨️-東京", Abteilung: "Zürich" } });

beforeAll(async () => {
  api = await anApi();
  const { key } = await api.aReporter();
  const resources = [...Array.from({ length: 6 }, (_, n) => anInstance(n)), emoji];
  const scopes = [{ ...instanceScope(), status: "complete", resources }];
  const body = { contract: "cadastre.discovery/v1", scopes };
  const answer = await jsonOf(await api.sign(key, { method: "POST", path: "/api/v1/discovery", body, gzip: true }));
  expect(answer).toMatchObject({ imported: 7, updated: 0, unchanged: 0, retired: 0, errors: [] });
});
afterAll(() => api.close());

const get = (path: string) => api.send({ method: "GET", path });
const pathOf = (id: string) => `/api/v1/resources/${encodeURIComponent(id)}`;

async function namesOf(path: string): Promise<string[]> {
  const { items } = (await jsonOf(await get(path))) as { items: { name: string }[] };
  return items.map((item) => item.name).sort();
}

describe("resources", () => {
  it.each([
    ["kind=instance&name=web-1", ["web-1"]],
    ["name=WEB-*&ip=10.0.0.2", ["web-2"]],
    ["cidr=10.0.0.4/31", ["web-4", "web-5"]],
    ["tag=env=prod&tag=team=team-3", ["web-3"]],
    [`account=${ACCOUNT}&region=us-east-1&provider=aws&tag=env=prod`, ["web-0", "web-3"]],
    ["status=retired", []],
    ["q=name:web-1&kind=instance", ["web-1"]],
    [`tag=${encodeURIComponent("Abteilung=Zürich")}`, ["büro-🖨️-東京"]],
    [`name=${encodeURIComponent("büro-🖨️*")}`, ["büro-🖨️-東京"]],
  ])("are found by %s", async (query, names) => {
    expect(await namesOf(`/api/v1/resources?${query}`)).toEqual(names);
  });

  it("are found by a search text", async () => {
    expect(await namesOf(`/api/v1/search?q=${encodeURIComponent("kind:instance tag:env=prod ip:10.0.0.3")}`)).toEqual([
      "web-3",
    ]);
  });

  it("are listed a page at a time, each once", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const path = `/api/v1/resources?limit=2${cursor === undefined ? "" : `&cursor=${cursor}`}`;
      const page = (await jsonOf(await get(path))) as { items: { id: string }[]; cursor?: string };
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((item) => item.id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
  });

  it("are read by natural id, also with its slashes as they are, and by short id", async () => {
    const one = await get(pathOf(emoji.id));
    const resource = await jsonOf(one);
    expect(one.headers.get("etag")).toBe(`"${String(resource.version)}"`);
    expect(resource).toMatchObject({ id: emoji.id, name: emoji.name, account: ACCOUNT, tags: emoji.tags });
    for (const id of [emoji.id, String(resource.key)]) {
      expect(await jsonOf(await get(`/api/v1/resources/${id}`))).toEqual(resource);
    }
    const history = (await jsonOf(await get(`${pathOf(emoji.id)}/history`))) as { items: { type: string }[] };
    expect(history.items.map((event) => event.type)).toEqual(["created"]);
    expect(await jsonOf(await get(`/api/v1/resources/${emoji.id}/history`))).toEqual(history);
  });

  it("that are not there answer 404", async () => {
    expect(await outcomeOf(await get(pathOf("arn:aws:ec2:nothing")))).toBe("404 resource.not_found");
    expect(await outcomeOf(await get(`${pathOf("arn:aws:ec2:nothing")}/history`))).toBe("404 resource.not_found");
  });
});

describe("notes and owner", () => {
  const patch = (id: string, body: object, headers: Record<string, string>) =>
    api.send({ method: "PATCH", path: pathOf(id), body, headers });

  it("are changed at the version that was seen, and at no other", async () => {
    const { id } = anInstance(1);
    const seen = (await get(pathOf(id))).headers.get("etag") ?? "";
    expect(await outcomeOf(await patch(id, { notes: "a" }, {}))).toBe("428 request.precondition_required");
    expect(await outcomeOf(await patch(id, { notes: "a" }, { "if-match": '"9"' }))).toBe(
      "412 request.precondition_failed",
    );
    for (const header of [`W/${seen}`, `${seen}, "2"`, "", "-1", "9".repeat(16)]) {
      expect(await outcomeOf(await patch(id, { notes: "a" }, { "if-match": header }))).toBe("422 request.invalid");
    }
    expect(await outcomeOf(await patch(id, {}, { "if-match": "*" }))).toBe("422 request.invalid");
    const first = await patch(id, { notes: "a", owner: "Ana" }, { "if-match": seen });
    expect(first.status).toBe(200);
    const next = first.headers.get("etag") ?? "";
    expect(next).not.toBe(seen);
    expect(await outcomeOf(await patch(id, { notes: "b" }, { "if-match": seen }))).toBe(
      "412 request.precondition_failed",
    );
    expect((await patch(id, { notes: "b" }, { "if-match": next.replaceAll('"', "") })).status).toBe(200);
    expect((await patch(id, { notes: "c" }, { "if-match": "*" })).status).toBe(200);
    expect(await jsonOf(await get(pathOf(id)))).toMatchObject({ notes: "c", owner: "Ana" });
  });
});

describe("what else has a version", () => {
  it("is changed only at it", async () => {
    const path = "/api/v1/accounts/gcp/shop";
    const made = await api.send({
      method: "POST",
      path: "/api/v1/accounts",
      body: { provider: "gcp", account: "shop" },
    });
    const seen = made.headers.get("etag") ?? "";
    expect((await get(path)).headers.get("etag")).toBe(seen);
    const change = (headers: Record<string, string>) =>
      api.send({ method: "PATCH", path, body: { tier: "gold" }, headers });
    expect(await outcomeOf(await change({}))).toBe("428 request.precondition_required");
    expect(await outcomeOf(await change({ "if-match": '"7"' }))).toBe("412 request.precondition_failed");
    const next = (await change({ "if-match": seen })).headers.get("etag") ?? "";
    const remove = (version: string) => api.send({ method: "DELETE", path, headers: { "if-match": version } });
    expect(await outcomeOf(await remove(seen))).toBe("412 request.precondition_failed");
    expect((await remove(next)).status).toBe(204);
    expect(await outcomeOf(await get(path))).toBe("404 account.not_found");
  });

  it("an account with active resources is not deleted", async () => {
    const path = `/api/v1/accounts/aws/${ACCOUNT}`;
    expect(await outcomeOf(await api.send({ method: "DELETE", path }))).toBe("409 account.in_use");
  });

  it("a collector is decided on at the version that was seen", async () => {
    const { collector } = await api.aReporter({ name: "other" });
    const path = `/api/v1/collectors/${collector.id}/revoke`;
    const revoke = (version: string) => api.send({ method: "POST", path, body: {}, headers: { "if-match": version } });
    expect(await outcomeOf(await revoke('"1"'))).toBe("412 request.precondition_failed");
    expect(await jsonOf(await revoke(`"${collector.version}"`))).toMatchObject({ state: "revoked" });
  });
});

describe("the state of scopes", () => {
  it("is shown, and can be filtered", async () => {
    const one = { ...instanceScope(), source: "aws-main", status: "complete", resources: 7, errors: [], missing: 0 };
    expect(await jsonOf(await get("/api/v1/discovery/status"))).toMatchObject({ items: [one] });
    expect(await jsonOf(await get("/api/v1/discovery/status?status=failed"))).toEqual({ items: [] });
    expect(await jsonOf(await get("/api/v1/discovery/status?source=aws-main&stale=true"))).toEqual({ items: [] });
    expect(await jsonOf(await get("/api/v1/collectors?state=approved&limit=1"))).toMatchObject({
      items: [{ name: "aws-main", lastSeenAt: "2026-11-20T12:00:00.000Z" }],
    });
  });
});

describe("a trigger", () => {
  const trigger = (body: object) => api.send({ method: "POST", path: "/api/v1/discovery/trigger", body });

  it("reaches the collector that it names, by poll and by what publishes", async () => {
    const { key, collector } = await api.aReporter({ name: "polled" });
    for (const wanted of [collector.id, collector.name]) {
      const answer = await trigger({ collector: wanted });
      expect([answer.status, (await jsonOf(answer)).items]).toMatchObject([202, [{ collector: collector.id }]]);
    }
    const poll = async (after = "") =>
      jsonOf(await api.sign(key, { method: "GET", path: `/api/v1/discovery/triggers${after}` }));
    const { items } = (await poll()) as { items: { id: string }[] };
    expect(items).toHaveLength(2);
    expect(await poll(`?after=${items[0]?.id}`)).toEqual({ items: items.slice(1) });
    expect(api.published.flat().map((one) => one.id)).toEqual(items.map((one) => one.id));
  });

  it("for a collector that is unknown or not approved is refused", async () => {
    expect(await outcomeOf(await trigger({ collector: "nobody" }))).toBe("404 collector.not_found");
    expect(await outcomeOf(await trigger({ collector: "other" }))).toBe("409 collector.state");
  });
});
