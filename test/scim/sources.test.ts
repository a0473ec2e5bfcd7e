import { gzipSync } from "node:zlib";
import type { User } from "@cadastre/contract/user";
import { listAudit } from "@cadastre/core/audit/list";
import { asTexts } from "@cadastre/core/audit/testing";
import { UserItem } from "@cadastre/core/directory/items";
import { digestOf, ScimEntryItem, ScimIndexItem, ScimPieceItem, ScimResourceItem } from "@cadastre/core/scim/items";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jsonOf, type TestApi } from "../api/an-api.ts";
import { runJobs } from "../support/run-jobs.ts";
import { anApiWithSource, aSource, type TestSource } from "./a-source.ts";

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

let api: TestApi;
let source: TestSource;
beforeEach(async () => {
  ({ api, source } = await anApiWithSource({ onFile: true }));
});
afterEach(() => api.close());

const records = async () => (await listAudit(api.context, { limit: 200 })).items.map(asTexts);

async function made(by: TestSource, userName: string, more: object = {}): Promise<string> {
  const response = await by.send({ method: "POST", path: "/Users", body: { schemas: [USER], userName, ...more } });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await jsonOf(response)).id as string;
}

async function madeGroup(by: TestSource, displayName: string, members: readonly string[] = []): Promise<string> {
  const body = { schemas: [GROUP], displayName, members: members.map((value) => ({ value })) };
  const response = await by.send({ method: "POST", path: "/Groups", body });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await jsonOf(response)).id as string;
}

const patch = (by: TestSource, path: string, ...operations: object[]) =>
  by.send({ method: "PATCH", path, body: { schemas: [PATCH], Operations: operations } });

const total = async (by: TestSource, path: string) =>
  (await jsonOf(await by.send({ method: "GET", path }))).totalResults;

const userOf = async (id: string) =>
  (await jsonOf(await api.send({ method: "GET", path: `/api/v1/users/${id}` }))) as unknown as User;

