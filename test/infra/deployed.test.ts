import { changeEntry } from "@cadastre/contract/changes";
import { JOBS } from "@cadastre/core/jobs";
import { PASSWORD } from "@cadastre/core/login/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allowedActions } from "./allowed.ts";
import type { FunctionName } from "./deployed.ts";
import { aRecord, type KeysRecord } from "./stream.ts";
import { type Answer, metricsOf, startWorld, type World } from "./world.ts";

const MEGABYTE = 1_000_000;
const CANARY = "canary7f3a91c0ffee";

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterAll(() => world?.stop());

describe("packed functions", () => {
  test.each([
    // Common passwords and the libraries of passkeys and of OpenID Connect, 0.9 MB, are loaded when somebody has to do with them.
    // So is what belongs to address space, with files of all forms, 0.5 MB.
    ["api", 1.3, 2.85],
    ["vault", 1.3, 2.85],
    // What works out who is in which address space comes with the search, 0.1 MB, and is loaded when it has something to do.
    ["jobs", 1, 1.25],
    ["feed", 1, 1],
    ["admin-token", 1, 1],
    ["collect-aws", 3, 3],
    ["collect-endpoints", 3, 3],
  ] as const)("%s loads at most %s MB at a cold start, of at most %s", (name, coldMegabytes, megabytes) => {
    const { cold, all } = world.deployed.assembly.bundleBytes(`cadastre-${name}`);
    expect(cold).toBeGreaterThan(50_000);
    expect(cold).toBeLessThanOrEqual(coldMegabytes * MEGABYTE);
    expect(all).toBeLessThanOrEqual(megabytes * MEGABYTE);
  });

  test("load, and say how long that took", () => {
    for (const [name, { importMilliseconds }] of Object.entries(world.deployed.functions)) {
      expect(importMilliseconds).toBeGreaterThan(0);
      process.stdout.write(`cold import of ${name}: ${Math.round(importMilliseconds)} ms\n`);
    }
  });

  test("the API is alive and ready, and its pages are packed with it", async () => {
    expect((await world.call("GET", "/healthz")).status).toBe(200);
    expect((await world.call("GET", "/readyz")).status).toBe(200);
    const style = await world.call("GET", "/api/docs/swagger-ui.css");
    expect(style.status).toBe(200);
    expect(style.body.text).toContain(".swagger-ui");
  });

  test("the first admin token is made once", async () => {
    const again = (await world.deployed.functions["admin-token"].invoke({})) as Answer;
    expect(again).toEqual({ tokenId: expect.stringMatching(/^tok_/) });
    expect(world.deployed.functions["admin-token"].output()).not.toContain(world.token);
  });

  test("a path that the gateway decoded is served, whatever is in it", async () => {
    const { status, body } = await world.call(
      "GET",
      `/api/v1/resources/${encodeURIComponent("arn:aws:ec2:x/y?z #%20")}`,
    );
    expect({ status, code: body.code }).toEqual({ status: 404, code: "resource.not_found" });
  });
});

describe("a credential", () => {
  test("is sealed by the API, which cannot open it, and opened by the vault", async () => {
    const secret = { type: "generic", secret: CANARY };
    const made = await world.call("POST", "/api/v1/credentials", { name: "n", secret });
    expect(made.status).toBe(201);
    const path = `/api/v1/credentials/${made.body.id}/reveal`;
    const revealer = await world.call("POST", "/api/v1/tokens", {
      name: "revealer",
      scopes: ["credentials:reveal"],
      expiresInSeconds: 3600,
    });
    const headers = { authorization: `Bearer ${revealer.body.secret}`, "content-type": "application/json" };
    const revealed = await fetch(`${world.deployed.http.url}${path}`, { method: "POST", headers, body: "{}" });
    expect(await revealed.json()).toMatchObject({ secret });
    const http = { method: "POST", path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "t" };
    const direct = (await world.deployed.functions.api.invoke({
      version: "2.0",
      rawPath: path,
      rawQueryString: "",
      headers: { ...headers, host: "x" },
      requestContext: { domainName: "x", http },
      body: "{}",
      isBase64Encoded: false,
    })) as Answer;
    expect(direct.statusCode).toBe(404);
    for (const { output } of Object.values(world.deployed.functions)) expect(output()).not.toContain(CANARY);
  });
});

