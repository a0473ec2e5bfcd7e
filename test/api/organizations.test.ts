import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { newId } from "@cadastre/contract/ids";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { aCollector, aKey } from "@cadastre/core/access/testing";
import { inOrganization } from "@cadastre/core/context";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, outcomeOf, SYSTEM, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";
import { PAYLOAD } from "./scenarios.ts";

let api: TestApi;
/** Another organization, and an admin's token of it. */
let other: string;
let theirs: string;

async function created(path: string, body: object, token = api.admin, headers = {}): Promise<Record<string, string>> {
  const response = await api.send({ method: "POST", path: `/api/v1/${path}`, body, token, headers });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await jsonOf(response)) as Record<string, string>;
}

const inOther = () => ({ "cadastre-organization": other });
const get = (path: string, token: string, headers = {}) =>
  api.send({ method: "GET", path: `/api/v1/${path}`, token, headers });

beforeAll(async () => {
  api = await anApi({ onFile: true });
  other = (await created("organizations", { name: "B", slug: "b" })).id ?? "";
  const robot = await created("service-accounts", { name: "robot", organization: other });
  const principal = { type: "service-account", id: robot.id };
  for (const role of ["admin", "vault-user"]) {
    const resource = { type: "organization", id: other };
    await created("role-bindings", { principal, role, resource }, api.admin, inOther());
  }
  theirs =
    (await created("tokens", { name: "b", scopes: ["admin", "credentials:reveal"], principal }, api.admin, inOther()))
      .secret ?? "";
  const { collector } = await api.aReporter();
  const scope = { key: instanceScope({ account: ACCOUNT }), resources: [anInstance(1, { account: ACCOUNT })] };
  await aRun([scope], { reporter: collector, run: newId("run", api.now()) }).deliver(api.context);
  await created("credentials", { name: "first's", secret: { type: "generic", secret: "s" } });
});
afterAll(() => api.close());

describe("what belongs to another organization", () => {
  it.each(ENDPOINTS.filter(({ access, method, stream }) => access.kind === "operator" && method === "GET" && !stream))(
    "is not there: $name answers as of an empty register",
    async (endpoint) => {
      const response = await get(pathOf(endpoint).slice("/api/v1/".length), theirs);
      const text = await response.text();
      for (const sign of [ACCOUNT, "first's", "aws-main", "first admin"]) expect(text).not.toContain(sign);
    },
  );

  it("is a 404 by its id, the same as of what nobody has", async () => {
    const instance = encodeURIComponent(anInstance(1, { account: ACCOUNT }).id);
    const tokens = (await jsonOf(await get("tokens", api.admin))).items as { id: string }[];
    const collectors = (await jsonOf(await get("collectors", api.admin))).items as { id: string }[];
    expect(await outcomeOf(await get(`resources/${instance}`, theirs))).toBe("404 resource.not_found");
    expect(await outcomeOf(await get(`collectors/${collectors[0]?.id}`, theirs))).toBe("404 collector.not_found");
    for (const { id } of tokens) {
      const path = `/api/v1/tokens/${id}`;
      expect(await outcomeOf(await api.send({ method: "DELETE", path, token: theirs }))).toBe("404 token.not_found");
    }
    expect((await get("organizations", api.admin)).status).toBe(200);
  });

  it("is for who administers the system alone, who says in which organization it acts", async () => {
    const mine = await get("credentials", api.admin);
    expect((await jsonOf(mine)).items).toHaveLength(1);
    for (const name of [other, "b"])
      expect((await jsonOf(await get("credentials", api.admin, { "cadastre-organization": name }))).items).toEqual([]);
    const first = (await jsonOf(await get("organizations", api.admin))).items as { id: string; slug: string }[];
    for (const name of [first[0]?.id ?? "", "default", "nobody", "not a name", "org_01JD0000000000000000000000"]) {
      const refused = await get("credentials", theirs, { "cadastre-organization": name });
      expect(await outcomeOf(refused), name).toBe("404 organization.not_found");
    }
    expect((await get("credentials", theirs, inOther())).status).toBe(200);
  });

  it("is for who administers the system by a group as well, until it is taken out of it", async () => {
    const robot = await created("service-accounts", { name: "by group" });
    const principal = { type: "service-account", id: robot.id };
    const group = await created("groups", { name: "administrators" });
    const resource = { type: "system", id: "system" };
    await created("role-bindings", { principal: { type: "group", id: group.id }, role: "SystemAdmin", resource });
    const members = `/api/v1/groups/${group.id}/members`;
    await api.send({ method: "POST", path: members, body: { principal } });
    const { secret } = await created("tokens", { name: "g", scopes: ["admin"], principal });
    expect((await get("credentials", secret ?? "", inOther())).status).toBe(200);
    await api.send({ method: "DELETE", path: `${members}/${robot.id}` });
    expect((await get("credentials", secret ?? "", inOther())).status).toBe(404);
  });

  it("cannot be made there by a body that names it, nor is an organization for anybody else to make or change", async () => {
    const { id: first } = ((await jsonOf(await get("organizations", api.admin))).items as { id: string }[])[0] ?? {};
    const body = { userName: "spy", organization: first };
    const refused = await api.send({ method: "POST", path: "/api/v1/users", body, token: theirs });
    expect(await outcomeOf(refused)).toBe("404 organization.not_found");
    const make = { method: "POST", path: "/api/v1/organizations", body: { name: "C", slug: "c" }, token: theirs };
    expect(await outcomeOf(await api.send(make))).toBe("403 auth.forbidden");
    expect((await jsonOf(await get("organizations", theirs))).items).toMatchObject([{ id: other }]);
  });

  it("keeps what its audit log says of persons: no admin of another one erases that", async () => {
    const { id } = await created("groups", { name: "audited" });
    const robot = await created("users", { userName: "known" });
    const own = `/api/v1/audit/persons/${robot.id}`;
    expect(await outcomeOf(await api.send({ method: "DELETE", path: own, token: theirs }))).toBe(
      "404 audit.person_not_found",
    );
    const { items } = await jsonOf(await get("users?userName=admin", api.admin));
    const [admin] = items as { id: string }[];
    // It acted there: of that its name goes, and of what it did at home nothing.
    await api.send({ method: "DELETE", path: `/api/v1/audit/persons/${admin?.id}`, token: theirs });
    const home = await jsonOf(await get(`audit?action=group.create&entity_type=group&entity_id=${id}`, api.admin));
    expect(home.items).toMatchObject([{ actor: { id: admin?.id, name: "admin" } }]);
  });

  it("leaves its records there: what is done in an organization is in its log", async () => {
    await created("users", { userName: "carl" }, api.admin, inOther());
    const log = async (headers = {}) =>
      ((await jsonOf(await get("audit?action=user.create", api.admin, headers))).items as { outcome: string }[]).filter(
        ({ outcome }) => outcome === "done",
      ).length;
    expect([await log(), await log(inOther())]).toEqual([1, 1]);
  });
});