describe("a SCIM source", () => {
  it("answers its token once, and its secret is nowhere else", async () => {
    const listed = await (await api.send({ method: "GET", path: "/api/v1/scim-sources" })).text();
    expect(listed).toContain(source.id);
    expect(listed).not.toContain(source.token);
    expect(api.dump()).not.toContain(source.token);
    expect(JSON.stringify(api.lines)).not.toContain(source.token);
    expect((await records()).filter(({ action }) => action === "scim-source.create")).toHaveLength(1);
  });

  it("sees and touches what it made, and nothing of another source or of people", async () => {
    const other = await aSource(api, "okta");
    const own = await made(source, "own");
    const group = await madeGroup(source, "Own", [own]);
    const person = await jsonOf(
      await api.send({ method: "POST", path: "/api/v1/users", body: { userName: "person" } }),
    );
    for (const id of [own, person.id as string]) {
      const before = await userOf(id);
      for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
        const body =
          method === "PUT"
            ? { schemas: [USER], userName: "x" }
            : { schemas: [PATCH], Operations: [{ op: "remove", path: "title" }] };
        const sent = method === "GET" || method === "DELETE" ? {} : { body };
        expect((await other.send({ method, path: `/Users/${id}`, ...sent })).status).toBe(404);
      }
      expect(await userOf(id)).toEqual(before);
    }
    expect((await other.send({ method: "GET", path: `/Groups/${group}` })).status).toBe(404);
    for (const path of [
      "/Users",
      "/Groups",
      '/Users?filter=userName eq "own"',
      `/Users?filter=id eq "${own}"`,
      `/Groups?filter=members eq "${own}"`,
    ]) {
      expect(await total(other, path), path).toBe(0);
    }
    const theirs = await madeGroup(other, "Theirs");
    const adding = await patch(other, `/Groups/${theirs}`, { op: "add", path: "members", value: [{ value: own }] });
    expect([adding.status, (await jsonOf(adding)).scimType]).toEqual([400, "invalidValue"]);
  });

  it("does not adopt who has the name or the address of what it makes", async () => {
    const body = { userName: "Ann@example.com", email: "ann@example.com" };
    const person = await jsonOf(await api.send({ method: "POST", path: "/api/v1/users", body }));
    const emails = [{ value: "ann@example.com", primary: true }];
    const taken = await source.send({
      method: "POST",
      path: "/Users",
      body: { schemas: [USER], userName: "ANN@example.com", emails },
    });
    expect([taken.status, (await jsonOf(taken)).scimType]).toEqual([409, "uniqueness"]);
    const other = await made(source, "ann2@example.com", { emails });
    expect(other).not.toBe(person.id);
    expect((await userOf(person.id as string)).version).toBe(person.version);
  });

  it("has a user from an admin's word on, which no other source can be given", async () => {
    const person = await jsonOf(
      await api.send({ method: "POST", path: "/api/v1/users", body: { userName: "ann", email: "ann@example.com" } }),
    );
    const path = `/api/v1/scim-sources/${source.id}/links`;
    const body = { user: person.id, externalId: "e-1" };
    expect((await api.send({ method: "POST", path, body })).status).toBe(204);
    expect(await total(source, '/Users?filter=externalId eq "e-1" and emails eq "ann@example.com"')).toBe(1);
    expect(
      (await patch(source, `/Users/${person.id as string}`, { op: "replace", path: "active", value: false })).status,
    ).toBe(200);
    expect((await userOf(person.id as string)).disabled).toBe(true);
    const again = await api.send({ method: "POST", path, body });
    expect((await jsonOf(again)).code).toBe("scim-source.linked");
    const other = await aSource(api, "okta");
    const second = await api.send({ method: "POST", path: `/api/v1/scim-sources/${other.id}/links`, body });
    expect((await jsonOf(second)).code).toBe("scim-source.linked");
  });

  it("that is removed has no token any more; its users stay, and nothing of it is left when its job has run", async () => {
    const ids = [await made(source, "a", { externalId: "1" }), await made(source, "b")];
    await madeGroup(source, "g", ids);
    expect((await api.send({ method: "DELETE", path: `/api/v1/scim-sources/${source.id}` })).status).toBe(204);
    const refused = await source.send({ method: "GET", path: "/Users" });
    expect([refused.status, refused.headers.get("content-type")]).toEqual([401, "application/scim+json"]);
    await runJobs(api.context);
    for (const id of ids) expect((await userOf(id)).disabled).toBe(false);
    const left = api
      .dump()
      .split("\n")
      .filter((row) => /"type":"scim-/.test(row));
    expect(left).toEqual([]);
    const next = await aSource(api, "next");
    expect(
      (await api.send({ method: "POST", path: `/api/v1/scim-sources/${next.id}/links`, body: { user: ids[0] } }))
        .status,
    ).toBe(204);
  });

  it("loses a user whom an admin removes, and its lists tell the truth", async () => {
    const id = await made(source, "a", { externalId: "1" });
    const group = await madeGroup(source, "g");
    await made(source, "b");
    await api.send({ method: "DELETE", path: `/api/v1/users/${id}` });
    await api.send({ method: "DELETE", path: `/api/v1/groups/${group}` });
    expect([await total(source, "/Users"), await total(source, "/Groups")]).toEqual([1, 0]);
    expect(await total(source, '/Users?filter=externalId eq "1"')).toBe(0);
  });

  it("is the only one that speaks SCIM: an admin's token does not", async () => {
    const refused = await source.send({ method: "GET", path: "/Users", token: api.admin });
    expect(refused.status).toBe(403);
    const limited = await api.aToken(["directory:read"]);
    expect((await source.send({ method: "GET", path: "/Users", token: limited.secret })).status).toBe(403);
  });

  it("cannot use its token for anything else", async () => {
    for (const path of ["/api/v1/users", "/api/v1/scim-sources", "/api/v1/audit", "/api/v1/tokens"]) {
      expect((await api.send({ method: "GET", path, token: source.token })).status, path).toBe(403);
    }
  });
});

