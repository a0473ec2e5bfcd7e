import { DISCOVERY_VERSION } from "@cadastre/contract/discovery";
import type { Role } from "@cadastre/contract/principal";
import { recoverAdminToken } from "@cadastre/core/access/recover";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anInstance, aRun } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, outcomeOf, SYSTEM, type TestApi } from "./an-api.ts";

const OTHER = "999988887777";
const READ = 'action == Cadastre::Action::"accounts:read"';

let api: TestApi;
let organization: string;
beforeEach(async () => {
  api = await anApi();
  organization = api.context.organization;
  for (const account of [ACCOUNT, OTHER])
    await made("/api/v1/accounts", {
      provider: "aws",
      account,
      environment: account === ACCOUNT ? "test" : "production",
    });
});
afterEach(() => api.close());

async function made(path: string, body: object, token = api.admin): Promise<Record<string, string>> {
  const response = await api.send({ method: "POST", path, body, token });
  const answer = await jsonOf(response);
  expect([response.status, answer.detail]).toEqual([201, undefined]);
  return answer as Record<string, string>;
}

const get = (path: string, token = api.admin) => api.send({ method: "GET", path, token });
const post = (path: string, body: object, token = api.admin) => api.send({ method: "POST", path, body, token });
const idsOf = async (path: string, token: string) =>
  ((await jsonOf(await get(path, token))).items as { account: string }[]).map(({ account }) => account);

interface Someone {
  readonly id: string;
  readonly token: string;
}

const everywhere = () => ({ type: "organization", id: organization });
const anAccount = (account: string) => ({ type: "account", id: `aws/${account}` });

async function bind(id: string, role: Role, resource: object = everywhere(), more: object = {}): Promise<string> {
  const principal = { type: id.startsWith("grp") ? "group" : id.startsWith("usr") ? "user" : "service-account", id };
  return (await made("/api/v1/role-bindings", { principal, role, resource, ...more })).id ?? "";
}

let count = 0;
/** A service account with a token that narrows nothing. */
async function someone(...roles: [Role, object?, object?][]): Promise<Someone> {
  count += 1;
  const { id = "" } = await made("/api/v1/service-accounts", { name: `robot ${count}` });
  const { secret = "" } = await made("/api/v1/tokens", {
    name: "all",
    scopes: ["admin", "credentials:reveal"],
    principal: { type: "service-account", id },
  });
  for (const [role, resource, more] of roles) await bind(id, role, resource, more);
  return { id, token: secret };
}

const policy = (name: string, text: string) => ({ name, text });
const storePolicy = (name: string, text: string, token?: string) => made("/api/v1/policies", policy(name, text), token);