describe("an account", () => {
  it("of a cloud belongs to one organization: another can neither add nor report it", async () => {
    const body = { provider: "aws", account: ACCOUNT, name: "" };
    const added = await api.send({ method: "POST", path: "/api/v1/accounts", body, token: theirs });
    expect(await outcomeOf(added)).toBe("409 account.exists");
    const key = aKey();
    const there = inOrganization(api.context, other);
    const input = aCollector(key, { accounts: [ACCOUNT] });
    await registerCollector(there, SYSTEM, input, { approved: true });
    const sent = await api.sign(key, { method: "POST", path: "/api/v1/discovery", body: PAYLOAD });
    expect(await outcomeOf(sent)).toBe("403 collector.foreign_account");
    expect((await jsonOf(await get("accounts", theirs))).items).toEqual([]);
  });
});

it("what a caller is refused is in the log of its own organization alone", async () => {
  const path = "/api/v1/accounts/aws/777788889999";
  const headers = { "if-match": '"1"' };
  const refused = await api.send({ method: "PATCH", path, body: { owner: "x" }, token: theirs, headers });
  expect(await outcomeOf(refused)).toBe("404 account.not_found");
  const targets = async (token: string) => {
    const { items } = (await jsonOf(await get("audit?outcome=failed&limit=100", token))) as {
      items: { resource: { id: string } }[];
    };
    return items.map(({ resource }) => resource.id);
  };
  expect(await targets(theirs)).toContain("aws/777788889999");
  expect(await targets(api.admin)).not.toContain("aws/777788889999");
});

describe("the audit log of all organizations", () => {
  type Entry = { id: string; at: string; organization: string };
  const pageOf = async (query: string, token = api.admin) =>
    (await jsonOf(await get(`audit?${query}`, token))) as { items: Entry[]; cursor?: string };

  it("is one list by time with one cursor, each record once, for who administers the system", async () => {
    await created("service-accounts", { name: "theirs" }, theirs);
    await created("service-accounts", { name: "ours" });
    for (const order of ["newest", "oldest"]) {
      const found: Entry[] = [];
      let cursor: string | undefined;
      do {
        const page: { items: Entry[]; cursor?: string } = await pageOf(
          `organization=all&order=${order}&limit=3${cursor === undefined ? "" : `&cursor=${cursor}`}`,
        );
        found.push(...page.items);
        cursor = page.cursor;
      } while (cursor !== undefined);
      const own = (await pageOf(`order=${order}&limit=200`)).items;
      const foreign = (await pageOf(`order=${order}&limit=200`, theirs)).items;
      expect(own.length).toBeGreaterThan(3);
      expect(foreign.length).toBeGreaterThan(0);
      const whole = [...own, ...foreign].map(({ at, id }) => `${at}#${id}`).toSorted();
      expect(found.map(({ at, id }) => `${at}#${id}`)).toEqual(order === "oldest" ? whole : whole.toReversed());
    }
    const filtered = await pageOf("organization=all&action=service-account.create&limit=50");
    expect(new Set(filtered.items.map(({ organization }) => organization)).size).toBe(2);
  });

  it("is exported as CSV and CEF, and not as a chain of checkpoints, of which each has its own", async () => {
    const csv = await (await get("audit/export?format=csv&organization=all", api.admin)).text();
    for (const { id } of (await pageOf("organization=all&limit=200")).items) expect(csv).toContain(id);
    expect(await outcomeOf(await get("audit/export?organization=all", api.admin))).toBe("422 request.invalid");
  });

  it("is nobody else's: an admin of one organization, and a token that may do less", async () => {
    const { secret = "" } = await created("tokens", { name: "reads", scopes: ["audit:read"] });
    for (const token of [theirs, secret])
      for (const path of ["audit?organization=all", "audit/export?format=csv&organization=all"])
        expect(await outcomeOf(await get(path, token)), path).toBe("403 auth.forbidden");
    const { cursor = "" } = await pageOf("limit=1");
    expect(await outcomeOf(await get(`audit?organization=all&limit=1&cursor=${cursor}`, api.admin))).toBe(
      "422 cursor.invalid",
    );
  });
});