describe("what a SCIM source changes", () => {
  it("is in the directory and the audit log by one record, with what was before and after", async () => {
    const id = await made(source, "ann", {
      displayName: "Ann",
      emails: [{ value: "a@example.com" }],
      password: "canary-91b2",
    });
    expect(await userOf(id)).toMatchObject({
      userName: "ann",
      displayName: "Ann",
      email: "a@example.com",
      disabled: false,
    });
    const before = new Set((await records()).map((one) => one.id));
    await patch(
      source,
      `/Users/${id}`,
      { op: "replace", path: "displayName", value: "Anna" },
      { op: "replace", path: "password", value: "canary-91b2" },
    );
    const added = (await records()).filter((one) => !before.has(one.id));
    expect(added).toEqual([
      expect.objectContaining({
        action: "user.patch",
        target: id,
        outcome: "done",
        actor: `service-account:${source.serviceAccount}`,
        changes: [{ path: "displayName", before: "Ann", after: "Anna" }],
      }),
    ]);
    expect((await userOf(id)).displayName).toBe("Anna");
    expect(api.dump()).not.toContain("canary-91b2");
  });

  it("by active: false ends a user's tokens in the same commit, and active: true brings none back", async () => {
    const id = await made(source, "ann");
    const epochs = async () => (await api.context.table.get(UserItem, { id }))?.epoch;
    const first = await epochs();
    await patch(source, `/Users/${id}`, { op: "Replace", path: "active", value: "False" });
    await patch(source, `/Users/${id}`, { op: "Replace", path: "active", value: "True" });
    expect((await userOf(id)).disabled).toBe(false);
    expect(await epochs()).toBe(Number(first) + 1);
  });

  it("and is refused leaves one record, and nothing else", async () => {
    const id = await made(source, "ann");
    const before = api.dump();
    const seen = new Set((await records()).map((one) => one.id));
    const refused = await patch(source, `/Users/${id}`, { op: "replace", path: "userName", value: "" });
    expect(refused.status).toBe(400);
    expect(api.dump()).toBe(before);
    const added = (await records()).filter((one) => !seen.has(one.id));
    expect(added).toEqual([
      expect.objectContaining({
        action: "user.patch",
        outcome: "failed",
        detail: expect.objectContaining({ code: "scim.invalid_value" }),
      }),
    ]);
  });

  it("in bulk leaves a record for each operation, also for those that are refused", async () => {
    const seen = new Set((await records()).map((one) => one.id));
    const Operations = ["a", "b", "A"].map((userName, n) => ({
      method: "POST",
      path: "/Users",
      bulkId: String(n),
      data: { schemas: [USER], userName },
    }));
    await source.send({
      method: "POST",
      path: "/Bulk",
      body: { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], Operations },
    });
    const added = (await records())
      .filter((one) => !seen.has(one.id))
      .map(({ action, outcome }) => `${action} ${outcome}`);
    expect(added.sort()).toEqual(["scim.bulk failed", "user.create done", "user.create done"]);
  });

  it("of many members is done in parts, each with its record, and again does nothing", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 95; n++) ids.push(await made(source, `user-${n}`));
    const group = await madeGroup(source, "g", ids.slice(0, 50));
    expect((await userOf(ids[49] as string)).groups).toEqual([group]);
    const add = () =>
      patch(source, `/Groups/${group}`, { op: "add", path: "members", value: ids.map((value) => ({ value })) });
    const answered = await jsonOf(await add());
    expect((answered.members as unknown[]).length).toBe(95);
    const before = api.dump();
    await add();
    expect(api.dump()).toBe(before);
    await patch(source, `/Groups/${group}`, { op: "replace", path: "members", value: [{ value: ids[0] }] });
    const left = await jsonOf(await source.send({ method: "GET", path: `/Groups/${group}` }));
    expect(left.members).toEqual([expect.objectContaining({ value: ids[0] })]);
    expect((await userOf(ids[94] as string)).groups).toEqual([]);
  });

  it("leaves members of a group alone who are not its own", async () => {
    const own = await made(source, "own");
    const group = await madeGroup(source, "g", [own]);
    const person = await jsonOf(
      await api.send({ method: "POST", path: "/api/v1/users", body: { userName: "person" } }),
    );
    const principal = { type: "user", id: person.id };
    const added = await api.send({ method: "POST", path: `/api/v1/groups/${group}/members`, body: { principal } });
    expect(added.status, await added.clone().text()).toBeLessThan(300);
    await patch(source, `/Groups/${group}`, { op: "remove", path: "members" });
    expect((await userOf(own)).groups).toEqual([]);
    expect((await userOf(person.id as string)).groups).toEqual([group]);
  });
});