describe("a user", () => {
  test("sets a password by a link at the API, and logs in at the vault", async () => {
    const { id } = (await world.call("POST", "/api/v1/users", { userName: "ann" })).body;
    const { secret } = (await world.call("POST", `/api/v1/users/${id}/password-link`)).body;
    const { http, functions } = world.deployed;
    const headers = { origin: http.url, "sec-fetch-site": "same-origin", "content-type": "application/json" };
    const send = (path: string, body: object) =>
      fetch(`${http.url}/api/v1/auth/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    expect((await send("setup", { secret, password: PASSWORD })).status).toBe(200);
    const login = await send("login", { userName: "ann", password: PASSWORD });
    expect([login.status, await login.json()]).toMatchObject([200, { user: { id, userName: "ann" } }]);
    for (const { output } of Object.values(functions)) expect(output()).not.toContain(PASSWORD);
  });
});

describe("the AWS collector", () => {
  test("fails with what the API said while it is not registered, so that the run counts as an error", async () => {
    const { invoke, output } = world.deployed.functions["collect-aws"];
    await expect(invoke({})).rejects.toThrow(/was not delivered \(spooled\).*signature\.unknown_key/);
    expect(metricsOf(output()).at(-1)).toMatchObject({ Deployment: "cadastre", Collector: "aws", DeliveredRuns: 0 });
  });

  test("signs by KMS and delivers a whole run through the HTTP API, and a second one changes nothing", async () => {
    await world.registerCollector();
    const { invoke, output } = world.deployed.functions["collect-aws"];
    await invoke({});
    const status = await world.call("GET", "/api/v1/discovery/status?limit=100");
    expect(status.body.items.length).toBeGreaterThan(4);
    for (const scope of status.body.items) expect(scope).toMatchObject({ source: "aws", status: "complete" });
    await invoke({});
    const [, first, second] = metricsOf(output());
    expect(first).toMatchObject({ DeliveredRuns: 1, CompleteRuns: 1, ScopesNotComplete: 0, ScopesFailing: 0 });
    expect(first.Resources).toBeGreaterThan(30);
    expect(second).toMatchObject({ CompleteRuns: 1, Resources: first.Resources });
    const ended = output()
      .split("\n")
      .filter((line) => line.includes("the run ended"));
    expect(JSON.parse(ended[2] ?? "{}")).toMatchObject({
      state: "unchanged",
      totals: { created: 0, updated: 0, retired: 0 },
    });
  });
});

const minuteNow = () => Math.floor(Date.now() / 60_000);

describe("jobs", () => {
  test("are run once by calls that come close together, with their log and their metrics", async () => {
    const { invoke, output } = world.deployed.functions.jobs;
    const began = minuteNow();
    await Promise.all([invoke({}), invoke({})]);
    await invoke({});
    // A minute that is over meanwhile makes what runs every minute due again.
    const most = 1 + minuteNow() - began;
    const scheduled = JOBS.filter((job) => job.schedule !== undefined).map((job) => job.name);
    const all = metricsOf(output());
    // The look for stale scopes is followed by how many there are, of all collectors.
    const stale = all.filter((line) => "ScopesStale" in line);
    expect(stale.length).toBeGreaterThan(0);
    for (const line of stale) expect(line).toMatchObject({ Deployment: "cadastre", ScopesStale: 0 });
    const metrics = all.filter((line) => "Job" in line) as { Job: string; JobsDone: number; JobsFailed: number }[];
    for (const line of metrics) expect(line).toMatchObject({ JobsDone: 1, JobsFailed: 0 });
    const lines = output()
      .split("\n")
      .filter((line) => line.includes('"state"'))
      .map((line) => JSON.parse(line) as { level: string; name: string; state: string });
    for (const line of lines) expect(line).toMatchObject({ level: "info", state: "done" });
    for (const runs of [metrics.map(({ Job }) => Job), lines.map(({ name }) => name)]) {
      expect(new Set(runs)).toEqual(new Set(scheduled));
      for (const name of scheduled) expect(runs.filter((one) => one === name).length, name).toBeLessThanOrEqual(most);
    }
  });
});

describe("the audit log", () => {
  test("is sealed by the key in KMS, and its checkpoints are in the bucket", () => {
    const copies = [...world.deployed.objects].map(([name, text]) => ({ name, ...JSON.parse(text) }));
    // One, or some more where minutes ended while the jobs ran.
    expect(copies[0]).toEqual(
      expect.objectContaining({
        name: expect.stringMatching(/^cadastre-audit\/[a-z0-9_]+\/000000000000-[0-9a-f]{16}\.json$/i),
        sequence: 0,
        algorithm: "ecdsa-p256-sha256",
        signature: expect.any(String),
      }),
    );
  });
});

describe("the feed", () => {
  const CONSUMER = "/api/v1/consumers/event-bus/dead-letters";
  const invoke = (records: readonly KeysRecord[]) => world.deployed.functions.feed.invoke({ Records: records });

  test("puts every change on the bus, as the API shows it, has address spaces follow, and is listed", async () => {
    const { items: networks } = (await world.call("GET", "/api/v1/resources?kind=network&provider=aws&limit=1")).body;
    const rules = [{ provider: "aws", network: networks[0].id }];
    const space = (await world.call("POST", "/api/v1/addressspaces", { name: "deployed", rules })).body;
    const keys = await world.deployed.keysUnder("feed#");
    expect(keys.length).toBeGreaterThan(50);
    const records = keys.map((key, n) => aRecord("INSERT", key, n));
    for (let at = 0; at < records.length; at += 100) {
      expect(await invoke(records.slice(at, at + 100))).toEqual({ batchItemFailures: [] });
    }
    const { entries } = world.deployed.bus;
    expect(entries.length).toBe(keys.length);
    for (const entry of entries) {
      expect(entry).toMatchObject({ EventBusName: "cadastre", Source: "cadastre", DetailType: "Cadastre change" });
    }
    const told = entries.map(({ Detail }) => changeEntry.parse(JSON.parse(Detail)).id);
    const { body } = await world.call("GET", "/api/v1/changes?limit=50");
    // Drift is what was found meanwhile: the stream has that later.
    const before = body.items.filter((one: { subject: { type: string } }) => one.subject.type !== "drift");
    for (const { id } of before) expect(told).toContain(id);
    const seen = (await world.call("GET", `/api/v1/addressspaces/${space.id}/discovered`)).body.items;
    expect(seen.map(({ externalId }: { externalId: string }) => externalId)).toContain(networks[0].id);
    expect((await world.call("GET", "/api/v1/consumers")).body.items).toEqual([
      { consumer: "address-spaces", by: "stream", failing: [], deadLetters: 0 },
      { consumer: "event-bus", by: "stream", failing: [], deadLetters: 0 },
    ]);
  });

  test("sets aside what the bus does not take, and puts it there when it is replayed", async () => {
    const { bus, functions } = world.deployed;
    const [change] = (await world.deployed.keysUnder("feed#")) as [{ pk: string; sk: string }];
    bus.refuses = true;
    await invoke([aRecord("INSERT", change)]);
    expect(metricsOf(functions.feed.output()).at(-1)).toMatchObject({ ChangesTold: 1, ChangesSetAside: 1 });
    const [letter] = (await world.call("GET", CONSUMER)).body.items;
    expect(letter).toMatchObject({ attempts: 3, code: "service.unavailable", state: "waiting" });
    bus.refuses = false;
    const count = bus.entries.length;
    expect((await world.call("POST", `${CONSUMER}/${letter.id}/replay`)).status).toBe(202);
    const [key] = (await world.deployed.keysUnder("dead-letters#")) as [{ pk: string; sk: string }];
    await invoke([aRecord("MODIFY", key)]);
    expect(bus.entries.slice(count).map(({ Detail }) => JSON.parse(Detail).id)).toEqual([letter.id]);
    expect((await world.call("GET", CONSUMER)).body.items).toEqual([]);
  });
});

describe("the role of each function", () => {
  // Anyone may ask who they are.
  const FREE = ["sts:GetCallerIdentity"];

  test.each(["api", "vault", "jobs", "feed", "admin-token", "collect-aws"] as const)(
    "%s allows every call that it made",
    (name) => {
      const allowed = allowedActions(world.deployed.assembly.resources, `cadastre-${name}`);
      const made = world.deployed.actions(name);
      expect(made.length).toBeGreaterThan(1);
      expect(made.filter((action) => !allowed.includes(action) && !FREE.includes(action))).toEqual([]);
    },
  );

  test.each<readonly [FunctionName, readonly string[]]>([
    ["vault", ["logs:CreateLogStream", "logs:PutLogEvents"]],
    ["admin-token", ["logs:CreateLogStream", "logs:PutLogEvents"]],
    // Lambda itself reads the stream for the function, and sends what it gave up to the queue.
    [
      "feed",
      [
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "sqs:SendMessage",
      ],
    ],
    [
      "collect-aws",
      ["logs:CreateLogStream", "logs:PutLogEvents", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"],
    ],
  ])("%s allows nothing that it does not call, beside what its runtime does", (name, ofTheRuntime) => {
    const made = new Set([...world.deployed.actions(name), ...ofTheRuntime]);
    const allowed = allowedActions(world.deployed.assembly.resources, `cadastre-${name}`);
    expect(allowed.filter((action) => !made.has(action))).toEqual([]);
  });
});

describe("a request through the gateway", () => {
  test("is told in the log by its ids there, in Lambda and in a trace", async () => {
    const trace = "Root=1-5759e988-bd862e3fe1be46a994272793";
    const headers = {
      authorization: `Bearer ${world.token}`,
      "x-request-id": "from-outside-1",
      "x-amzn-trace-id": trace,
    };
    await fetch(`${world.deployed.http.url}/api/v1/collectors`, { headers });
    const lines = world.deployed.functions.api.output().split("\n");
    const line = lines.find((one) => one.includes("from-outside-1")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({
      message: "request",
      gatewayRequestId: "gateway-1",
      invocation: expect.stringMatching(/^invocation-\d+$/),
      trace,
    });
  });

  test("is answered from allowed addresses alone, but a collector's, which signs", async () => {
    const api = await world.deployed.startApi({ CADASTRE_ALLOWED_ADDRESSES: "203.0.113.0/24" });
    const ask = async (path: string, sourceIp: string, method = "GET") => {
      const http = { method, path, protocol: "HTTP/1.1", sourceIp, userAgent: "t" };
      const answer = (await api.invoke({
        version: "2.0",
        rawPath: path,
        rawQueryString: "",
        headers: { host: "x", authorization: `Bearer ${world.token}`, "x-forwarded-for": "203.0.113.9" },
        requestContext: { domainName: "x", requestId: "g", http },
        isBase64Encoded: false,
      })) as Answer;
      return `${answer.statusCode} ${JSON.parse(answer.body).code ?? "ok"}`;
    };
    expect(await ask("/api/v1/collectors", "203.0.113.9")).toBe("200 ok");
    expect(await ask("/api/v1/collectors", "198.51.100.9")).toBe("403 auth.address");
    expect(await ask("/healthz", "198.51.100.9")).toBe("403 auth.address");
    expect(await ask("/api/v1/discovery/runs", "198.51.100.9", "POST")).toBe("401 signature.missing");
  });
});
