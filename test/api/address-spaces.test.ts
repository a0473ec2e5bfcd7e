import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import type { Role } from "@cadastre/contract/principal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCOUNT, anApi, jsonOf, outcomeOf, type TestApi } from "./an-api.ts";

const SPACES = "/api/v1/addressspaces";
const MISSING = "spc_01JD0000000000000000000000";

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
const everywhere = () => ({ type: "organization", id: api.context.organization });
const namesOf = async (query: string, sent: Sent = {}) => {
  const { items } = (await jsonOf(await get(`${SPACES}?${query}`, sent))) as { items: SpaceView[] };
  return items.map(({ name }) => name);
};

describe("an address space", () => {
  it("is made, read, replaced as it was seen, and listed", async () => {
    const one = await aSpace({ description: "all of it", routeDistinguisher: "65000:100" });
    expect(one).toEqual({
      id: expect.stringMatching(/^spc_/),
      name: one.name,
      description: "all of it",
      routeDistinguisher: "65000:100",
      rules: [],
      importPolicy: "approval",
      createdOn: api.now().toISOString(),
      createdBy: expect.stringContaining("user:"),
      modifiedOn: api.now().toISOString(),
      version: one.version,
    });
    const path = `${SPACES}/${one.id}`;
    const read = await get(path);
    expect([await jsonOf(read), read.headers.get("etag")]).toEqual([one, `"${one.version}"`]);
    api.pass(60);
    const next = await put(path, { name: "Renamed" }, one.version);
    const answer = await jsonOf(next);
    expect(answer).toMatchObject({ name: "Renamed", description: "", modifiedOn: api.now().toISOString() });
    expect(answer.routeDistinguisher).toBeUndefined();
    expect(await outcomeOf(await put(path, { name: "Late" }, one.version))).toBe("412 request.precondition_failed");
    expect(await outcomeOf(await api.send({ method: "PUT", path, body: { name: "x" } }))).toBe(
      "428 request.precondition_required",
    );
    const same = await jsonOf(await put(path, { name: "Renamed" }, answer.version));
    expect(same.version).toBe(answer.version);
    expect(await namesOf("name=RENAMED")).toEqual(["Renamed"]);
  });

  it("has its name alone, whatever its case, until it has another one", async () => {
    const one = await aSpace({ name: "Alone" });
    expect(await outcomeOf(await post(SPACES, { name: " alone " }))).toBe("409 space.name_taken");
    const other = await aSpace({ name: "Beside" });
    expect(await outcomeOf(await put(`${SPACES}/${other.id}`, { name: "ALONE" }, other.version))).toBe(
      "409 space.name_taken",
    );
    expect((await put(`${SPACES}/${one.id}`, { name: "Elsewhere" }, one.version)).status).toBe(200);
    expect((await put(`${SPACES}/${other.id}`, { name: "ALONE" }, other.version)).status).toBe(200);
    const both = await Promise.all([1, 2, 3].map(() => post(SPACES, { name: "at once" })));
    expect(both.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it("is made once under one key, however often it is asked for", async () => {
    const headers = { "idempotency-key": "space-1" };
    const one = await made(SPACES, { name: "once" }, { headers });
    expect(await made(SPACES, { name: "once" }, { headers })).toEqual(one);
    expect(await outcomeOf(await post(SPACES, { name: "twice" }, { headers }))).toBe("422 request.idempotency_reused");
  });

  it.each<readonly [object]>([
    [{}],
    [{ name: "" }],
    [{ name: "x".repeat(129) }],
    [{ name: "x", unknown: 1 }],
    [{ name: "x", importPolicy: "never" }],
    [{ name: "x", rules: [{ provider: "tls" }] }],
    [{ name: "x", rules: [{ provider: "gcp", network: "default" }] }],
    [{ name: "x", rules: [{ provider: "aws", network: "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1" }] }],
    [
      {
        name: "x",
        rules: [{ provider: "aws", account: "1", network: "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1" }],
      },
    ],
    [{ name: "x", rules: [{ provider: "aws" }, { provider: "aws" }] }],
    [{ name: "x", rules: Array.from({ length: 41 }, (_, n) => ({ provider: "aws", account: `${n}` })) }],
    ...["65000", "65000:", "70000:70000", "4294967296:1", "10.0.0.1:65536", "10.0.0:1", "01:1", "1:01", "::1:1"].map(
      (routeDistinguisher) => [{ name: "x", routeDistinguisher }] as const,
    ),
  ])("is not made of %j", async (body) => {
    expect(await outcomeOf(await post(SPACES, body))).toBe("422 request.invalid");
  });

  it.each(["0:4294967295", "4200000000:65535", "192.0.2.1:65535"])("takes the distinguisher %s", async (text) => {
    await aSpace({ routeDistinguisher: text });
  });

  it("is listed by a part of its name, by when it was made, and page by page", async () => {
    api.pass(3600);
    const start = api.now().toISOString();
    for (const name of ["Page a", "page B", "other c", "page d"]) {
      api.pass(1);
      await aSpace({ name });
    }
    const since = `createdAfter=${start}`;
    expect(await namesOf(since)).toEqual(["Page a", "page B", "other c", "page d"]);
    expect(await namesOf(`${since}&nameContains=PAGE`)).toEqual(["Page a", "page B", "page d"]);
    const third = new Date(Date.parse(start) + 3000).toISOString();
    expect(await namesOf(`${since}&createdBefore=${third}`)).toEqual(["Page a", "page B"]);
    expect(await namesOf(`createdAfter=${third}`)).toEqual(["page d"]);
    expect(await namesOf("createdBefore=1900-01-01")).toEqual([]);
    const first = await jsonOf(await get(`${SPACES}?${since}&nameContains=page&limit=2`));
    const rest = `${since}&nameContains=page&limit=2&cursor=${String(first.cursor)}`;
    expect(await namesOf(rest)).toEqual(["page d"]);
    expect(await outcomeOf(await get(`${SPACES}?${since}&cursor=${String(first.cursor)}`))).toBe("422 cursor.invalid");
    expect(await outcomeOf(await get(`${SPACES}?createdAfter=soon`))).toBe("422 request.invalid");
  });
});

describe("rules", () => {
  it("claim what no other space has, however it is written, and let go of what is left out", async () => {
    const arn = "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-7";
    const short = { provider: "aws", account: ACCOUNT, network: "vpc-7" };
    const one = await aSpace({ rules: [{ provider: "aws", network: arn }] });
    const refused = await post(SPACES, { name: "taken", rules: [{ provider: "aws", account: ACCOUNT }, short] });
    expect(await jsonOf(refused)).toMatchObject({
      code: "space.rule_taken",
      errors: [{ path: "rules[1]", message: expect.stringContaining(one.id) }],
    });
    // Nothing of it was claimed.
    const other = await aSpace({ name: "taken", rules: [{ provider: "aws", account: ACCOUNT }] });
    expect((await put(`${SPACES}/${one.id}`, { name: one.name, rules: [short] }, one.version)).status).toBe(200);
    const { version } = await jsonOf(await get(`${SPACES}/${one.id}`));
    expect((await put(`${SPACES}/${one.id}`, { name: one.name }, version)).status).toBe(200);
    const both = { name: "taken", rules: [{ provider: "aws", account: ACCOUNT }, short] };
    expect((await put(`${SPACES}/${other.id}`, both, other.version)).status).toBe(200);
  });

  it("are only about networks that one may read: who reads the space learns of them", async () => {
    const space = await aSpace();
    const account = { provider: "aws", account: "999988887777" };
    await post("/api/v1/accounts", account);
    const theirs = { type: "account", id: "aws/999988887777" };
    const boss = await someone(["AddressSpaceAdmin", inSpace(space.id)], ["viewer", theirs]);
    const say = (rules: object[]) =>
      put(`${SPACES}/${space.id}`, { name: space.name, rules }, space.version, { token: boss.token });
    expect(await outcomeOf(await say([{ provider: "aws", account: "444455556666" }]))).toBe("403 access.exceeds");
    expect(await outcomeOf(await say([{ provider: "gcp" }]))).toBe("403 access.exceeds");
    expect((await say([account])).status).toBe(200);
  });
});

describe("who may what in which address space", () => {
  it("follows from roles there: only these are listed, and there, and all else is as if it were not", async () => {
    const [one, other] = [await aSpace(), await aSpace()];
    const viewer = await someone(["AddressSpaceViewer", inSpace(one.id)]);
    const token = viewer.token;
    expect(await namesOf("", { token })).toEqual([one.name]);
    expect(await namesOf(`name=${other.name}`, { token })).toEqual([]);
    expect((await get(`${SPACES}/${one.id}`, { token })).status).toBe(200);
    const change = (id: string) => put(`${SPACES}/${id}`, { name: "x" }, 1, { token });
    expect(await outcomeOf(await change(one.id))).toBe("403 auth.forbidden");
    expect(await outcomeOf(await change(other.id))).toBe("404 space.not_found");
    expect(await outcomeOf(await post(SPACES, { name: "mine" }, { token }))).toBe("403 auth.forbidden");
    const nobody = await someone();
    expect(await outcomeOf(await get(`${SPACES}/${one.id}`, nobody))).toBe("403 auth.forbidden");
    expect(await outcomeOf(await get(SPACES, nobody))).toBe("403 auth.forbidden");
  });

  it("an admin of one changes that one, makes no other, and gives its roles to nobody", async () => {
    const one = await aSpace();
    const { token } = await someone(["AddressSpaceAdmin", inSpace(one.id)]);
    expect((await put(`${SPACES}/${one.id}`, { name: "changed" }, one.version, { token })).status).toBe(200);
    expect(await outcomeOf(await post(SPACES, { name: "another" }, { token }))).toBe("403 auth.forbidden");
  });

  it("policies keep single ones back, by head or condition, or permit them; pages tell nothing of what is hidden", async () => {
    const spaces = [await aSpace(), await aSpace(), await aSpace()];
    const [one, other, third] = spaces.map(({ id }) => id);
    const robot = await someone(["AddressSpaceAdmin", everywhere()]);
    const stranger = await someone();
    const READ = 'action == Cadastre::Action::"addresses:read"';
    const who = `principal == Cadastre::ServiceAccount::"${robot.id}"`;
    const text = [
      `forbid (${who}, action, resource == Cadastre::AddressSpace::"${one}");`,
      `forbid (${who}, ${READ}, resource) when { resource in [Cadastre::AddressSpace::"${other}"] };`,
      `permit (principal == Cadastre::ServiceAccount::"${stranger.id}", ${READ}, resource == Cadastre::AddressSpace::"${third}");`,
    ].join("\n");
    const { id } = await made("/api/v1/policies", { name: "spaces", text });
    const { token } = robot;
    const all = await namesOf("limit=200");
    const hidden = spaces.slice(0, 2).map(({ name }) => name);
    expect(await namesOf("limit=200", { token })).toEqual(all.filter((name) => !hidden.includes(name)));
    expect(await namesOf("", { token: stranger.token })).toEqual([spaces[2]?.name]);
    expect(await outcomeOf(await get(`${SPACES}/${one}`, { token }))).toBe("404 space.not_found");
    expect(await outcomeOf(await get(`${SPACES}/${other}`, { token }))).toBe("404 space.not_found");
    // What one may change and not read is there to be changed.
    const changed = await put(`${SPACES}/${other}`, { name: "blind" }, spaces[1]?.version, { token });
    expect(changed.status).toBe(200);
    const explain = async (principal: string, space = "") => {
      const query = new URLSearchParams({
        principal: `service-account/${principal}`,
        action: "addresses:read",
        resource: `address-space/${space}`,
      });
      return (await jsonOf(await get(`/api/v1/access/explain?${query.toString()}`))).decision;
    };
    expect(await Promise.all([explain(robot.id, one), explain(robot.id, third), explain(stranger.id, third)])).toEqual([
      "deny",
      "allow",
      "allow",
    ]);
    const what = await jsonOf(await get(`/api/v1/access/what-can?principal=service-account/${stranger.id}`));
    expect(what.items).toEqual([{ resource: `address-space/${third}`, actions: ["addresses:read"] }]);
    const query = new URLSearchParams({ action: "addresses:read", resource: `address-space/${third}`, limit: "200" });
    const { items } = (await jsonOf(await get(`/api/v1/access/who-can?${query.toString()}`))) as {
      items: { principal: string }[];
    };
    const principals = items.map(({ principal }) => principal);
    expect(principals).toEqual(
      expect.arrayContaining([`service-account/${stranger.id}`, `service-account/${robot.id}`]),
    );
    expect((await api.send({ method: "DELETE", path: `/api/v1/policies/${id}` })).status).toBe(204);
  });

  it("tokens that are limited to accounts reach none, and roles are bound to none that is not there", async () => {
    const one = await aSpace();
    const { secret } = await made<{ secret: string }>("/api/v1/tokens", {
      name: "narrow",
      scopes: ["admin"],
      accounts: [`aws/${ACCOUNT}`],
    });
    expect(await outcomeOf(await get(`${SPACES}/${one.id}`, { token: secret }))).toBe("403 auth.forbidden");
    const { id } = await someone();
    const principal = { type: "service-account", id };
    const bind = (space: string, role: Role) =>
      post("/api/v1/role-bindings", { principal, role, resource: inSpace(space) });
    expect(await outcomeOf(await bind(MISSING, "AddressSpaceViewer"))).toBe("422 request.invalid");
    expect(await outcomeOf(await bind(one.id, "viewer"))).toBe("422 request.invalid");
    expect((await bind(one.id, "AddressSpaceViewer")).status).toBe(201);
  });

  it("nobody gets by another's token, or by a policy that goes, into a space that he may not read", async () => {
    const one = await aSpace();
    const admin = await someone(["admin", everywhere()]);
    const insider = await someone(["AddressSpaceViewer", inSpace(one.id)]);
    const text = `forbid (principal == Cadastre::ServiceAccount::"${admin.id}", action, resource in Cadastre::AddressSpace::"${one.id}");`;
    const { id } = await made("/api/v1/policies", { name: "kept", text });
    const { token } = admin;
    const take = { name: "x", scopes: ["admin"], principal: { type: "service-account", id: insider.id } };
    expect(await outcomeOf(await post("/api/v1/tokens", take, { token }))).toBe("403 access.exceeds");
    const path = `/api/v1/policies/${id}`;
    expect(await outcomeOf(await api.send({ method: "DELETE", path, token }))).toBe("403 access.exceeds");
    expect((await api.send({ method: "DELETE", path })).status).toBe(204);
  });

  const BELOW = ENDPOINTS.filter(({ path }) => path.startsWith(`${SPACES}/{spaceId}`));
  it.each(BELOW.map((one) => [one.name, one] as const))(
    "%s says of a space that may not be known of what it says of one that is not there",
    async (_, endpoint) => {
      expect(endpoint.access).toMatchObject({ kind: "operator", resource: "address-space" });
      const [hidden, own] = [await aSpace(), await aSpace()];
      const limited = await someone(["AddressSpaceAdmin", inSpace(own.id)]);
      const kept = await someone(["AddressSpaceAdmin", everywhere()]);
      const text = `forbid (principal == Cadastre::ServiceAccount::"${kept.id}", action, resource == Cadastre::AddressSpace::"${hidden.id}");`;
      const { id } = await made("/api/v1/policies", { name: "hidden", text });
      const { method, example = {}, ifMatch } = endpoint;
      const ask = async (space: string, token: string, body: unknown, headers: Record<string, string>) => {
        const params: Record<string, string> = { ...example.params, spaceId: space };
        const plain = endpoint.path.replace(/\{(\w+)\+?\}/g, (__, name: string) => params[name] ?? "");
        const query = Object.entries(example.query ?? {}).flatMap(([name, value]) =>
          (typeof value === "string" ? [value] : value).map((one): [string, string] => [name, one]),
        );
        const path = `${plain}?${new URLSearchParams(query).toString()}`;
        const response = await api.send({ method, path, token, headers, ...(endpoint.body ? { body } : {}) });
        const { requestId, ...answer } = await jsonOf(response);
        const heads = Object.fromEntries(response.headers);
        for (const name of ["x-request-id", "server-timing", "content-length", "date"]) delete heads[name];
        expect(requestId).toEqual(expect.any(String));
        return { status: response.status, heads, answer: JSON.parse(JSON.stringify(answer).replaceAll(space, "")) };
      };
      for (const { token } of [limited, kept]) {
        for (const body of [example.body, { nonsense: true }])
          for (const headers of ifMatch ? [{ "if-match": "*" }, {}] : [{}])
            expect(await ask(hidden.id, token, body, headers)).toEqual(await ask(MISSING, token, body, headers));
        const { answer } = await ask(hidden.id, token, example.body, ifMatch ? { "if-match": "*" } : {});
        expect(answer.code).toBe("space.not_found");
      }
      expect((await api.send({ method: "DELETE", path: `/api/v1/policies/${id}` })).status).toBe(204);
    },
  );
});
