import type { Role } from "@cadastre/contract/principal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aSource, type TestSource } from "../scim/a-source.ts";
import { anApi, jsonOf, outcomeOf, type Sent, type TestApi } from "./an-api.ts";

/*
 * Who administers the system is changed by nobody who does not, in whatever way: from one table over the ways, for one who does so by a
 * role of its own, and one by a group.
 */

let api: TestApi;
let source: TestSource;
/** May do everything in the first organization, and does not administer the system. */
let boss: string;
let bossId: string;
const SYSTEM = { type: "system", id: "system" };

async function made(path: string, body: object, token = api.admin): Promise<Record<string, string>> {
  const response = await api.send({ method: "POST", path, body, token });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await jsonOf(response)) as Record<string, string>;
}

const everywhere = () => ({ type: "organization", id: api.context.organization });
const bind = (type: string, id: string, role: Role, resource: object) =>
  made("/api/v1/role-bindings", { principal: { type, id }, role, resource });

interface Admins {
  readonly user: string;
  readonly robot: string;
  readonly tokenId: string;
  /** A group that they are in, which holds the role of one of the two. */
  readonly group: string;
  /** Holds no role. */
  readonly plain: string;
  /** A user that the source made. */
  readonly provisioned: string;
  /** A group that the source made, which they are in. */
  readonly provisionedGroup: string;
  /** Of the user, at a provider that maps a claim to the group. */
  readonly identity: string;
  readonly provider: string;
  /** Trusts tokens of others for the service account. */
  readonly rule: string;
}

const join = async (group: string, type: string, id: string) => {
  const path = `/api/v1/groups/${group}/members`;
  expect((await api.send({ method: "POST", path, body: { principal: { type, id } } })).status).toBe(204);
};

async function scimMade(type: "User" | "Group", body: object): Promise<string> {
  const schemas = [`urn:ietf:params:scim:schemas:core:2.0:${type}`];
  const response = await source.send({ method: "POST", path: `/${type}s`, body: { schemas, ...body } });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await jsonOf(response)).id as string;
}

/** Two who administer the system, a user and a service account: by roles of their own, or by that of a group. */
async function someAdmins(how: "role" | "group"): Promise<Admins> {
  const { id: user = "" } = await made("/api/v1/users", { userName: `root-${how}` });
  const { id: robot = "" } = await made("/api/v1/service-accounts", { name: `root-${how}` });
  const principal = { type: "service-account", id: robot };
  const { id: tokenId = "" } = await made("/api/v1/tokens", { name: "t", scopes: ["admin"], principal });
  const { id: group = "" } = await made("/api/v1/groups", { name: `roots-${how}` });
  const { id: plain = "" } = await made("/api/v1/groups", { name: `plain-${how}` });
  const provisioned = await scimMade("User", { userName: `scim-${how}` });
  const provisionedGroup = await scimMade("Group", { displayName: `scim-${how}`, members: [{ value: provisioned }] });
  const all = [
    ["user", user],
    ["service-account", robot],
    ["user", provisioned],
  ] as const;
  for (const [type, id] of all) await join(group, type, id);
  for (const [type, id] of all.slice(0, 2)) await join(plain, type, id);
  if (how === "group") await bind("group", group, "SystemAdmin", SYSTEM);
  else for (const [type, id] of all) await bind(type, id, "SystemAdmin", SYSTEM);
  const { id: provider = "" } = await made("/api/v1/identity-providers", {
    name: how,
    issuer: `https://${how}.example.org`,
    clientId: "c",
    clientSecret: "a secret of theirs",
    groupsClaim: "groups",
    groups: [{ value: "roots", group }],
  });
  const { id: identity = "" } = await made(`/api/v1/users/${user}/identities`, { provider, subject: "root" });
  const { id: rule = "" } = await made("/api/v1/trust-rules", trusting(robot));
  return { user, robot, tokenId, group, plain, provisioned, provisionedGroup, identity, provider, rule };
}

const trusting = (serviceAccount: string) => ({
  name: "r",
  serviceAccount,
  scopes: ["resources:read"],
  trusts: { type: "github", audience: "cadastre", repository: "acme/infra" },
});

const admins: Partial<Record<"role" | "group", Admins>> = {};