describe("roles", () => {
  it("are what lets one do anything at all, and are gone with the next request", async () => {
    const robot = await someone();
    expect(await outcomeOf(await get("/api/v1/accounts", robot.token))).toBe("403 auth.forbidden");
    const binding = await bind(robot.id, "viewer");
    expect(await idsOf("/api/v1/accounts", robot.token)).toEqual([ACCOUNT, OTHER]);
    expect(await outcomeOf(await post("/api/v1/accounts", { provider: "aws", account: "1" }, robot.token))).toBe(
      "403 auth.forbidden",
    );
    expect((await api.send({ method: "DELETE", path: `/api/v1/role-bindings/${binding}` })).status).toBe(204);
    expect((await get("/api/v1/accounts", robot.token)).status).toBe(403);
  });

  it("of a group are held by its members, as long as they are in it", async () => {
    const robot = await someone();
    const { id: group = "" } = await made("/api/v1/groups", { name: "viewers" });
    await bind(group, "viewer");
    expect((await get("/api/v1/accounts", robot.token)).status).toBe(403);
    const principal = { type: "service-account", id: robot.id };
    expect((await post(`/api/v1/groups/${group}/members`, { principal })).status).toBe(204);
    expect((await get("/api/v1/accounts", robot.token)).status).toBe(200);
    const later = await bind(group, "editor");
    expect((await post("/api/v1/accounts", { provider: "aws", account: "1" }, robot.token)).status).toBe(201);
    await api.send({ method: "DELETE", path: `/api/v1/role-bindings/${later}` });
    expect((await post("/api/v1/accounts", { provider: "aws", account: "2" }, robot.token)).status).toBe(403);
    await api.send({ method: "DELETE", path: `/api/v1/groups/${group}/members/${robot.id}` });
    expect((await get("/api/v1/accounts", robot.token)).status).toBe(403);
  });

  it("with a time end by themselves, at that time", async () => {
    const expiresAt = new Date(api.now().getTime() + 60_000).toISOString();
    const robot = await someone(["viewer", everywhere(), { expiresAt }]);
    api.pass(59);
    expect((await get("/api/v1/accounts", robot.token)).status).toBe(200);
    api.pass(1);
    expect((await get("/api/v1/accounts", robot.token)).status).toBe(403);
  });

  it("in an account show that account, and the other one is as if it were not there", async () => {
    const robot = await someone(["editor", anAccount(ACCOUNT)]);
    expect(await idsOf("/api/v1/accounts", robot.token)).toEqual([ACCOUNT]);
    const at = (account: string, token: string) => get(`/api/v1/accounts/aws/${account}`, token);
    expect((await at(ACCOUNT, robot.token)).status).toBe(200);
    const [hidden, missing] = [await jsonOf(await at(OTHER, robot.token)), await jsonOf(await at("5", robot.token))];
    expect({ ...hidden, requestId: "" }).toEqual({ ...missing, requestId: "" });
    expect(hidden.code).toBe("account.not_found");
    expect((await get("/api/v1/jobs", robot.token)).status).toBe(403);
  });

  it("that let one see an account and not change it are told apart", async () => {
    const robot = await someone(["viewer"]);
    const sent = {
      method: "PATCH",
      path: `/api/v1/accounts/aws/${OTHER}`,
      body: { tier: "1" },
      headers: { "if-match": "*" },
    };
    expect(await outcomeOf(await api.send({ ...sent, token: robot.token }))).toBe("403 auth.forbidden");
  });

  it.each<[string, () => object]>([
    ["somebody who is not there", () => ({ principal: { type: "user", id: "usr_01JD0000000000000000000000" } })],
    ["an account that is not there", () => ({ resource: anAccount("5") })],
    ["an account of no form", () => ({ resource: { type: "account", id: "x" } })],
    ["another organisation", () => ({ resource: { type: "organization", id: "org_01JD0000000000000000000000" } })],
    ["a project, of which there is none", () => ({ resource: { type: "project", id: "prj_1" } })],
    ["a place that the role is not for", () => ({ role: "SystemAdmin" })],
    ["a time that is over", () => ({ expiresAt: "2020-01-01T00:00:00Z" })],
  ])("are not bound to %s", async (_, more) => {
    const robot = await someone();
    const body = {
      principal: { type: "service-account", id: robot.id },
      role: "viewer",
      resource: everywhere(),
      ...more(),
    };
    expect(await outcomeOf(await post("/api/v1/role-bindings", body))).toBe("422 request.invalid");
    const { items } = await jsonOf(await get(`/api/v1/role-bindings?principal=${robot.id}`));
    expect(items).toEqual([]);
  });
});