describe("a long list", () => {
  const many = async (count: number) => {
    for (let n = 0; n < count; n++)
      await made(source, `user-${String(n).padStart(4, "0")}`, n % 10 === 0 ? { title: "Boss" } : {});
  };

  it("is counted and cut right across its pieces", async () => {
    const at = api.now().toISOString();
    const fill = async (piece: string, from: number, count: number) => {
      await api.context.table.load(
        Array.from({ length: count }, (_, n) => {
          const id = `usr_${String(from + n).padStart(26, "0")}`;
          const item = { id, source: source.id, type: "User" as const, piece };
          return [
            { op: "put" as const, entity: ScimEntryItem, item },
            {
              op: "put" as const,
              entity: ScimResourceItem,
              item: { ...item, values: {}, createdAt: at, updatedAt: at },
            },
          ];
        }).flat(),
      );
      const counted = { source: source.id, type: "User" as const, piece, count };
      await api.context.table.load([{ op: "put", entity: ScimPieceItem, item: counted }]);
    };
    await fill("000000", 0, 500);
    await fill("000001", 500, 3);
    const last = await made(source, "last");
    expect(await total(source, "/Users?startIndex=503&count=10")).toBe(504);
    const page = await jsonOf(await source.send({ method: "GET", path: "/Users?startIndex=504&count=10" }));
    expect((page.Resources as { id: string }[]).map(({ id }) => id)).toEqual([last]);
  });

  it("is read on by cursor, with a filter in pages that may be short, each resource once", async () => {
    await many(300);
    const found: string[] = [];
    let cursor = "";
    let pages = 0;
    do {
      const path = `/Users?filter=${encodeURIComponent("title pr")}&count=7&cursor=${cursor}`;
      const page = await jsonOf(await source.send({ method: "GET", path }));
      found.push(...(page.Resources as { userName: string }[]).map(({ userName }) => userName));
      cursor = (page.nextCursor as string | undefined) ?? "";
      pages += 1;
    } while (cursor !== "");
    expect(found).toEqual(Array.from({ length: 30 }, (_, n) => `user-${String(n * 10).padStart(4, "0")}`));
    expect(pages).toBeGreaterThanOrEqual(5);
  });

  it("whose cursor is too old is begun anew", async () => {
    await many(3);
    const { nextCursor } = await jsonOf(await source.send({ method: "GET", path: "/Users?cursor&count=1" }));
    api.pass(3601);
    const refused = await source.send({ method: "GET", path: `/Users?cursor=${nextCursor as string}&count=1` });
    expect((await jsonOf(refused)).scimType).toBe("expiredCursor");
  });

  it("of which too many would have to be looked at is refused, but for what is indexed and by cursor", async () => {
    const counted = { source: source.id, type: "User" as const, piece: "000009", count: 2001 };
    await api.context.table.load([{ op: "put", entity: ScimPieceItem, item: counted }]);
    const of = async (query: string) => {
      const response = await source.send({ method: "GET", path: `/Users?${query}` });
      return [response.status, (await jsonOf(response)).scimType];
    };
    expect(await of(`filter=${encodeURIComponent("title pr")}`)).toEqual([400, "tooMany"]);
    expect(await of("sortBy=userName")).toEqual([400, "tooMany"]);
    expect(await of(`filter=${encodeURIComponent('userName eq "a"')}&sortBy=userName`)).toEqual([200, undefined]);
    expect(await of(`filter=${encodeURIComponent("title pr")}&cursor=`)).toEqual([200, undefined]);
    const entries = Array.from({ length: 2001 }, (_, n) => ({
      op: "put" as const,
      entity: ScimIndexItem,
      item: {
        source: source.id,
        type: "User" as const,
        attribute: "externalId" as const,
        digest: digestOf("x"),
        id: `usr_${n}`,
      },
    }));
    await api.context.table.load(entries);
    expect(await of(`filter=${encodeURIComponent('externalId eq "x"')}`)).toEqual([400, "tooMany"]);
  });
});