beforeAll(async () => {
  api = await anApi({ onFile: true });
  source = await aSource(api);
  const { id = "" } = await made("/api/v1/service-accounts", { name: "boss" });
  for (const role of ["admin", "vault-user"] as const) await bind("service-account", id, role, everywhere());
  const principal = { type: "service-account", id };
  bossId = id;
  boss = (await made("/api/v1/tokens", { name: "b", scopes: ["admin", "credentials:reveal"], principal })).secret ?? "";
  for (const how of ["role", "group"] as const) admins[how] = await someAdmins(how);
});
afterAll(() => api.close());

const user = (more: string) => (of: Admins) => `/api/v1/users/${of.user}${more}`;
const robot = (more: string) => (of: Admins) => `/api/v1/service-accounts/${of.robot}${more}`;
type Way = Omit<Sent, "path" | "body"> & {
  readonly path: (of: Admins) => string;
  readonly body?: unknown;
};

const WAYS: Readonly<Record<string, Way>> = {
  "disables a user": { method: "PATCH", path: user(""), body: { disabled: true } },
  "renames a user": { method: "PATCH", path: user(""), body: { userName: "mine" } },
  "deletes a user": { method: "DELETE", path: user("") },
  "unlocks a user": { method: "POST", path: user("/unlock") },
  "sends a link to a user": { method: "POST", path: user("/password-link"), body: {} },
  "takes a user's factors": { method: "DELETE", path: user("/factors") },
  "disables a service account": { method: "PATCH", path: robot(""), body: { disabled: true } },
  "deletes a service account": { method: "DELETE", path: robot("") },
  "makes a token of a service account": {
    method: "POST",
    path: () => "/api/v1/tokens",
    body: (of: Admins) => ({ name: "x", scopes: ["admin"], principal: { type: "service-account", id: of.robot } }),
  },
  "revokes a token": { method: "DELETE", path: (of) => `/api/v1/tokens/${of.tokenId}` },
  "takes a user out of a group": { method: "DELETE", path: (of) => `/api/v1/groups/${of.plain}/members/${of.user}` },
  "puts a user into a group": {
    method: "POST",
    path: (of) => `/api/v1/groups/${of.plain}/members`,
    body: (of: Admins) => ({ principal: { type: "user", id: of.provisioned } }),
  },
  "gives a user an identity": {
    method: "POST",
    path: user("/identities"),
    body: (of: Admins) => ({ provider: of.provider, subject: "mine" }),
  },
  "takes an identity from a user": {
    method: "DELETE",
    path: (of) => `/api/v1/users/${of.user}/identities/${of.identity}`,
  },
  "trusts others' tokens for a service account": {
    method: "POST",
    path: () => "/api/v1/trust-rules",
    body: (of: Admins) => trusting(of.robot),
  },
  "makes its trust rule another's": {
    method: "PUT",
    path: (of) => `/api/v1/trust-rules/${of.rule}`,
    body: () => trusting(bossId),
  },
  "deletes its trust rule": { method: "DELETE", path: (of) => `/api/v1/trust-rules/${of.rule}` },
  "gives a user to a source": {
    method: "POST",
    path: () => `/api/v1/scim-sources/${source.id}/links`,
    body: (of: Admins) => ({ user: of.user }),
  },
};
/** What would change the group that makes somebody one. */
const OF_GROUP: Readonly<Record<string, Way>> = {
  "renames the group": { method: "PATCH", path: (of) => `/api/v1/groups/${of.group}`, body: { name: "x" } },
  "deletes the group": { method: "DELETE", path: (of) => `/api/v1/groups/${of.group}` },
  "takes somebody out of the group": {
    method: "DELETE",
    path: (of) => `/api/v1/groups/${of.group}/members/${of.robot}`,
  },
  "maps claims to the group no more, which takes out who logs in next": {
    method: "PATCH",
    path: (of) => `/api/v1/identity-providers/${of.provider}`,
    body: { groups: [] },
  },
};

const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const BY_SOURCE: Readonly<Record<string, Way>> = {
  "disables a user": {
    method: "PATCH",
    path: (of) => `/Users/${of.provisioned}`,
    body: { schemas: [PATCH], Operations: [{ op: "replace", path: "active", value: false }] },
  },
  "replaces a user": {
    method: "PUT",
    path: (of) => `/Users/${of.provisioned}`,
    body: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: "mine" },
  },
  "deletes a user": { method: "DELETE", path: (of) => `/Users/${of.provisioned}` },
  "takes a user out of a group": {
    method: "PATCH",
    path: (of) => `/Groups/${of.provisionedGroup}`,
    body: { schemas: [PATCH], Operations: [{ op: "remove", path: "members" }] },
  },
};