describe("a hostile neighbour", () => {
  it("gives nothing that he does not hold, by no role, token or policy, and for no longer", async () => {
    const boss = await someone(["admin"]);
    const friend = await someone();
    const principal = { type: "service-account", id: friend.id };
    const give = (role: Role, resource: object, more: object = {}) =>
      post("/api/v1/role-bindings", { principal, role, resource, ...more }, boss.token);
    expect(await outcomeOf(await give("vault-user", everywhere()))).toBe("403 access.exceeds");
    expect(await outcomeOf(await give("SystemAdmin", { type: "system", id: "system" }))).toBe("403 access.exceeds");
    expect((await give("admin", everywhere())).status).toBe(201);
    const permit = (head: string) => post("/api/v1/policies", policy("mine", `permit (${head});`), boss.token);
    const reveal = 'action == Cadastre::Action::"credentials:reveal"';
    expect(await outcomeOf(await permit(`principal, ${reveal}, resource`))).toBe("403 access.exceeds");
    expect(await outcomeOf(await permit(`principal, ${READ}, resource in Cadastre::System::"system"`))).toBe(
      "403 access.exceeds",
    );
    expect(await outcomeOf(await permit("principal, action, resource"))).toBe("403 access.exceeds");
    const inside = `principal, ${READ}, resource in Cadastre::Organization::"${organization}"`;
    expect((await permit(inside)).status).toBe(201);
  });

  it("makes of a right for an hour none for good", async () => {
    const expiresAt = new Date(api.now().getTime() + 3600_000).toISOString();
    const guest = await someone(["admin", everywhere(), { expiresAt }]);
    const principal = { type: "service-account", id: (await someone()).id };
    const give = (more: object) =>
      post("/api/v1/role-bindings", { principal, role: "viewer", resource: everywhere(), ...more }, guest.token);
    expect(await outcomeOf(await give({}))).toBe("403 access.exceeds");
    expect((await give({ expiresAt })).status).toBe(201);
    const text = `permit (principal, ${READ}, resource in Cadastre::Organization::"${organization}");`;
    expect(await outcomeOf(await post("/api/v1/policies", policy("mine", text), guest.token))).toBe(
      "403 access.exceeds",
    );
  });

  it("who gives roles in one account gives none elsewhere, and knows of none", async () => {
    const boss = await someone(["admin", anAccount(ACCOUNT)]);
    const friend = await someone();
    const principal = { type: "service-account", id: friend.id };
    const give = (resource: object) =>
      post("/api/v1/role-bindings", { principal, role: "viewer", resource }, boss.token);
    expect((await give(anAccount(ACCOUNT))).status).toBe(201);
    expect(await outcomeOf(await give(anAccount(OTHER)))).toBe("403 auth.forbidden");
    expect(await outcomeOf(await give(everywhere()))).toBe("403 auth.forbidden");
    const binding = await bind(friend.id, "viewer");
    expect(await outcomeOf(await get(`/api/v1/role-bindings/${binding}`, boss.token))).toBe(
      "404 role-binding.not_found",
    );
    const sent = { method: "DELETE", path: `/api/v1/role-bindings/${binding}`, token: boss.token };
    expect(await outcomeOf(await api.send(sent))).toBe("404 role-binding.not_found");
    const { items } = await jsonOf(await get("/api/v1/role-bindings", boss.token));
    expect(items).toHaveLength(2);
  });

  it("takes no token of somebody who may do more, and no place in a group that does", async () => {
    const boss = await someone(["admin"]);
    const strong = await someone(["vault-user"]);
    const take = (id: string) =>
      post(
        "/api/v1/tokens",
        { name: "mine", scopes: ["admin"], principal: { type: "service-account", id } },
        boss.token,
      );
    expect(await outcomeOf(await take(strong.id))).toBe("403 access.exceeds");
    expect((await take((await someone(["viewer"])).id)).status).toBe(201);
    const { id: group = "" } = await made("/api/v1/groups", { name: "vault" });
    await bind(group, "vault-user");
    const join = post(
      `/api/v1/groups/${group}/members`,
      { principal: { type: "service-account", id: boss.id } },
      boss.token,
    );
    expect(await outcomeOf(await join)).toBe("403 access.exceeds");
  });

  it.each(["principal", "principal == Cadastre::ServiceAccount::ID"])(
    "takes no token of somebody by a policy of his own that forbids that one for a moment what it may do: (%s)",
    async (head) => {
      const boss = await someone(["admin"]);
      const strong = await someone(["vault-user"]);
      const who = head.replace("ID", JSON.stringify(strong.id));
      const text = `forbid (${who}, action == Cadastre::Action::"credentials:reveal", resource);`;
      const { id } = await storePolicy("for a moment", text, boss.token);
      const token = { name: "mine", scopes: ["admin"], principal: { type: "service-account", id: strong.id } };
      expect(await outcomeOf(await post("/api/v1/tokens", token, boss.token))).toBe("403 access.exceeds");
      expect((await api.send({ method: "DELETE", path: `/api/v1/policies/${id}`, token: boss.token })).status).toBe(
        204,
      );
    },
  );

  it("does not take away a policy that keeps something from him", async () => {
    const boss = await someone(["admin"]);
    const text = 'forbid (principal, action == Cadastre::Action::"accounts:write", resource);';
    const { id } = await storePolicy("frozen", text);
    const remove = (token: string) => api.send({ method: "DELETE", path: `/api/v1/policies/${id}`, token });
    expect(await outcomeOf(await remove(boss.token))).toBe("403 access.exceeds");
    expect((await remove(api.admin)).status).toBe(204);
  });

  it("by a token that is narrowed gives no more than the token may", async () => {
    const boss = await someone(["admin"]);
    const { secret } = await made(
      "/api/v1/tokens",
      { name: "some", scopes: ["bindings:write", "accounts:read"] },
      boss.token,
    );
    const principal = { type: "service-account", id: (await someone()).id };
    const give = post("/api/v1/role-bindings", { principal, role: "viewer", resource: everywhere() }, secret);
    expect(await outcomeOf(await give)).toBe("403 access.exceeds");
  });
});

