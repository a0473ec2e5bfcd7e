import { gzipSync } from "node:zlib";
import { PLAIN_BODY_BYTES, SIGNED_BODY_BYTES, TOKEN_BODY_BYTES } from "@cadastre/api/body";
import type { TestKey } from "@cadastre/core/access/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { anInstance, aRun, instanceScope, type Raw } from "../support/estate.ts";
import { ACCOUNT, anApi, jsonOf, type Signed, type TestApi } from "./an-api.ts";

let api: TestApi;
let key: TestKey;
let before: string;
beforeAll(async () => {
  api = await anApi({ onFile: true });
  key = (await api.aReporter()).key;
});
beforeEach(() => {
  before = api.dump();
});
afterEach(() => {
  // Whatever was wrong, nothing of it was written.
  expect(api.dump()).toBe(before);
});
afterAll(() => api.close());

const DELIVER = { method: "POST", path: "/api/v1/discovery" };
const contract = "cadastre.discovery/v1";

function payload(resources: readonly object[], scope: object = {}, more: object = {}): object {
  return { contract, scopes: [{ ...instanceScope(), status: "complete", ...scope, resources }], ...more };
}

async function refusal(sent: Partial<Signed>) {
  const problem = await jsonOf(await api.sign(key, { ...DELIVER, ...sent }));
  return {
    outcome: `${String(problem.status)} ${String(problem.code)}`,
    errors: problem.errors as { path: string; message: string }[],
    problem,
  };
}

const MB = 1024 * 1024;
const text = (value: string) => new TextEncoder().encode(value);

describe("a body", () => {
  it.each([
    ["empty", ""],
    ["cut off", '{"contract":'],
    ["of another format", "<xml/>"],
    ["with a trailing comma", '{"a":1,}'],
  ])("that is %s is refused, and the error does not repeat it", async (_, body) => {
    const { outcome, problem } = await refusal({ body: text(body) });
    expect(outcome).toBe("400 request.malformed");
    if (body !== "") expect(JSON.stringify(problem)).not.toContain(body);
  });

  it("that is not UTF-8 is refused", async () => {
    const body = new Uint8Array([0x22, 0xff, 0x22]);
    expect(await refusal({ body })).toMatchObject({
      outcome: "400 request.malformed",
      problem: { detail: "the body is not UTF-8" },
    });
  });

  it.each(["text/plain", "application/xml", "application/json; charset=latin1", "multipart/form-data"])(
    "of the type %s is refused",
    async (contentType) => {
      expect((await refusal({ body: {}, contentType })).outcome).toBe("415 request.media_type");
    },
  );

  it("in a compression other than gzip is refused", async () => {
    const headers = { "content-encoding": "br" };
    const response = await api.send({ method: "POST", path: "/api/v1/tokens", body: {}, headers });
    expect(await jsonOf(response)).toMatchObject({ status: 415, code: "request.media_type" });
  });

  it("that says it is gzip and is not is refused", async () => {
    const headers = { "content-encoding": "gzip" };
    const response = await api.send({ method: "POST", path: "/api/v1/tokens", body: {}, headers });
    expect(await jsonOf(response)).toMatchObject({ status: 400, code: "request.malformed" });
  });

  it("larger than a collector may send is refused", async () => {
    const { outcome } = await refusal({ body: new Uint8Array(SIGNED_BODY_BYTES + 1) });
    expect(outcome).toBe("413 request.too_large");
  });

  it("larger than an operator may send is refused, also when its length is not announced", async () => {
    const body = text(JSON.stringify({ name: "x".repeat(TOKEN_BODY_BYTES) }));
    const announced = await api.send({ method: "POST", path: "/api/v1/tokens", body });
    expect(await jsonOf(announced)).toMatchObject({ status: 413, code: "request.too_large" });
    const stream = new Response(body).body;
    const init = { method: "POST", body: stream, duplex: "half", headers: { authorization: `Bearer ${api.admin}` } };
    const streamed = await api.app.request("https://cadastre.test/api/v1/tokens", init as RequestInit);
    expect(await jsonOf(streamed)).toMatchObject({ status: 413, code: "request.too_large" });
  });

  it("that is small and unpacks to 300 MB is refused without unpacking it", async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(300 * MB, " "), { level: 9 }));
    expect(bomb.byteLength).toBeLessThan(MB);
    const memory = process.memoryUsage().arrayBuffers;
    const { outcome } = await refusal({ body: bomb, isCompressed: true });
    expect(outcome).toBe("413 request.too_large");
    expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(100 * MB);
  });

  it("of a collector that unpacks to more than 8 MB is refused", async () => {
    const { outcome } = await refusal({ body: text(`"${"x".repeat(PLAIN_BODY_BYTES)}"`), gzip: true });
    expect(outcome).toBe("413 request.too_large");
  });

  it.each(["null", "[]", '"text"', "17", '{"__proto__":{"contract":"cadastre.discovery/v1"}}'])(
    "that is %s is refused by its form",
    async (body) => {
      expect((await refusal({ body: text(body) })).outcome).toBe("422 discovery.version");
    },
  );
});

