import { aCollector, aKey } from "@cadastre/core/access/testing";
import { listAudit } from "@cadastre/core/audit/list";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anApi, jsonOf, type TestApi } from "./an-api.ts";
import { ACCOUNT_BODY, CREDENTIAL_BODY } from "./scenarios.ts";

let api: TestApi;
beforeEach(async () => {
  api = await anApi({ onFile: true });
});
afterEach(() => api.close());

const key = (value: string) => ({ "idempotency-key": value });
const post = (path: string, body: unknown, value: string, token?: string) =>
  api.send({ method: "POST", path, body, headers: key(value), ...(token === undefined ? {} : { token }) });
const made = async (action: string) => {
  const { items } = await listAudit(api.context, { limit: 200, action });
  return items.filter(({ outcome }) => outcome === "done").length;
};

describe.each([
  ["an account", "/api/v1/accounts", () => ACCOUNT_BODY, "account.create", ["provider", "account"]],
  ["a collector", "/api/v1/collectors", () => aCollector(aKey()), "collector.register", ["id"]],
  ["a credential", "/api/v1/credentials", () => CREDENTIAL_BODY, "credential.create", ["id"]],
] as const)("creating %s under an Idempotency-Key", (_, path, bodyOf, action, identity) => {
  it("is done once, and a repeat is answered with what was created", async () => {
    const body = bodyOf();
    const [first, second] = [await post(path, body, "one"), await post(path, body, "one")];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect([first, second].map((one) => one.headers.get("idempotency-replayed"))).toEqual([null, "true"]);
    const [before, after] = [await jsonOf(first), await jsonOf(second)];
    for (const member of identity) expect(after[member]).toBe(before[member]);
    expect(await made(action)).toBe(1);
  });

  it("is done once by ten requests at the same time, and all are told the same", async () => {
    const body = bodyOf();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(path, body, "one")));
    expect(answers.map((one) => one.status)).toEqual(Array(10).fill(201));
    const bodies = await Promise.all(answers.map(jsonOf));
    expect(new Set(bodies.map((one) => identity.map((member) => one[member]).join("/"))).size).toBe(1);
    expect(answers.filter((one) => one.headers.get("idempotency-replayed") === null)).toHaveLength(1);
    expect(await made(action)).toBe(1);
  });

  it("is refused with another body under the same key", async () => {
    await post(path, bodyOf(), "one");
    const other = await post(path, { ...bodyOf(), name: "other" }, "one");
    expect(await jsonOf(other)).toMatchObject({ status: 422, code: "request.idempotency_reused" });
    expect(await made(action)).toBe(1);
  });
});

describe("an Idempotency-Key", () => {
  it("is of one route", async () => {
    await post("/api/v1/accounts", ACCOUNT_BODY, "one");
    const other = await post("/api/v1/credentials", CREDENTIAL_BODY, "one");
    expect(await jsonOf(other)).toMatchObject({ status: 422, code: "request.idempotency_reused" });
  });

  it("is of one caller: another's is another key", async () => {
    const { secret } = await api.aToken(["accounts:write"]);
    await post("/api/v1/accounts", ACCOUNT_BODY, "one");
    const other = await post("/api/v1/accounts", { ...ACCOUNT_BODY, account: "555566667777" }, "one", secret);
    expect(other.status).toBe(201);
    expect(other.headers.get("idempotency-replayed")).toBeNull();
  });

  it("is forgotten after a day", async () => {
    const { secret } = await api.aToken(["accounts:write"], 200_000);
    await post("/api/v1/accounts", ACCOUNT_BODY, "one", secret);
    api.pass(86_401);
    const again = await post("/api/v1/accounts", ACCOUNT_BODY, "one", secret);
    expect(await jsonOf(again)).toMatchObject({ status: 409, code: "account.exists" });
  });

  it("of a creation that failed can be used again", async () => {
    const { secret } = await api.aToken(["collectors:write"]);
    const body = { ...aCollector(aKey()), publicKey: "no key" };
    expect((await post("/api/v1/collectors", body, "one", secret)).status).toBe(422);
    expect((await post("/api/v1/collectors", aCollector(aKey()), "one", secret)).status).toBe(201);
  });

  it.each(["", "with space", "ä", "x".repeat(256)])("of another form (%j) is refused", async (value) => {
    const headers = { "idempotency-key": encodeURI(value) === value ? value : Buffer.from(value).toString("latin1") };
    const response = await api.send({ method: "POST", path: "/api/v1/accounts", body: ACCOUNT_BODY, headers });
    expect(await jsonOf(response)).toMatchObject({
      status: 422,
      code: "request.invalid",
      errors: [{ path: "Idempotency-Key" }],
    });
  });
});

describe("a token under an Idempotency-Key", () => {
  it("is made once; a repeat says which, without its secret", async () => {
    const body = { name: "ci", scopes: ["resources:read"] };
    const first = await jsonOf(await post("/api/v1/tokens", body, "one"));
    const second = await jsonOf(await post("/api/v1/tokens", body, "one"));
    expect(second).toMatchObject({ status: 409, code: "request.conflict", token: first.id });
    expect(JSON.stringify(second)).not.toContain(String(first.secret).slice(31));
    expect(api.dump()).not.toContain(String(first.secret).slice(31));
  });
});

describe("a rotation under an Idempotency-Key", () => {
  it("is done once, also by ten at the same time; a repeat says what was made, without its secret", async () => {
    const { id } = await api.aToken(["resources:read"]);
    const path = `/api/v1/tokens/${id}/rotate`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => jsonOf(await post(path, { overlapSeconds: 60 }, "turn"))),
    );
    const made = answers.filter(({ secret }) => secret !== undefined);
    expect(made.length).toBe(1);
    for (const again of answers.filter((one) => one !== made[0]))
      expect(again).toMatchObject({ status: 409, code: "request.conflict", token: made[0]?.id });
    expect(api.dump()).not.toContain(String(made[0]?.secret).slice(31));
  });
});

describe("a trigger under an Idempotency-Key", () => {
  it("is stored once, and a repeat answers the same", async () => {
    await api.aReporter();
    const [first, second] = [
      await jsonOf(await post("/api/v1/discovery/trigger", {}, "one")),
      await jsonOf(await post("/api/v1/discovery/trigger", {}, "one")),
    ];
    expect(first.items).toHaveLength(1);
    expect(second).toEqual(first);
    expect(await made("discovery.trigger")).toBe(1);
    expect(api.published.flat().map((one) => one.name)).toEqual(["aws-main", "aws-main"]);
  });
});