describe("a policy", () => {
  it("that is wrong is refused with line and column, and nothing is stored", async () => {
    const response = await post(
      "/api/v1/policies",
      policy("wrong", `permit (principal, ${READ}, resource)\nwhen { context.nothing };`),
    );
    expect(response.status).toBe(422);
    expect(await jsonOf(response)).toMatchObject({
      code: "policy.invalid",
      errors: [{ path: "text", line: 2, column: 8, message: expect.stringContaining("nothing") }],
    });
    expect((await jsonOf(await get("/api/v1/policies"))).items).toEqual([]);
    expect(
      (await post("/api/v1/policies", policy("wrong", "forbid (principal, action, resource is Cadastre::Account);")))
        .status,
    ).toBe(201);
  });

  it("forbids what a role allows, from the next request on, and lets go again", async () => {
    const robot = await someone(["viewer"]);
    expect((await get("/api/v1/accounts", robot.token)).status).toBe(200);
    const { id } = await storePolicy("closed", `forbid (principal, ${READ}, resource);`);
    expect(await jsonOf(await get("/api/v1/accounts", robot.token))).toMatchObject({
      code: "auth.forbidden",
      detail: expect.stringContaining(id ?? "?"),
    });
    await api.send({ method: "DELETE", path: `/api/v1/policies/${id}` });
    expect((await get("/api/v1/accounts", robot.token)).status).toBe(200);
  });

  it("about what an account is like cuts lists and reads alike", async () => {
    const robot = await someone(["viewer"]);
    await storePolicy(
      "no production",
      'forbid (principal, action, resource is Cadastre::Account) when { resource has environment && resource.environment == "production" };',
    );
    expect(await idsOf("/api/v1/accounts", robot.token)).toEqual([ACCOUNT]);
    expect((await get(`/api/v1/accounts/aws/${ACCOUNT}`, robot.token)).status).toBe(200);
    expect((await get(`/api/v1/accounts/aws/${OTHER}`, robot.token)).status).toBe(404);
    const one = await someone();
    await storePolicy(
      "tests for all",
      `permit (principal, ${READ}, resource is Cadastre::Account in Cadastre::Organization::"${organization}") when { resource has environment && resource.environment == "test" };`,
    );
    expect(await idsOf("/api/v1/accounts", one.token)).toEqual([ACCOUNT]);
  });

  it("has revisions with parent and author, and 412 tells who changed it how", async () => {
    const created = await post(
      "/api/v1/policies",
      policy("p", "forbid (principal, action, resource is Cadastre::Project);"),
    );
    const etag = created.headers.get("etag") ?? "";
    const { id } = await jsonOf(created);
    const put = (text: string, name = "p") =>
      api.send({
        method: "PUT",
        path: `/api/v1/policies/${String(id)}`,
        body: policy(name, text),
        headers: { "if-match": etag },
      });
    const second = "forbid (principal, action, resource is Cadastre::AddressSpace);";
    expect(await jsonOf(await put(second))).toMatchObject({ revision: 2 });
    const lost = await put("forbid (principal, action, resource is Cadastre::Account);", "q");
    expect(lost.status).toBe(412);
    expect(await jsonOf(lost)).toMatchObject({
      code: "request.precondition_failed",
      current: { revision: 2, text: second },
      difference: [
        { path: "name", before: "p", after: "q" },
        { path: "text", before: second },
      ],
    });
    const { items } = await jsonOf(await get(`/api/v1/policies/${String(id)}/revisions`));
    expect(items).toMatchObject([
      { revision: 2, parent: 1, author: expect.stringContaining("user:usr_") },
      { revision: 1 },
    ]);
    expect((items as object[])[1]).not.toHaveProperty("parent");
  });

  it("that would leave nobody who administers the system is refused, and told how to get in again", async () => {
    const refused = await post("/api/v1/policies", policy("all out", "forbid (principal, action, resource);"));
    expect(await jsonOf(refused)).toMatchObject({
      code: "access.last_admin",
      detail: expect.stringContaining("recovery"),
    });
    const admins = await jsonOf(await get("/api/v1/role-bindings?role=SystemAdmin"));
    const [{ id }] = admins.items as [{ id: string }];
    const remove = await api.send({ method: "DELETE", path: `/api/v1/role-bindings/${id}` });
    expect(await outcomeOf(remove)).toBe("409 access.last_admin");
    const { items } = await jsonOf(await get("/api/v1/users"));
    const [{ id: user }] = items as [{ id: string }];
    const headers = { "if-match": "*" };
    const disable = api.send({ method: "PATCH", path: `/api/v1/users/${user}`, body: { disabled: true }, headers });
    expect(await outcomeOf(await disable)).toBe("409 access.last_admin");
    expect(await outcomeOf(await api.send({ method: "DELETE", path: `/api/v1/users/${user}` }))).toBe(
      "409 access.last_admin",
    );
    expect((await get("/api/v1/policies")).status).toBe(200);
    await someone(["SystemAdmin", { type: "system", id: "system" }]);
    expect((await api.send({ method: "DELETE", path: `/api/v1/role-bindings/${id}` })).status).toBe(204);
  });

  it("does not bind the account that a recovery makes", async () => {
    await someone(["SystemAdmin", { type: "system", id: "system" }]);
    await storePolicy("closed", `forbid (principal is Cadastre::ServiceAccount, ${READ}, resource);`);
    const { secret } = await recoverAdminToken(api.context, SYSTEM, { reason: "locked out" });
    expect((await get("/api/v1/accounts", secret)).status).toBe(200);
  });
});