const bodyOf = ({ body }: Way, of: Admins): object =>
  body === undefined ? {} : { body: typeof body === "function" ? (body as (of: Admins) => object)(of) : body };

describe.each(["role", "group"] as const)("who administers the system by a %s", (how) => {
  const of = () => admins[how] as Admins;
  const refusedBy = async (token: string, way: Way, send: (sent: Sent) => Promise<Response>) => {
    const before = api.fingerprint();
    const { method, path } = way;
    const response = await send({
      method,
      path: path(of()),
      token,
      headers: { "if-match": "*" },
      ...bodyOf(way, of()),
    });
    expect(api.fingerprint(), "something was written").toBe(before);
    return response;
  };

  it.each(Object.entries({ ...WAYS, ...(how === "group" ? OF_GROUP : {}) }))(
    "is safe from an admin of the organization who %s",
    async (_, way) => {
      expect(await outcomeOf(await refusedBy(boss, way, api.send))).toBe("403 access.exceeds");
    },
  );

  it.each(Object.entries(BY_SOURCE))("is safe from a source that %s", async (_, way) => {
    expect((await refusedBy(source.token, way, (sent) => source.send(sent))).status).toBe(403);
  });

  it("is changed by another one who does", async () => {
    const sent = { method: "PATCH", path: `/api/v1/users/${of().user}`, body: { displayName: how } };
    expect((await api.send({ ...sent, headers: { "if-match": "*" } })).status).toBe(200);
  });
});

it("a group of a source that makes somebody administer the system takes nobody from the source", async () => {
  const [one, other] = [await scimMade("User", { userName: "one" }), await scimMade("User", { userName: "other" })];
  const group = await scimMade("Group", { displayName: "roots", members: [{ value: one }] });
  await bind("group", group, "SystemAdmin", SYSTEM);
  const operation = { op: "add", path: "members", value: [{ value: other }] };
  const body = { schemas: [PATCH], Operations: [operation] };
  expect((await source.send({ method: "PATCH", path: `/Groups/${group}`, body })).status).toBe(403);
  expect((await source.send({ method: "DELETE", path: `/Groups/${group}` })).status).toBe(403);
});

it("who is narrowed by a token does not count as one who administers the system", async () => {
  const { secret = "" } = await made("/api/v1/tokens", { name: "narrow", scopes: ["directory:write"] });
  const path = `/api/v1/users/${admins.role?.user}`;
  const sent = { method: "PATCH", path, body: { disabled: true }, headers: { "if-match": "*" }, token: secret };
  expect(await outcomeOf(await api.send(sent))).toBe("403 access.exceeds");
});

it("is acted as by nobody to whom policies allow as much: that can be taken at any time, and a token of that one stays", async () => {
  const text = `permit (principal == Cadastre::ServiceAccount::"${bossId}", action, resource);`;
  const { id = "" } = await made("/api/v1/policies", { name: "almighty", text });
  const principal = { type: "service-account", id: admins.role?.robot };
  const sent = {
    method: "POST",
    path: "/api/v1/tokens",
    body: { name: "x", scopes: ["admin"], principal },
    token: boss,
  };
  const response = await api.send(sent);
  const { detail } = (await response.clone().json()) as { detail: string };
  expect([await outcomeOf(response), detail]).toEqual([
    "403 access.exceeds",
    "it administers the system: only who does changes it",
  ]);
  const gone = { method: "DELETE", path: `/api/v1/policies/${id}`, headers: { "if-match": "*" } };
  expect((await api.send(gone)).status).toBe(204);
});

it("who is forbidden everything by a policy of an admin of the organization is still not that one's to log in as", async () => {
  const { id = "" } = await made("/api/v1/users", { userName: "forbidden" });
  await bind("user", id, "SystemAdmin", SYSTEM);
  const text = `forbid (principal == Cadastre::User::"${id}", action, resource);`;
  await made("/api/v1/policies", { name: "all", text }, boss);
  const body = { provider: admins.role?.provider, subject: "forbidden" };
  const sent = { method: "POST", path: `/api/v1/users/${id}/identities`, body, token: boss };
  expect(await outcomeOf(await api.send(sent))).toBe("403 access.exceeds");
});
