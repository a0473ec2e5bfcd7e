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
    () => client.resources.get(ARN),
    aResource,
    "GET /api/v1/resources/arn%3Aaws%3Aec2%3Aus-east-1%3A123456789012%3Ainstance%2Fi-1",
  ],
  [
    "lists resources by filters",
    () => client.resources.list({ kind: "instance", tag: "env=prod", ip: "10.1.2.5", limit: 5 }),
    { items: [aResource] },
    "GET /api/v1/resources?kind=instance&tag=env%3Dprod&ip=10.1.2.5&limit=5",
  ],
  [
    "reads a resource's history",
    () => client.resources.history("res_1").list(),
    { items: [anEvent] },
    "GET /api/v1/resources/res_1/history",
  ],
  [
    "changes notes at a version",
    () => client.resources.patch("res_1", { notes: "n" }, 3),
    aResource,
    "PATCH /api/v1/resources/res_1",
    { body: { notes: "n" }, headers: { "if-match": '"3"' } },
  ],
  [
    "searches",
    () => client.search.list({ q: "kind:instance web*" }),
    { items: [aResource] },
    "GET /api/v1/search?q=kind%3Ainstance+web*",
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
    () => client.holds.approve(aHold.id, 4, "moved"),
    aHold,
    `POST /api/v1/discovery/holds/${aHold.id}/approve`,
    { body: { reason: "moved" }, headers: { "if-match": '"4"' } },
  ],
  [
    "rejects a hold at a version",
    () => client.holds.reject(aHold.id, 4),
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
  ["gets a collector", () => client.collectors.get("col_1"), aCollector, "GET /api/v1/collectors/col_1"],
  [
    "registers a collector once",
    () => client.collectors.create({ name: "aws", providers: ["aws"], accounts: ["*"], publicKey: "pem" }),
    aCollector,
    "POST /api/v1/collectors",
    { headers: { "idempotency-key": expect.stringMatching(/^[0-9a-f-]{36}$/) } },
  ],
  [
    "approves a collector",
    () => client.collectors.approve("col_1", 1),
    aCollector,
    "POST /api/v1/collectors/col_1/approve",
    { headers: { "if-match": '"1"' } },
  ],
  [
    "rejects a collector",
    () => client.collectors.reject("col_1", 1),
    aCollector,
    "POST /api/v1/collectors/col_1/reject",
    { headers: { "if-match": '"1"' } },
  ],
  [
    "revokes a collector",
    () => client.collectors.revoke("col_1", 1),
    aCollector,
    "POST /api/v1/collectors/col_1/revoke",
    { headers: { "if-match": '"1"' } },
  ],
  [
    "changes a collector",
    () => client.collectors.patch("col_1", { credential: null }, 2),
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
    () => client.accounts.get("aws", "123456789012"),
    anAccount,
    "GET /api/v1/accounts/aws/123456789012",
  ],
  [
    "creates an account once",
    () => client.accounts.create({ provider: "aws", account: "123456789012" }, "key-1"),
    anAccount,
    "POST /api/v1/accounts",
    { headers: { "idempotency-key": "key-1" } },
  ],
  [
    "changes an account at a version",
    () => client.accounts.patch("aws", "1", { tier: "1" }, 7),
    anAccount,
    "PATCH /api/v1/accounts/aws/1",
    { body: { tier: "1" }, headers: { "if-match": '"7"' } },
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
  ["gets a credential", () => client.credentials.get("crd_1"), aCredential, "GET /api/v1/credentials/crd_1"],
  [
    "stores a credential once",
    () => client.credentials.create({ name: "reader", secret: SECRET }),
    aCredential,
    "POST /api/v1/credentials",
    { headers: { "idempotency-key": expect.any(String) } },
  ],
  [
    "reveals a credential",
    () => client.credentials.reveal("crd_1", "incident"),
    { ...aCredential, secret: SECRET },
    "POST /api/v1/credentials/crd_1/reveal",
    { body: { reason: "incident" } },
  ],
  [
    "lists audit records",
    () => client.audit.list({ action: "a.b" }),
    { items: [anAuditRecord] },
    "GET /api/v1/audit?action=a.b",
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

  test.each<Case>([
    [
      "an account",
      () => client.accounts.remove("aws", "1", 2),
      undefined,
      "DELETE /api/v1/accounts/aws/1",
      { headers: { "if-match": '"2"' } },
    ],
    ["a token", () => client.tokens.revoke("tok_1"), undefined, "DELETE /api/v1/tokens/tok_1"],
    ["a credential", () => client.credentials.revoke("crd_1"), undefined, "DELETE /api/v1/credentials/crd_1"],
  ])("removes %s, whether the API answers with or without a body", async (_, call, __, request, more = {}) => {
    for (const answer of [{ status: 204 }, { body: { any: "thing" } }]) {
      answers.push(answer);
      expect(await call()).toBeUndefined();
      const last = received.at(-1);
      expect(`${last?.method} ${last?.path}`).toBe(request);
      expect(last).toMatchObject(more);
    }
  });

  test("asks one collector or all of them for a run", async () => {
    answers.push({ body: { items: [aTrigger] } }, { body: { items: [] } });
    expect(await client.trigger("aws")).toEqual([aTrigger]);
    expect(await client.trigger()).toEqual([]);
    expect(received.map((request) => request.body)).toEqual([{ collector: "aws" }, {}]);
  });

  test("walks a list to its end, page by page, keeping its filters", async () => {
    const page = (name: string, cursor?: string) => ({ body: { items: [{ ...aResource, name }], cursor } });
    answers.push(page("a", "c1"), page("b", "c2"), page("c"));
    const names: string[] = [];
    for await (const { name } of client.resources.iterate({ kind: "instance", limit: 1 })) names.push(name);
    expect(names).toEqual(["a", "b", "c"]);
    expect(received.map((request) => new URL(request.path, stub.baseUrl).search)).toEqual([
      "?kind=instance&limit=1",
      "?kind=instance&limit=1&cursor=c1",
      "?kind=instance&limit=1&cursor=c2",
    ]);
  });

  test("asks for no page that is not consumed", async () => {
    answers.push({ body: { items: [aResource, aResource], cursor: "c1" } });
    for await (const one of client.search.iterate({ q: "web" })) {
      expect(one.name).toBe("web");
      break;
    }
    expect(received.length).toBe(1);
  });

  test("does not walk in a circle when a cursor repeats", async () => {
    answers.push({ body: { items: [], cursor: "c1" } }, { body: { items: [], cursor: "c1" } });
    await expect(client.tokens.iterate().next()).rejects.toThrow("GET /api/v1/tokens repeats its cursor");
  });
});