describe("a policy about single things", () => {
  const ACTIONS = '[Cadastre::Action::"credentials:write", Cadastre::Action::"credentials:reveal"]';
  const credential = async (account?: string) =>
    (
      await made("/api/v1/credentials", {
        name: account ?? "of none",
        ...(account === undefined ? {} : { provider: "aws", account }),
        secret: { type: "generic", secret: "s" },
      })
    ).id ?? "";
  const reveal = async (id: string, token: string) => {
    const response = await post(`/api/v1/credentials/${id}/reveal`, {}, token);
    return response.ok ? "200" : outcomeOf(response);
  };
  const explained = async (robot: Someone, action: string, resource: string) =>
    (
      await jsonOf(
        await get(
          `/api/v1/access/explain?${new URLSearchParams({ principal: `service-account/${robot.id}`, action, resource }).toString()}`,
        ),
      )
    ).decision;

  it("holds for that one, for reveals, revocations and what a collector is bound to, and asking says so", async () => {
    const [one, other] = [await credential(ACCOUNT), await credential(ACCOUNT)];
    const robot = await someone(["vault-user"], ["editor"], ["admin"]);
    expect(await reveal(one, robot.token)).toBe("200");
    await storePolicy(
      "sealed",
      `forbid (principal is Cadastre::ServiceAccount, action in ${ACTIONS}, resource == Cadastre::Credential::"${one}");`,
    );
    expect([await reveal(one, robot.token), await reveal(other, robot.token)]).toEqual(["403 auth.forbidden", "200"]);
    const revoke = (id: string) =>
      api.send({ method: "DELETE", path: `/api/v1/credentials/${id}`, token: robot.token });
    expect(await outcomeOf(await revoke(one))).toBe("403 auth.forbidden");
    expect((await get(`/api/v1/credentials/${one}`, robot.token)).status).toBe(200);
    const asked = (id: string) => explained(robot, "credentials:reveal", `credential/${id}`);
    expect([await asked(one), await asked(other)]).toEqual(["deny", "allow"]);
    const { collector } = await api.aReporter({ name: "mine" });
    const bind = (id: string) =>
      api.send({
        method: "PATCH",
        path: `/api/v1/collectors/${collector.id}`,
        body: { credential: id },
        token: robot.token,
        headers: { "if-match": "*" },
      });
    expect(await outcomeOf(await bind(one))).toBe("403 auth.forbidden");
    expect((await bind(other)).status).toBe(200);
    expect((await revoke(other)).status).toBe(200);
  });

  it("gives that one alone, and of any other one does not learn whether it is there", async () => {
    const [one, other] = [await credential(ACCOUNT), await credential()];
    const robot = await someone();
    const permit = (id: string) =>
      `permit (principal == Cadastre::ServiceAccount::"${robot.id}", action == Cadastre::Action::"credentials:reveal", resource == Cadastre::Credential::"${id}");`;
    await storePolicy("this one", permit(one));
    expect(await reveal(one, robot.token)).toBe("200");
    expect(await reveal(other, robot.token)).toBe("403 auth.forbidden");
    expect(await reveal("crd_01JD0000000000000000000000", robot.token)).toBe("403 auth.forbidden");
    const { items } = await jsonOf(await get(`/api/v1/access/what-can?principal=service-account/${robot.id}`));
    expect(items).toEqual([{ resource: `credential/${one}`, actions: ["credentials:reveal"] }]);
    const limited = await made("/api/v1/tokens", {
      name: "elsewhere",
      scopes: ["credentials:reveal"],
      accounts: [`aws/${OTHER}`],
      principal: { type: "service-account", id: (await someone(["vault-user"])).id },
    });
    expect(await reveal(one, limited.secret ?? "")).toBe("404 credential.not_found");
  });

  it("by what its account is like holds for what is to be made, too", async () => {
    const robot = await someone(["editor"]);
    await storePolicy(
      "none for production",
      `forbid (principal, action in ${ACTIONS}, resource is Cadastre::Credential) when { resource has environment && resource.environment == "production" };`,
    );
    const make = (account: string) =>
      post(
        "/api/v1/credentials",
        { name: "n", provider: "aws", account, secret: { type: "generic", secret: "s" } },
        robot.token,
      );
    expect(await outcomeOf(await make(OTHER))).toBe("403 auth.forbidden");
    expect((await make(ACCOUNT)).status).toBe(201);
    expect(await explained(robot, "credentials:write", `account/aws/${OTHER}`)).toBe("deny");
    expect(await explained(robot, "credentials:write", `account/aws/${ACCOUNT}`)).toBe("allow");
  });

  it("by its tags holds for what is said of a resource", async () => {
    const { key, collector } = await api.aReporter();
    const raw = [anInstance(1, { tags: { team: "net" } }), anInstance(2, { tags: { team: "web" } })];
    await aRun(
      [{ key: { provider: "aws", account: ACCOUNT, region: "us-east-1", kind: "instance" }, resources: raw }],
      {
        reporter: collector,
      },
    ).deliver(api.context);
    expect(key).toBeDefined();
    const robot = await someone(["editor"]);
    await storePolicy(
      "of the network engineers",
      'forbid (principal, action == Cadastre::Action::"resources:write", resource) when { resource.hasTag("team") && resource.getTag("team") == "net" };',
    );
    const say = (at: number) =>
      api.send({
        method: "PATCH",
        path: `/api/v1/resources/${encodeURIComponent(raw[at]?.id ?? "")}`,
        body: { owner: "me" },
        token: robot.token,
        headers: { "if-match": "*" },
      });
    expect(await outcomeOf(await say(0))).toBe("403 auth.forbidden");
    expect((await say(1)).status).toBe(200);
    expect(await explained(robot, "resources:write", `resource/${raw[0]?.id}`)).toBe("deny");
    expect(await explained(robot, "resources:write", `resource/${raw[1]?.id}`)).toBe("allow");
  });

  it("is not taken away by whom it keeps from something, and gives no token of whom it gives something", async () => {
    const one = await credential(ACCOUNT);
    const boss = await someone(["admin"], ["vault-user"]);
    const { id } = await storePolicy(
      "sealed",
      `forbid (principal, action in ${ACTIONS}, resource == Cadastre::Credential::"${one}");`,
    );
    const { id: named } = await storePolicy(
      "the production key",
      `forbid (principal, action in ${ACTIONS}, resource is Cadastre::Credential) when { resource has name && resource.name == "x" };`,
    );
    const remove = (policy: string | undefined) =>
      api.send({ method: "DELETE", path: `/api/v1/policies/${policy}`, token: boss.token });
    expect([await outcomeOf(await remove(id)), await outcomeOf(await remove(named))]).toEqual([
      "403 access.exceeds",
      "403 access.exceeds",
    ]);
    const keeper = await someone();
    await storePolicy(
      "the keeper",
      `permit (principal == Cadastre::ServiceAccount::"${keeper.id}", action == Cadastre::Action::"credentials:reveal", resource == Cadastre::Credential::"${await credential(OTHER)}");`,
    );
    const weak = await someone(["admin"]);
    const take = await post(
      "/api/v1/tokens",
      { name: "mine", scopes: ["admin"], principal: { type: "service-account", id: keeper.id } },
      weak.token,
    );
    expect(await outcomeOf(take)).toBe("403 access.exceeds");
  });

  it("costs two reads of the thing and its account, where there is one, and nothing where there is none", async () => {
    const one = await credential(ACCOUNT);
    const robot = await someone(["vault-user"]);
    const readsOf = async () => (await api.context.table.meter.measure(() => reveal(one, robot.token))).units.read;
    await storePolicy("p", "forbid (principal, action, resource is Cadastre::Project);");
    await readsOf();
    const before = await readsOf();
    await storePolicy(
      "sealed",
      `forbid (principal, action in ${ACTIONS}, resource == Cadastre::Credential::"crd_01JD0000000000000000000000");`,
    );
    await readsOf();
    expect([before > 0, (await readsOf()) - before]).toEqual([true, 2]);
  });
});