describe("the body of an operator", () => {
  const post = async (path: string, body: string | object) => {
    const bytes = typeof body === "string" ? text(body) : body;
    const problem = await jsonOf(await api.send({ method: "POST", path, body: bytes }));
    return { outcome: `${String(problem.status)} ${String(problem.code)}`, errors: problem.errors, problem };
  };
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

  it("with a member that is not known is refused at its place, with what was probably meant", async () => {
    expect(await post("/api/v1/tokens", { name: "ci", scopes: ["audit:read"], expires_in_seconds: 60 })).toMatchObject({
      outcome: "422 request.invalid",
      // Of what is near a secret no name is repeated.
      errors: [{ path: "", message: "has a member that is not known here; did you mean expiresInSeconds?" }],
    });
    expect(await post("/api/v1/accounts", { provider: "aws", account: "1", onwer: "me" })).toMatchObject({
      outcome: "422 request.invalid",
      errors: [{ path: "onwer", message: "is not known here; did you mean owner?" }],
    });
  });

  it("that holds a secret in the wrong place is refused without repeating it", async () => {
    const canary = "canary-5b1d";
    for (const body of [
      { name: "a", secret: { type: "generic", [canary]: "x" } },
      { name: "a", [canary]: 1, secret: { type: "generic", secret: "s" } },
      { name: "a", secret: { type: "generic", secret: "s", [`${canary}\ud800`]: 1 } },
    ]) {
      const { outcome, problem } = await post("/api/v1/credentials", body);
      expect(outcome).toBe("422 request.invalid");
      expect(JSON.stringify([problem, api.lines])).not.toContain(canary);
    }
  });

  it("with half of a surrogate pair in a text is refused with the place", async () => {
    const half = "half \ud83d";
    const message = "has half of a surrogate pair, which is not text";
    expect(await post("/api/v1/accounts", { provider: "aws", account: "1", notes: half })).toMatchObject({
      outcome: "422 request.invalid",
      errors: [{ path: "notes", message }],
    });
    expect(await post("/api/v1/accounts", { provider: "aws", account: "1", regions: ["a", half] })).toMatchObject({
      errors: [{ path: "regions[1]", message }],
    });
    const whole = "whole \u{1f310}";
    expect((await post("/api/v1/accounts", { provider: "azure", account: "1", notes: whole })).errors).toMatchObject([
      { path: "provider" },
    ]);
  });

  it.each([101, 5000, 100_000])("that is nested %d levels deep is refused, on every kind of route", async (levels) => {
    for (const path of ["/api/v1/tokens", "/api/v1/credentials", "/api/v1/discovery/trigger"]) {
      const { outcome, problem } = await post(path, `{"name":${deep(levels - 1)}}`);
      expect([outcome, problem.detail]).toEqual(["400 request.malformed", "the body is nested deeper than 100 levels"]);
    }
    const headers = { "idempotency-key": "deep" };
    const body = text(`{"name":${deep(levels - 1)}}`);
    const keyed = await api.send({ method: "POST", path: "/api/v1/tokens", headers, body });
    expect(keyed.status).toBe(400);
    expect((await refusal({ body: text(`{"contract":${deep(levels - 1)}}`) })).outcome).toBe("400 request.malformed");
  });

  it("that is nested 100 levels deep is refused for its form alone", async () => {
    expect((await post("/api/v1/tokens", `{"name":${deep(99)}}`)).outcome).toBe("422 request.invalid");
  });
});

