import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { newId } from "@cadastre/contract/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anInstance, aRun, instanceScope } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, outcomeOf, type TestApi } from "./an-api.ts";
import { pathOf } from "./example-requests.ts";

const OTHER = "999988887777";
const [OWN_NAME, OTHER_NAME] = [`aws/${ACCOUNT}`, `aws/${OTHER}`];

let api: TestApi;
/** Tokens that may do everything, limited to an account. */
let own: string;
let other: string;
let credentials: Record<string, string>;
let holds: Record<string, string>;

const idOf = (account: string, n: number) => anInstance(n, { account }).id;

/** Four instances of an account, and then none of them: that is a hold. */
async function anEstateOf(account: string): Promise<void> {
  const { collector } = await api.aReporter({ name: `aws-${account}`, accounts: [account] });
  const scope = instanceScope({ account });
  const resources = [0, 1, 2, 3].map((n) => anInstance(n, { account }));
  for (const some of [resources, []]) {
    await aRun([{ key: scope, resources: some }], { reporter: collector, run: newId("run", api.now()) }).deliver(
      api.context,
    );
  }
}

async function created(path: string, body: object): Promise<Record<string, string>> {
  const response = await api.send({ method: "POST", path, body });
  expect(response.status).toBe(201);
  return (await jsonOf(response)) as Record<string, string>;
}

async function itemsOf(path: string, token = own): Promise<Record<string, string>[]> {
  const { items } = await jsonOf(await api.send({ method: "GET", path, token }));
  return items as Record<string, string>[];
}

beforeAll(async () => {
  api = await anApi({ onFile: true });
  for (const account of [ACCOUNT, OTHER]) await anEstateOf(account);
  const secret = { type: "generic", secret: "s" };
  credentials = {};
  for (const account of [ACCOUNT, OTHER]) {
    const made = await created("/api/v1/credentials", { name: account, provider: "aws", account, secret });
    credentials[account] = made.id ?? "";
  }
  await created("/api/v1/credentials", { name: "of no account", secret });
  const aLimited = (account: string) =>
    created("/api/v1/tokens", { name: account, scopes: ["admin", "credentials:reveal"], accounts: [account] });
  own = (await aLimited(OWN_NAME)).secret ?? "";
  other = (await aLimited(OTHER_NAME)).secret ?? "";
  holds = Object.fromEntries((await itemsOf("/api/v1/discovery/holds", api.admin)).map((one) => [one.account, one.id]));
});
afterAll(() => api.close());