describe("a collector", () => {
  const DELIVER = 'action == Cadastre::Action::"discovery:deliver"';
  const scope = (account: string, n: number) => ({
    key: { provider: "aws", account, region: "us-east-1", kind: "instance" } as const,
    resources: [anInstance(n, { account })],
  });
  const payloadOf = (account: string, n = 1) => {
    const { key, resources } = scope(account, n);
    return { contract: DISCOVERY_VERSION, scopes: [{ ...key, status: "complete", errors: [], resources }] };
  };
  const outcome = async (response: Response) => (response.ok ? "200" : outcomeOf(response));

  it("is kept by a policy from all it does, or from an account, from the next request on; no permit gives it more", async () => {
    const { key, collector } = await api.aReporter({ accounts: [ACCOUNT, OTHER] });
    const neighbour = await api.aReporter({ name: "other", accounts: [ACCOUNT] });
    const deliver = async (account: string, by = key) =>
      outcome(await api.sign(by, { method: "POST", path: "/api/v1/discovery", body: payloadOf(account) }));
    expect(await deliver(OTHER)).toBe("200");
    const { id } = await storePolicy(
      "no production",
      `forbid (principal == Cadastre::Collector::"${collector.id}", ${DELIVER}, resource) when { resource has environment && resource.environment == "production" };`,
    );
    expect([await deliver(OTHER), await deliver(ACCOUNT)]).toEqual(["403 auth.forbidden", "200"]);
    const asked = async (action: string, resource: string, principal = `collector/${collector.id}`) => {
      const response = await get(
        `/api/v1/access/explain?${new URLSearchParams({ principal, action, resource }).toString()}`,
      );
      return response.ok ? jsonOf(response) : outcomeOf(response);
    };
    const forbidden = { decision: "deny", policies: [id], missing: [`${id} forbids it`] };
    const allowed = { decision: "allow", policies: [], missing: [] };
    const whole = `organization/${api.context.organization}`;
    expect(await asked("discovery:deliver", `account/aws/${OTHER}`)).toEqual(forbidden);
    expect(await asked("discovery:deliver", `account/aws/${ACCOUNT}`)).toEqual(allowed);
    expect(await asked("discovery:deliver", whole)).toEqual(forbidden);
    expect(await asked("discovery:poll", whole)).toEqual(allowed);
    expect(
      await asked("discovery:deliver", `account/aws/${OTHER}`, `collector/${neighbour.collector.id}`),
    ).toMatchObject({
      decision: "deny",
      policies: [],
      missing: [expect.stringContaining(`is not for aws/${OTHER}`)],
    });
    expect(await asked("credential:fetch", whole)).toMatchObject({ missing: [expect.stringContaining("is bound to")] });
    expect(await asked("discovery:poll", `account/aws/${ACCOUNT}`)).toMatchObject({ decision: "deny" });
    expect(await asked("accounts:write", whole)).toBe("422 request.invalid");
    const nobody = "collector/col_01JD0000000000000000000000";
    expect(await asked("discovery:poll", whole, nobody)).toBe("404 collector.not_found");
    const { items } = await jsonOf(await get("/api/v1/audit?action=discovery.deliver&outcome=denied"));
    expect(items).toMatchObject([{ actor: { id: collector.id }, outcome: "denied" }]);
    await api.send({ method: "DELETE", path: `/api/v1/policies/${id}` });
    expect(await deliver(OTHER)).toBe("200");
    await storePolicy("all of them", `permit (principal is Cadastre::Collector, ${DELIVER}, resource);`);
    expect(await deliver(OTHER, neighbour.key)).toBe("403 collector.foreign_account");
    await storePolicy("none", `forbid (principal is Cadastre::Collector, action, resource);`);
    expect([await deliver(ACCOUNT), await deliver(ACCOUNT, neighbour.key)]).toEqual(
      Array(2).fill("403 auth.forbidden"),
    );
    const polled = await api.sign(key, { method: "GET", path: "/api/v1/discovery/triggers" });
    expect(await outcome(polled)).toBe("403 auth.forbidden");
  });

  it("neither sends on nor ends a run of an account that a policy has kept it from meanwhile", async () => {
    const { key, collector } = await api.aReporter({ accounts: [ACCOUNT] });
    const run = aRun([scope(ACCOUNT, 1)], { reporter: collector });
    const opened = await run.open(api.context);
    await storePolicy("closed", `forbid (principal, ${DELIVER}, resource in Cadastre::Account::"aws/${ACCOUNT}");`);
    const complete = await api.sign(key, { method: "POST", path: `/api/v1/discovery/runs/${opened.run}/complete` });
    expect(await outcome(complete)).toBe("403 auth.forbidden");
  });

  it("fetches its credential as long as no policy is against it, and is bound by its address", async () => {
    const made_ = await made("/api/v1/credentials", {
      name: "n",
      provider: "aws",
      account: ACCOUNT,
      secret: { type: "generic", secret: "s" },
    });
    const { key } = await api.aReporter({ credential: made_.id ?? "" });
    const fetchIt = async () => outcome(await api.sign(key, { method: "POST", path: "/api/v1/discovery/credential" }));
    expect(await fetchIt()).toBe("200");
    await storePolicy(
      "sealed",
      `forbid (principal, action == Cadastre::Action::"credential:fetch", resource == Cadastre::Credential::"${made_.id}") unless { context has address };`,
    );
    expect(await fetchIt()).toBe("403 auth.forbidden");
  });

  it("costs one read more a request than its own, and the accounts of the request where a policy tells them apart", async () => {
    const { key } = await api.aReporter({ accounts: [ACCOUNT] });
    const readsOf = async () =>
      (
        await api.context.table.meter.measure(() =>
          api.sign(key, { method: "POST", path: "/api/v1/discovery", body: payloadOf(ACCOUNT) }),
        )
      ).units.read;
    await readsOf();
    const quiet = await readsOf();
    expect(quiet).toBeLessThanOrEqual(3);
    await storePolicy("p", `forbid (principal, ${DELIVER}, resource in Cadastre::Account::"aws/${OTHER}");`);
    await readsOf();
    expect(await readsOf()).toBe(quiet + 1);
  });
});