describe("a discovery payload", () => {
  it("of an unknown major version is refused, whatever its form, and a minor version is taken", async () => {
    for (const version of ["cadastre.discovery/v2", "cadastre.discovery/v2.1", "other/v1", "", 1]) {
      const { outcome, errors } = await refusal({ body: { contract: version, pages: {} } });
      expect([outcome, errors[0]?.path]).toEqual(["422 discovery.version", "contract"]);
    }
    const minor = await refusal({ body: { ...payload([]), contract: `${contract}.7`, scopes: [] } });
    expect(minor.outcome).toBe("422 request.invalid");
    const opened = await refusal({ path: "/api/v1/discovery/runs", body: { contract: "cadastre.discovery/v2" } });
    expect(opened.outcome).toBe("422 discovery.version");
  });

  it("with an unknown kind is refused, and the error lists the kinds", async () => {
    const { outcome, errors } = await refusal({ body: payload([], { kind: "lambda" }) });
    expect(outcome).toBe("422 request.invalid");
    expect(errors).toEqual([{ path: "scopes[0].kind", message: expect.stringContaining("network, subnet, instance") }]);
  });

  it("with an invalid CIDR is refused with its place", async () => {
    const id = `arn:aws:ec2:us-east-1:${ACCOUNT}:subnet/subnet-1`;
    const network = `arn:aws:ec2:us-east-1:${ACCOUNT}:vpc/vpc-1`;
    const subnet = (prefix: string, at: string): object => ({
      id: `${id}${at}`,
      name: "a",
      tags: {},
      attributes: {
        subnetId: `subnet-1${at}`,
        network,
        ownerAccount: ACCOUNT,
        cloudReservedCount: 5,
        blocks: [{ prefix, role: "primary" }],
      },
    });
    const resources = [subnet("10.0.0.0/24", "a"), subnet("10.0.0.1/8", "b")];
    const { outcome, errors } = await refusal({ body: payload(resources, { kind: "subnet" }) });
    expect(outcome).toBe("422 request.invalid");
    expect(errors.map((error) => error.path)).toEqual(["scopes[0].resources[1].attributes.blocks[0].prefix"]);
  });

  it("with a tag of 10,000 characters is refused with its place", async () => {
    const long = anInstance(1, { tags: { note: "x".repeat(10_000) } });
    const { outcome, errors } = await refusal({ body: payload([anInstance(2), long]) });
    expect(outcome).toBe("422 request.invalid");
    expect(errors).toEqual([
      { path: "scopes[0].resources[1].tags.note", message: "a tag's value has at most 1,024 characters" },
    ]);
  });

  it("with half of a surrogate pair is refused with its place, around the resources and in them", async () => {
    const half = "half \ud83d";
    const around = await refusal({ body: payload([], {}, { collectorVersion: half }) });
    expect([around.outcome, around.errors[0]?.path]).toEqual(["422 request.invalid", "collectorVersion"]);
    const inside = await refusal({ body: payload([anInstance(1), anInstance(2, { name: half })]) });
    expect(inside.outcome).toBe("422 request.invalid");
    expect(inside.errors[0]?.path).toContain("resources[1]");
  });

  it("with a thousand faults names the first fifty", async () => {
    const bad = Array.from({ length: 1000 }, (_, n) => ({ ...anInstance(n), attributes: {} }));
    const { outcome, errors } = await refusal({ body: payload(bad) });
    expect([outcome, errors.length]).toEqual(["422 request.invalid", 50]);
  });
});

describe("an upload", () => {
  const scope = `aws/${ACCOUNT}/us-east-1/instance`;

  async function opened(resources: Raw[]): Promise<string> {
    const run = aRun([{ key: instanceScope(), resources }]);
    const answer = await api.sign(key, { method: "POST", path: "/api/v1/discovery/runs", body: run.body() });
    expect(answer.status).toBe(200);
    before = api.dump();
    return run.run;
  }

  const put = (run: string, name: string, shard: string, body: object = { contract, resources: [] }) =>
    refusal({
      method: "PUT",
      path: `/api/v1/discovery/runs/${run}/scopes/${encodeURIComponent(name)}/shards/${shard}`,
      body,
    });

  it("to a scope that was not opened is refused", async () => {
    const run = await opened([anInstance(1)]);
    expect((await put(run, `aws/${ACCOUNT}/eu-west-1/instance`, "0")).outcome).toBe("409 discovery.scope_not_open");
    expect((await put(run, "not-a-scope", "0")).outcome).toBe("409 discovery.scope_not_open");
  });

  it("of a shard that is not wanted, or with other resources than announced, is refused", async () => {
    const run = await opened([anInstance(1)]);
    expect((await put(run, scope, "7")).outcome).toBe("409 discovery.shard_not_wanted");
    const resources = [anInstance(2)];
    expect((await put(run, scope, "0", { contract, resources })).outcome).toBe("422 discovery.digest_mismatch");
  });

  it("to a run or shard that cannot be is refused with the parameter", async () => {
    expect(await put("run_1", scope, "0")).toMatchObject({ outcome: "422 request.invalid", errors: [{ path: "run" }] });
    for (const shard of ["-1", "x", "1.5", "99999999"]) {
      const run = "run_01JD0000000000000000000000";
      expect(await put(run, scope, shard)).toMatchObject({
        outcome: "422 request.invalid",
        errors: [{ path: "shard" }],
      });
    }
  });

  it("of more than 1,000 resources is refused", async () => {
    const run = await opened([anInstance(1)]);
    const resources = Array.from({ length: 1001 }, (_, n) => anInstance(n));
    expect(await put(run, scope, "0", { contract, resources })).toMatchObject({
      outcome: "422 request.invalid",
      errors: [{ path: "resources" }],
    });
  });
});