describe("a token that is limited to an account", () => {
  it.each([
    ["/api/v1/resources?limit=200", 4],
    ["/api/v1/resources?kind=instance&region=us-east-1", 4],
    ["/api/v1/search?q=web", 4],
    [`/api/v1/resources?account=${ACCOUNT}`, 4],
    ["/api/v1/accounts", 1],
    ["/api/v1/discovery/status", 1],
    ["/api/v1/discovery/holds", 1],
    ["/api/v1/credentials", 1],
  ])("sees on %s what belongs to it and nothing else", async (path, count) => {
    const mine = await itemsOf(path);
    expect(mine.map((one) => one.account)).toEqual(Array(count).fill(ACCOUNT));
    const all = await itemsOf(path, api.admin);
    const isAsked = path.includes("account=");
    if (!isAsked) expect(all.some((one) => one.account === OTHER)).toBe(true);
  });

  it("pages through what it sees without a gap", async () => {
    const seen: string[] = [];
    let cursor = "";
    do {
      const path = `/api/v1/resources?limit=1${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page = await jsonOf(await api.send({ method: "GET", path, token: own }));
      seen.push(...(page.items as { id: string }[]).map((one) => one.id));
      cursor = (page.cursor as string | undefined) ?? "";
    } while (cursor !== "");
    expect(seen.sort()).toEqual([0, 1, 2, 3].map((n) => idOf(ACCOUNT, n)));
  });

  it("is answered of what others have as of what is not there, and changes nothing of it", async () => {
    const resource = encodeURIComponent(idOf(OTHER, 1));
    const hold = holds[OTHER] ?? "";
    const secret = credentials[OTHER] ?? "";
    const ifMatch = { "if-match": "*" };
    const requests: [string, string, object?][] = [
      ["GET", `/api/v1/resources/${resource}`],
      ["GET", `/api/v1/resources/${resource}/history`],
      ["PATCH", `/api/v1/resources/${resource}`, { notes: "mine" }],
      ["GET", `/api/v1/accounts/${OTHER_NAME}`],
      ["PATCH", `/api/v1/accounts/${OTHER_NAME}`, { tier: "gold" }],
      ["DELETE", `/api/v1/accounts/${OTHER_NAME}`],
      ["POST", `/api/v1/discovery/holds/${hold}/approve`, {}],
      ["POST", `/api/v1/discovery/holds/${hold}/reject`, {}],
      ["GET", `/api/v1/credentials/${secret}`],
      ["DELETE", `/api/v1/credentials/${secret}`],
    ];
    const before = api.dump();
    const absent = (path: string) =>
      path
        .replace(resource, encodeURIComponent(idOf(OTHER, 77)))
        .replace(OTHER_NAME, "aws/000000000000")
        .replace(hold, newId("hold", api.now()))
        .replace(secret, newId("credential", api.now()));
    for (const [method, path, body] of requests) {
      const answer = async (at: string, token: string) => {
        const sent = { method, path: at, token, headers: ifMatch, ...(body ? { body } : {}) };
        const { requestId: _, ...problem } = await jsonOf(await api.send(sent));
        return problem;
      };
      const hidden = await answer(path, own);
      expect(hidden.status, `${method} ${path}`).toBe(404);
      expect(hidden).toEqual(await answer(absent(path), own));
    }
    expect(api.dump()).toBe(before);
  });

  it("reads the secret of its own credential, and of another's leaves a record of having tried", async () => {
    const reveal = (account: string, token: string) =>
      api.send({ method: "POST", path: `/api/v1/credentials/${credentials[account]}/reveal`, token, body: {} });
    expect((await reveal(ACCOUNT, own)).status).toBe(200);
    expect(await outcomeOf(await reveal(ACCOUNT, other))).toBe("404 credential.not_found");
    const [last] = await itemsOf("/api/v1/audit?action=credential.reveal&limit=1", api.admin);
    expect(last).toMatchObject({ outcome: "failed", resource: { id: credentials[ACCOUNT] } });
  });

  it("makes nothing that belongs elsewhere", async () => {
    const post = async (path: string, body: object) =>
      outcomeOf(await api.send({ method: "POST", path, token: own, body }));
    expect(await post("/api/v1/accounts", { provider: "aws", account: "1" })).toBe("403 auth.forbidden");
    const secret = { type: "generic", secret: "s" };
    expect(await post("/api/v1/credentials", { name: "x", secret })).toBe("403 auth.forbidden");
    const elsewhere = { name: "x", secret, provider: "aws", account: OTHER };
    expect(await post("/api/v1/credentials", elsewhere)).toBe("403 auth.forbidden");
    const token = { name: "x", scopes: ["resources:read"] };
    expect(await post("/api/v1/tokens", { ...token, accounts: [OTHER_NAME] })).toBe("403 token.scope");
  });

  it("gives its limits on, and sees only tokens that have no others", async () => {
    const body = { name: "child", scopes: ["resources:read"] };
    const made = await jsonOf(await api.send({ method: "POST", path: "/api/v1/tokens", token: own, body }));
    expect(made.accounts).toEqual([OWN_NAME]);
    expect((await itemsOf("/api/v1/resources", made.secret as string)).map((one) => one.account)).toEqual(
      Array(4).fill(ACCOUNT),
    );
    for (const one of await itemsOf("/api/v1/tokens")) expect(one.accounts).toEqual([OWN_NAME]);
  });

  it("may do nothing that concerns all accounts, whatever its scopes are", async () => {
    const everybodys = ENDPOINTS.filter(
      ({ access }) => access.kind === "operator" && ["audit", "collector", "trigger", "run"].includes(access.resource),
    );
    expect(everybodys.length).toBeGreaterThan(7);
    for (const endpoint of everybodys) {
      const body = endpoint.method === "GET" ? {} : { body: {} };
      const sent = { method: endpoint.method, path: pathOf(endpoint), token: own, ...body };
      expect(await outcomeOf(await api.send(sent)), endpoint.name).toBe("403 auth.forbidden");
    }
  });
});
