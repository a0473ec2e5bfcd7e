import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, createClient } from "./client.ts";
import {
  ARN,
  aCollector,
  aCredential,
  aHold,
  anAccount,
  anAuditRecord,
  anEvent,
  aResource,
  aScope,
  aToken,
  aTrigger,
  SECRET,
} from "./testing/builders.ts";
import { type Stub, startStub } from "./testing/stub.ts";

let stub: Stub;
let client: Client;
let received: Stub["received"];
let answers: Stub["answers"];

beforeEach(async () => {
  stub = await startStub();
  ({ received, answers } = stub);
  client = createClient({ baseUrl: stub.baseUrl, token: "cad_token" });
});
afterEach(() => stub.close());

type Case = [name: string, call: () => Promise<unknown>, answer: unknown, request: string, more?: object];

const cases: Case[] = [
  [
    "gets a resource",
    () => client.resources.get({ id: ARN }),
    aResource,
    "GET /api/v1/resources/arn%3Aaws%3Aec2%3Aus-east-1%3A123456789012%3Ainstance%2Fi-1",
  ],
  [
    "lists resources by filters",
    () => client.resources.list({ kind: "instance", tag: ["env=prod"], ip: "10.1.2.5", limit: 5 }),
    { items: [aResource] },
    "GET /api/v1/resources?kind=instance&tag=env%3Dprod&ip=10.1.2.5&limit=5",
  ],
  [
    "reads a resource's history",
    () => client.resources.history({ id: "res_1" }),
    { items: [anEvent] },
    "GET /api/v1/resources/res_1/history",
  ],
  [
    "changes notes at a version",
    () => client.resources.annotate({ id: "res_1", notes: "n", version: 3 }),
    aResource,
    "PATCH /api/v1/resources/res_1",
    { body: { notes: "n" }, headers: { "if-match": '"3"' } },
  ],
  [
    "searches",
    () => client.resources.search({ q: "kind:instance web*" }),
    { items: [{ ...aResource, type: "resource" }] },
    "GET /api/v1/search?q=kind%3Ainstance+web*",
  ],
  [
    "counts",
    () => client.resources.counts({ by: ["kind", "region"], status: "any" }),
    {
      items: [{ kind: "instance", region: "us-east-1", count: 3 }],
      coverage: { complete: true, gaps: 0, some: [] },
    },
    "GET /api/v1/counts?by=kind&by=region&status=any",
  ],
  [
    "asks what is related",
    () => client.resources.related({ id: "res_1" }),
    { items: [{ relation: "in-network", direction: "from", id: aResource.id, resource: aResource }] },
    "GET /api/v1/resources/res_1/related",
  ],
  [
    "lists scopes",
    () => client.scopes.list({ status: "failed" }),
    { items: [aScope] },
    "GET /api/v1/discovery/status?status=failed",
  ],
  [
    "lists holds",
    () => client.holds.list({ state: "pending" }),
    { items: [aHold] },
    "GET /api/v1/discovery/holds?state=pending",
  ],
  [
    "approves a hold at a version",
    () => client.holds.approve({ id: aHold.id, version: 4, reason: "moved" }),
    aHold,
    `POST /api/v1/discovery/holds/${aHold.id}/approve`,
    { body: { reason: "moved" }, headers: { "if-match": '"4"' } },
  ],
  [
    "rejects a hold at a version",
    () => client.holds.reject({ id: aHold.id, version: 4 }),
    aHold,
    `POST /api/v1/discovery/holds/${aHold.id}/reject`,
    { body: {}, headers: { "if-match": '"4"' } },
  ],
  [
    "lists collectors",
    () => client.collectors.list({ state: "pending" }),
    { items: [aCollector] },
    "GET /api/v1/collectors?state=pending",
  ],
  ["gets a collector", () => client.collectors.get({ id: "col_1" }), aCollector, "GET /api/v1/collectors/col_1"],
  [
    "registers a collector once",
    () => client.collectors.register({ name: "aws", providers: ["aws"], accounts: ["*"], publicKey: "pem" }),
    aCollector,
    "POST /api/v1/collectors",
    { headers: { "idempotency-key": expect.stringMatching(/^[0-9a-f-]{36}$/) } },
  ],
  [
    "approves a collector",
    () => client.collectors.approve({ id: "col_1", version: 1 }),
    aCollector,
    "POST /api/v1/collectors/col_1/approve",
    { headers: { "if-match": '"1"' } },
  ],
  [
    "rejects a collector",
    () => client.collectors.reject({ id: "col_1", version: 1 }),
    aCollector,
    "POST /api/v1/collectors/col_1/reject",
    { headers: { "if-match": '"1"' } },
  ],
  [
    "revokes a collector",
    () => client.collectors.revoke({ id: "col_1", version: 1 }),
    aCollector,
    "POST /api/v1/collectors/col_1/revoke",
    { headers: { "if-match": '"1"' } },
  ],
  [
    "changes a collector",
    () => client.collectors.patch({ id: "col_1", credential: null, version: 2 }),
    aCollector,
    "PATCH /api/v1/collectors/col_1",
    { body: { credential: null }, headers: { "if-match": '"2"' } },
  ],
  [
    "lists accounts",
    () => client.accounts.list({ tier: "gold" }),
    { items: [anAccount] },
    "GET /api/v1/accounts?tier=gold",
  ],
  [
    "gets an account",
    () => client.accounts.get({ provider: "aws", account: "123456789012" }),
    anAccount,
    "GET /api/v1/accounts/aws/123456789012",
  ],
  [
    "creates an account once",
    () => client.accounts.create({ provider: "aws", account: "123456789012", idempotencyKey: "key-1" }),
    anAccount,
    "POST /api/v1/accounts",
    { headers: { "idempotency-key": "key-1" } },
  ],
  [
    "changes an account at a version",
    () => client.accounts.patch({ provider: "aws", account: "1", tier: "1", version: 7 }),
    anAccount,
    "PATCH /api/v1/accounts/aws/1",
    { body: { tier: "1" }, headers: { "if-match": '"7"' } },
  ],
  [
    "revokes a token and leaves those that were made with it",
    () => client.tokens.revoke({ id: "tok_1", descendants: false }),
    { ...aToken, descendants: [] },
    "DELETE /api/v1/tokens/tok_1?descendants=false",
  ],
  [
    "revokes a credential",
    () => client.credentials.revoke({ id: "crd_1" }),
    aCredential,
    "DELETE /api/v1/credentials/crd_1",
  ],
  ["lists tokens", () => client.tokens.list(), { items: [aToken] }, "GET /api/v1/tokens"],
  [
    "creates a token once and answers its secret",
    () => client.tokens.create({ name: "ci", scopes: ["resources:read"] }),
    { ...aToken, secret: "cad_x" },
    "POST /api/v1/tokens",
    { headers: { "idempotency-key": expect.any(String) } },
  ],
  ["lists credentials", () => client.credentials.list(), { items: [aCredential] }, "GET /api/v1/credentials"],
  ["gets a credential", () => client.credentials.get({ id: "crd_1" }), aCredential, "GET /api/v1/credentials/crd_1"],
  [
    "stores a credential once",
    () => client.credentials.create({ name: "reader", secret: SECRET }),
    aCredential,
    "POST /api/v1/credentials",
    { headers: { "idempotency-key": expect.any(String) } },
  ],
  [
    "reveals a credential",
    () => client.credentials.reveal({ id: "crd_1", reason: "incident" }),
    { ...aCredential, secret: SECRET },
    "POST /api/v1/credentials/crd_1/reveal",
    { body: { reason: "incident" } },
  ],
  [
    "lists audit records",
    () => client.audit.list({ action: "token.create" }),
    { items: [anAuditRecord] },
    "GET /api/v1/audit?action=token.create",
  ],
];