describe("a large body", () => {
  it("of 10 MB is refused before it is read, and one that grows to it when it is unpacked", async () => {
    const body = Buffer.from(
      `{"schemas":["x"],"Operations":[${'{"method":"DELETE","path":"/Users/x"},'.repeat(280_000)}{}]}`,
    );
    expect(body.length).toBeGreaterThan(10_000_000);
    for (const [sent, headers] of [
      [body, {}],
      [gzipSync(body), { "content-encoding": "gzip" }],
    ] as const) {
      const refused = await source.send({ method: "POST", path: "/Bulk", body: new Uint8Array(sent), headers });
      expect([refused.status, (await jsonOf(refused)).status]).toEqual([413, "413"]);
    }
  });
});

describe("a password that a source sets", () => {
  const COMMON = "password1234";
  const login = async (userName: string, password: string) =>
    (await api.send({ method: "POST", path: "/api/v1/auth/login", body: { userName, password }, token: "" })).status;
  const organization = (scimPasswords: boolean) =>
    api.send({
      method: "PATCH",
      path: `/api/v1/organizations/${api.context.organization}`,
      body: { scimPasswords },
      headers: { "if-match": "*" },
    });

  it("is kept as a hash, logs in only where the organization lets it, and is nowhere to be read", async () => {
    const password = "an unguessable phrase 7";
    const id = await made(source, "ann", { password });
    const set = () => patch(source, `/Users/${id}`, { op: "replace", path: "password", value: password });
    expect(await login("ann", password)).toBe(401);
    // What came before it let any in is not what it lets in.
    expect((await organization(true)).status).toBe(200);
    expect(await login("ann", password)).toBe(401);
    expect((await set()).status).toBe(200);
    expect(await login("ann", password)).toBe(200);
    expect((await organization(false)).status).toBe(200);
    expect(await login("ann", password)).toBe(401);
    api.pass(1);
    expect((await organization(true)).status).toBe(200);
    expect(await login("ann", password)).toBe(401);
    expect((await set()).status).toBe(200);
    expect(await login("ann", password)).toBe(200);
    await organization(false);
    const shown = await (
      await source.send({ method: "GET", path: `/Users/${id}?attributes=password,userName` })
    ).text();
    for (const text of [shown, api.dump(), JSON.stringify(api.lines), JSON.stringify(await records())])
      expect(text).not.toContain(password);
    const said = (await records()).filter(({ detail }) => detail.passwordSet === true);
    // With the user it was not kept.
    expect(said.map(({ action }) => action)).toEqual(["user.patch", "user.patch"]);
  });

  it("is refused when it is common where it would log in, and left away where it would not", async () => {
    expect((await organization(true)).status).toBe(200);
    const body = { schemas: [USER], userName: "bob", password: COMMON };
    const refused = await source.send({ method: "POST", path: "/Users", body });
    const text = await refused.text();
    expect([refused.status, JSON.parse(text).scimType, text.includes(COMMON)]).toEqual([400, "invalidValue", false]);
    expect(await total(source, `/Users?filter=${encodeURIComponent('userName eq "bob"')}`)).toBe(0);
    await organization(false);
    await made(source, "bob", { password: COMMON });
    await organization(true);
    expect(await login("bob", COMMON)).toBe(401);
  });

  it("ends the user's sessions when it is another one, and changes nothing when it is the same", async () => {
    await organization(true);
    const [first, second] = ["an unguessable phrase 7", "another unguessable phrase 8"];
    const id = await made(source, "cleo", { password: first });
    const set = (value: string) => patch(source, `/Users/${id}`, { op: "replace", path: "password", value });
    const before = await userItem(id);
    expect((await set(first)).status).toBe(200);
    expect((await userItem(id))?.version).toBe(before?.version);
    expect((await set(second)).status).toBe(200);
    expect((await userItem(id))?.loginEpoch).toBe((before?.loginEpoch ?? 0) + 1);
    expect([await login("cleo", first), await login("cleo", second)]).toEqual([401, 200]);
  });

  it("does not take the place of one that the user has chosen, unless it logs in", async () => {
    const own = "what she herself has chosen";
    const response = await api.send({
      method: "POST",
      path: "/api/v1/users",
      body: { userName: "dora", password: own },
    });
    const { id } = (await jsonOf(response)) as { id: string };
    const path = `/api/v1/scim-sources/${source.id}/links`;
    expect((await api.send({ method: "POST", path, body: { user: id } })).status).toBe(204);
    await patch(source, `/Users/${id}`, { op: "replace", path: "password", value: "an unguessable phrase 7" });
    expect(await login("dora", own)).toBe(200);
  });
});