describe("a query", () => {
  const query = async (path: string) => {
    const problem = await jsonOf(await api.send({ method: "GET", path }));
    const [first] = problem.errors as { path: string }[];
    return `${String(problem.status)} ${String(problem.code)} ${first?.path}`;
  };

  it.each([
    ["/api/v1/resources?limit=0", "422 request.invalid limit"],
    ["/api/v1/resources?limit=100000", "422 request.invalid limit"],
    ["/api/v1/resources?limit=ten", "422 request.invalid limit"],
    ["/api/v1/resources?limit=0x10", "422 request.invalid limit"],
    ["/api/v1/resources?name=%FF", "422 request.invalid name"],
    ["/api/v1/search?q=%ED%A0%80", "422 request.invalid q"],
    ["/api/v1/search?q=web%C3", "422 request.invalid q"],
    ["/api/v1/accounts?owner=%C0%AF", "422 request.invalid owner"],
    ["/api/v1/resources?limit=1e1", "422 request.invalid limit"],
    ["/api/v1/resources?limit=%2010", "422 request.invalid limit"],
    ["/api/v1/resources?limit=10.0", "422 request.invalid limit"],
    ["/api/v1/accounts?cursor=*", "422 request.invalid cursor"],
    ["/api/v1/accounts?tear=gold", "422 request.invalid tear"],
    ["/api/v1/resources?kind=vm", "422 request.invalid kind"],
    ["/api/v1/resources?kind=instance&kind=subnet", "422 request.invalid kind"],
    ["/api/v1/resources?ip=10.0.0.256", "422 query.invalid ip"],
    ["/api/v1/resources?cidr=10.0.0.1/8", "422 query.invalid cidr"],
    ["/api/v1/resources?expiresBefore=soon", "422 query.invalid expiresBefore"],
    ["/api/v1/resources?kind=instance&q=kind:subnet", "422 query.invalid kind"],
    ["/api/v1/search?q=foo:bar", "422 query.invalid q"],
    ["/api/v1/search", "422 request.invalid q"],
    ["/api/v1/audit?since=yesterday", "422 request.invalid since"],
    ["/api/v1/accounts/azure/1", "422 request.invalid provider"],
    ["/api/v1/collectors/col_1", "422 request.invalid id"],
  ])("%s is refused as %s", async (path, outcome) => {
    expect(await query(path)).toBe(outcome);
  });

  it.each([
    ["/api/v1/resources?kind=vm", "did you mean instance?"],
    ["/api/v1/changes?kind=subnets", "did you mean subnet?"],
    ["/api/v1/counts?kind=eip", "did you mean address?"],
    ["/api/v1/discovery/status?kind=cert", "did you mean certificate?"],
    ["/api/v1/discovery/status?status=error", "one of complete, partial, failed, skipped"],
    ["/api/v1/resources?provider=google", "did you mean gcp?"],
    ["/api/v1/search?q=web&sort=expiry", "did you mean expires?"],
    ["/api/v1/changes?type=anotated", "did you mean annotated?"],
    ["/api/v1/audit?action=credential.reveel", "did you mean credential.reveal?"],
    ["/api/v1/audit?actor=foo", "type:id such as user:usr_…, collector:col_…"],
    ["/api/v1/audit?actor=user%3Aann", "type:id such as user:usr_…, collector:col_…"],
    ["/api/v1/resources?tag=%3Dprod", "a tag is key=value"],
    ["/api/v1/resources?owner=", "-has:owner"],
  ])("%s says what is allowed, and was probably meant", async (path, meant) => {
    const problem = await jsonOf(await api.send({ method: "GET", path }));
    expect(problem).toMatchObject({ status: 422, detail: expect.stringContaining(meant) });
  });

  it("with an unknown parameter is refused, since a filter that is ignored would show too much", async () => {
    const problem = await jsonOf(await api.send({ method: "GET", path: "/api/v1/resources?acount=1" }));
    expect([problem.status, problem.code]).toEqual([422, "request.invalid"]);
    expect(problem.detail).toContain("acount");
  });

  it.each([
    "/api/v1/resources",
    "/api/v1/search?q=web",
    "/api/v1/accounts",
    "/api/v1/collectors",
    "/api/v1/tokens",
    "/api/v1/credentials",
    "/api/v1/audit",
    "/api/v1/discovery/status",
    "/api/v1/discovery/holds",
  ])("of %s with a cursor that is none is refused", async (path) => {
    const problem = await jsonOf(
      await api.send({ method: "GET", path: `${path}${path.includes("?") ? "&" : "?"}cursor=bm9uc2Vuc2U` }),
    );
    expect([problem.status, problem.code]).toEqual([422, "cursor.invalid"]);
  });
});