describe("the client", () => {
  test.each<Case>(cases)("%s", async (_, call, answer, request, more = {}) => {
    answers.push({ body: answer });
    expect(await call()).toEqual(answer);
    const [only] = received;
    expect(`${only?.method} ${only?.path}`).toBe(request);
    expect(only).toMatchObject({ headers: { authorization: "Bearer cad_token" }, ...more });
  });

  test("removes an account at a version, and is answered nothing", async () => {
    answers.push({ status: 204 });
    expect(await client.accounts.delete({ provider: "aws", account: "1", version: 2 })).toBeUndefined();
    expect(received[0]).toMatchObject({ method: "DELETE", path: "/api/v1/accounts/aws/1" });
    expect(received[0]?.headers["if-match"]).toBe('"2"');
  });

  test("tells what each answer cost, also of what was refused", async () => {
    const costs: unknown[] = [];
    const told = createClient({ baseUrl: stub.baseUrl, token: "t", onCost: (cost) => void costs.push(cost) });
    const headers = { "server-timing": 'app;dur=1.5, reads;desc="2.5", writes;desc="0"' };
    answers.push({ body: { items: [] }, headers }, { status: 404, body: {}, headers }, { body: { items: [] } });
    await told.tokens.list();
    await told.resources.get({ id: "res_1" }).catch(() => undefined);
    await told.tokens.list();
    const cost = { reads: 2.5, writes: 0, milliseconds: 1.5 };
    expect(costs).toEqual([cost, cost]);
  });

  test("asks one collector or all of them for a run", async () => {
    answers.push({ body: { items: [aTrigger] } }, { body: { items: [] } });
    expect(await client.runs.trigger({ collector: "aws" })).toEqual({ items: [aTrigger] });
    expect(await client.runs.trigger()).toEqual({ items: [] });
    expect(received.map((request) => request.body)).toEqual([{ collector: "aws" }, {}]);
  });

  test("walks a list to its end, page by page, keeping its filters", async () => {
    const page = (name: string, cursor?: string) => ({ body: { items: [{ ...aResource, name }], cursor } });
    answers.push(page("a", "c1"), page("b", "c2"), page("c"));
    const names: string[] = [];
    for await (const { name } of client.resources.list.all({ kind: "instance", limit: 1 })) names.push(name);
    expect(names).toEqual(["a", "b", "c"]);
    expect(received.map((request) => new URL(request.path, stub.baseUrl).search)).toEqual([
      "?kind=instance&limit=1",
      "?kind=instance&limit=1&cursor=c1",
      "?kind=instance&limit=1&cursor=c2",
    ]);
  });

  test("asks for no page that is not consumed", async () => {
    const found = { ...aResource, type: "resource" };
    answers.push({ body: { items: [found, found], cursor: "c1" } });
    for await (const one of client.resources.search.all({ q: "web" })) {
      expect(one.name).toBe("web");
      break;
    }
    expect(received.length).toBe(1);
  });

  test("does not walk in a circle when a cursor repeats", async () => {
    answers.push({ body: { items: [], cursor: "c1" } }, { body: { items: [], cursor: "c1" } });
    await expect(client.tokens.list.all().next()).rejects.toThrow("GET /api/v1/tokens repeats its cursor");
  });
});