const userItem = (id: string) => api.context.table.get(UserItem, { id }, { consistent: true });

describe("a group that an admin gives to a source", () => {
  const give = (group: string, token = api.admin) =>
    api.send({ method: "POST", path: `/api/v1/scim-sources/${source.id}/links`, body: { group }, token });

  it("is seen and changed by it, with those of its members that the source has, by their names", async () => {
    const created = await api.send({ method: "POST", path: "/api/v1/groups", body: { name: "Engineers" } });
    const { id } = (await jsonOf(created)) as { id: string };
    expect((await source.send({ method: "GET", path: `/Groups/${id}` })).status).toBe(404);
    expect((await give(id)).status).toBe(204);
    expect((await give(id)).status).toBe(409);
    const ann = await made(source, "ann", { displayName: "Ann" });
    await patch(source, `/Groups/${id}`, { op: "add", path: "members", value: [{ value: ann, display: "mine" }] });
    const shown = await jsonOf(await source.send({ method: "GET", path: `/Groups/${id}` }));
    expect(shown).toMatchObject({ displayName: "Engineers", members: [{ value: ann, display: "Ann", type: "User" }] });
  });

  it("and that holds roles is given only by who could give those, and a user by who may do as much", async () => {
    const created = await api.send({ method: "POST", path: "/api/v1/groups", body: { name: "Vault" } });
    const { id } = (await jsonOf(created)) as { id: string };
    const everywhere = { type: "organization", id: api.context.organization };
    const bind = (principal: object, role: string) =>
      api.send({ method: "POST", path: "/api/v1/role-bindings", body: { principal, role, resource: everywhere } });
    expect((await bind({ type: "group", id }, "vault-user")).status).toBe(201);
    const robot = await api.send({ method: "POST", path: "/api/v1/service-accounts", body: { name: "boss" } });
    const principal = { type: "service-account", id: ((await jsonOf(robot)) as { id: string }).id };
    await bind(principal, "admin");
    const made_ = await api.send({
      method: "POST",
      path: "/api/v1/tokens",
      body: { name: "t", scopes: ["admin"], principal },
    });
    const { secret } = (await jsonOf(made_)) as { secret: string };
    expect((await give(id, secret)).status).toBe(403);
    expect((await give(id)).status).toBe(204);
    // For a user it can set a password.
    const more = await api.send({ method: "POST", path: "/api/v1/users", body: { userName: "more" } });
    const { id: user } = (await jsonOf(more)) as { id: string };
    expect((await bind({ type: "user", id: user }, "vault-user")).status).toBe(201);
    const path = `/api/v1/scim-sources/${source.id}/links`;
    const refused = await api.send({ method: "POST", path, body: { user }, token: secret });
    expect((await jsonOf(refused)).code).toBe("access.exceeds");
    expect((await api.send({ method: "POST", path, body: { user } })).status).toBe(204);
  });
});