describe("what a decision costs", () => {
  const readsOf = async (token: string) =>
    Number(/reads;desc="([\d.]+)"/.exec((await get("/api/v1/jobs", token)).headers.get("server-timing") ?? "")?.[1]);

  it("is a read of the principal and one of the organization, however many groups and policies there are", async () => {
    const robot = await someone(["viewer"]);
    const before = await readsOf(robot.token);
    const { id: group = "" } = await made("/api/v1/groups", { name: "viewers" });
    await bind(group, "viewer");
    await post(`/api/v1/groups/${group}/members`, { principal: { type: "service-account", id: robot.id } });
    for (let n = 0; n < 5; n += 1)
      await storePolicy(`p${n}`, "forbid (principal, action, resource is Cadastre::Project);");
    // Read once by each process after a change.
    expect(await readsOf(robot.token)).toBeGreaterThan(before);
    expect(await readsOf(robot.token)).toBe(before);
  });
});

describe("what may be asked of access", () => {
  const explain = async (principal: string, action: string, resource: string, token?: string) =>
    jsonOf(
      await get(`/api/v1/access/explain?${new URLSearchParams({ principal, action, resource }).toString()}`, token),
    );

  it("is what decides, and what is missing", async () => {
    const robot = await someone();
    const who = `service-account/${robot.id}`;
    const where = `organization/${organization}`;
    expect(await explain(who, "accounts:read", where)).toEqual({
      decision: "deny",
      policies: [],
      missing: [expect.stringContaining("a role that gives accounts:read")],
    });
    const binding = await bind(robot.id, "viewer", anAccount(ACCOUNT));
    expect(await explain(who, "accounts:read", where)).toMatchObject({ decision: "deny" });
    expect(await explain(who, "accounts:read", `account/aws/${ACCOUNT}`)).toEqual({
      decision: "allow",
      policies: [binding],
      missing: [],
    });
    const { id } = await storePolicy("closed", `forbid (principal, ${READ}, resource);`);
    expect(await explain(who, "accounts:read", `account/aws/${ACCOUNT}`)).toEqual({
      decision: "deny",
      policies: [id],
      missing: [`${id} forbids it`],
    });
    expect(await explain(who, "accounts:read", "address-space/spc_1")).toMatchObject({ code: "space.not_found" });
  });

  it.each([
    ["principal=user/x&action=accounts:read&resource=system/system", "422 request.invalid"],
    ["principal=user/usr_01JD0000000000000000000000&action=accounts:read&resource=system/system", "404 user.not_found"],
    ["principal=service-account/SVA&action=accounts:fly&resource=system/system", "422 request.invalid"],
    ["principal=service-account/SVA&action=accounts:read&resource=account/aws/5", "404 account.not_found"],
    ["principal=service-account/SVA&action=accounts:read&resource=organization/org_2", "422 request.invalid"],
    ["principal=service-account/SVA&action=accounts:read&resource=system/all", "422 request.invalid"],
    ["principal=service-account/SVA&action=accounts:read&resource=house/1", "422 request.invalid"],
  ])("%s is %s", async (query, outcome) => {
    const { id } = await someone();
    expect(await outcomeOf(await get(`/api/v1/access/explain?${query.replace("SVA", id)}`))).toBe(outcome);
  });

  it("is who can, page by page, and what somebody can", async () => {
    const some = [await someone(["viewer"]), await someone(["viewer", anAccount(ACCOUNT)]), await someone()];
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const path = `/api/v1/access/who-can?limit=1&action=accounts:read&resource=account/aws/${ACCOUNT}`;
      const page = await jsonOf(await get(cursor === undefined ? path : `${path}&cursor=${cursor}`));
      seen.push(...(page.items as { principal: string }[]).map(({ principal }) => principal));
      cursor = page.cursor as string | undefined;
    } while (cursor !== undefined);
    expect(seen.slice(1)).toEqual(some.slice(0, 2).map(({ id }) => `service-account/${id}`));
    expect(seen[0]).toMatch(/^user\/usr_/);
    const what = await jsonOf(await get(`/api/v1/access/what-can?principal=service-account/${some[1]?.id}`));
    expect(what.items).toEqual([
      { resource: `account/aws/${ACCOUNT}`, actions: expect.arrayContaining(["resources:read"]) },
    ]);
  });

  it("is what policies would change: for questions, and for what was recorded", async () => {
    const robot = await someone(["editor"]);
    await made("/api/v1/accounts", { provider: "aws", account: "77" }, robot.token);
    const name = "no changes";
    const text =
      'forbid (principal is Cadastre::ServiceAccount, action == Cadastre::Action::"accounts:write", resource);';
    const question = { principal: `service-account/${robot.id}`, action: "accounts:write", resource: "account/aws/77" };
    const answer = await jsonOf(
      await post("/api/v1/policies/simulate", { policies: [{ name, text }], sinceDays: 7, questions: [question] }),
    );
    const { items } = await jsonOf(await get("/api/v1/audit?action=account.create"));
    expect(answer).toMatchObject({
      decisions: [{ ...question, before: "allow", decision: "deny", policies: [`new:${name}`] }],
      changes: [{ audit: (items as { id: string }[])[0]?.id, before: "allow", after: "deny", policy: `new:${name}` }],
      complete: true,
    });
    expect((await jsonOf(await get("/api/v1/policies"))).items).toEqual([]);
    const wrong = { policies: [{ name, text: "permit" }] };
    expect(await jsonOf(await post("/api/v1/policies/simulate", wrong))).toMatchObject({
      code: "policy.invalid",
      errors: [{ path: "policies[0].text", line: 1 }],
    });
  });
});
