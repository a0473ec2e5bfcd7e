import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createKeyFile } from "@cadastre/collectors/keys";
import { changeEntry } from "@cadastre/contract/changes";
import { JOBS } from "@cadastre/core/jobs";
import { checkDeployment } from "@cadastre/infra/read-deployment";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { type GcpSimulator, startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Block, blocksOf } from "../docs/blocks.ts";
import { runDocument } from "../docs/run-document.ts";
import { root } from "../support/access-patterns.ts";
import { allowedActions } from "./allowed.ts";
import { type AwsCommand, startAwsCommand } from "./aws-command.ts";
import { type Deployed, deploy, type FunctionName } from "./deployed.ts";
import { answerAws } from "./deployed-aws.ts";
import { aRecord, type KeysRecord } from "./stream.ts";

const run = promisify(execFile);
const MEGABYTE = 1_000_000;
const CANARY = "canary7f3a91c0ffee";

const RESTORED = "cadastre-restored";

let deployed: Deployed;
let aws: AwsCommand;
let token = "";
beforeAll(async () => {
  deployed = await deploy();
  aws = await startAwsCommand(answerAws(deployed, { restored: RESTORED }));
  // Its first blocks: who has deployed makes the first token, and goes on with it.
  const [first] = runnable("docs/deploying.md");
  token = (await runBlocks([first], 'printf %s "$CADASTRE_TOKEN"')).at(-1) ?? "";
}, 120_000);
afterAll(async () => {
  await aws?.stop();
  await deployed?.stop();
});

const runnable = (page: string): Block[] =>
  blocksOf(readFileSync(join(root, page), "utf8")).filter(({ marks }) => marks.has("runnable"));

/** Runs commands of the documentation, and one more, in one shell, with the stand-in's `aws`; answers what each printed. */
async function runBlocks(blocks: readonly (Block | undefined)[], last = "true"): Promise<string[]> {
  const given = blocks.filter((block) => block !== undefined);
  const end: Block = { language: "sh", marks: new Map([["runnable", "runnable"]]), text: last, line: 0 };
  const place = mkdtempSync(join(tmpdir(), "cadastre-runbook-"));
  const { code, stderr, ran } = await runDocument([...given, end], place, {
    PATH: `${aws.folder}:${dirname(process.execPath)}:${process.env.PATH}`,
    ...(token === "" ? {} : { CADASTRE_API: deployed.http.url, CADASTRE_TOKEN: token }),
  });
  rmSync(place, { recursive: true, force: true });
  const at = ran.at(-1)?.block.line;
  if (code !== 0) throw new Error(`the commands ended with ${code} in the block at line ${at}:\n${stderr}`);
  return ran.map(({ output }) => output.trim());
}

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${deployed.http.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : { text } };
}

const metricsOf = (output: string): Answer[] =>
  output.split("\n").flatMap((line) => (line.includes('"_aws"') ? [JSON.parse(line)] : []));

// biome-ignore lint/suspicious/noExplicitAny: answers of many forms, of which each test looks at some members.
type Answer = any;

describe("packed functions", () => {
  test.each([
    ["api", 1.15],
    ["vault", 1.15],
    ["jobs", 1],
    ["feed", 1],
    ["admin-token", 1],
    ["collect-aws", 3],
    ["collect-endpoints", 3],
  ] as const)("%s is at most %s MB", (name, megabytes) => {
    const bytes = deployed.assembly.bundleBytes(`cadastre-${name}`);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(megabytes * MEGABYTE);
  });

  test("load, and say how long that took", () => {
    for (const [name, { importMilliseconds }] of Object.entries(deployed.functions)) {
      expect(importMilliseconds).toBeGreaterThan(0);
      process.stdout.write(`cold import of ${name}: ${Math.round(importMilliseconds)} ms\n`);
    }
  });

  test("the API is alive and ready, and its pages are packed with it", async () => {
    expect((await call("GET", "/healthz")).status).toBe(200);
    expect((await call("GET", "/readyz")).status).toBe(200);
    const style = await call("GET", "/api/docs/swagger-ui.css");
    expect(style.status).toBe(200);
    expect(style.body.text).toContain(".swagger-ui");
  });

  test("the first admin token is made once", async () => {
    const again = (await deployed.functions["admin-token"].invoke({})) as Answer;
    expect(again).toEqual({ tokenId: expect.stringMatching(/^tok_/) });
    expect(deployed.functions["admin-token"].output()).not.toContain(token);
  });

  test("a path that the gateway decoded is served, whatever is in it", async () => {
    const { status, body } = await call("GET", `/api/v1/resources/${encodeURIComponent("arn:aws:ec2:x/y?z #%20")}`);
    expect({ status, code: body.code }).toEqual({ status: 404, code: "resource.not_found" });
  });
});

describe("a credential", () => {
  test("is sealed by the API, which cannot open it, and opened by the vault", async () => {
    const secret = { type: "generic", secret: CANARY };
    const made = await call("POST", "/api/v1/credentials", { name: "n", secret });
    expect(made.status).toBe(201);
    const path = `/api/v1/credentials/${made.body.id}/reveal`;
    const revealer = await call("POST", "/api/v1/tokens", {
      name: "revealer",
      scopes: ["credentials:reveal"],
      expiresInSeconds: 3600,
    });
    const headers = { authorization: `Bearer ${revealer.body.secret}`, "content-type": "application/json" };
    const revealed = await fetch(`${deployed.http.url}${path}`, { method: "POST", headers, body: "{}" });
    expect(await revealed.json()).toMatchObject({ secret });
    const http = { method: "POST", path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "t" };
    const direct = (await deployed.functions.api.invoke({
      version: "2.0",
      rawPath: path,
      rawQueryString: "",
      headers: { ...headers, host: "x" },
      requestContext: { domainName: "x", http },
      body: "{}",
      isBase64Encoded: false,
    })) as Answer;
    expect(direct.statusCode).toBe(404);
    for (const { output } of Object.values(deployed.functions)) expect(output()).not.toContain(CANARY);
  });
});

describe("the AWS collector", () => {
  test("fails with what the API said while it is not registered, so that the run counts as an error", async () => {
    const { invoke, output } = deployed.functions["collect-aws"];
    await expect(invoke({})).rejects.toThrow(/was not delivered \(spooled\).*signature\.unknown_key/);
    expect(metricsOf(output()).at(-1)).toMatchObject({ Deployment: "cadastre", Collector: "aws", DeliveredRuns: 0 });
  });

  test("signs by KMS and delivers a whole run through the HTTP API, and a second one changes nothing", async () => {
    // As the documentation says, with the key that the stack printed.
    const [begin, register, ...more] = runnable("docs/deploying.md");
    expect(more).toEqual([]);
    const [helper = ""] = begin?.text.split("\n") ?? [];
    await runBlocks([{ ...(register as Block), text: `${helper}\n${register?.text}` }]);
    const { invoke, output } = deployed.functions["collect-aws"];
    await invoke({});
    const status = await call("GET", "/api/v1/discovery/status?limit=100");
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

describe("the GCP collector's job", () => {
  let folder = "";
  let simulator: GcpSimulator;
  let organization = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cadastre-gcp-"));
    const build = fileURLToPath(new URL("../../functions/src/build.ts", import.meta.url));
    await run(process.execPath, [build, folder, "collect-gcp"]);
    const estate = createGcpEstate({ seed: "deployed", projects: 2, instances: 20 });
    simulator = await startGcpSimulator({ estate, faults: createFaults(), now: () => new Date() });
    organization = estate.organization.replace("organizations/", "");
    writeFileSync(join(folder, "account.json"), JSON.stringify(simulator.serviceAccountKey));
  });
  afterAll(async () => {
    await simulator?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As the image runs it: the bundle alone, in an empty folder, with the environment that Terraform gives. */
  function runJob(environment: Readonly<Record<string, string>> = {}) {
    const job = run(process.execPath, ["index.mjs"], {
      cwd: join(folder, "collect-gcp"),
      env: {
        TMPDIR: folder,
        CADASTRE_API: deployed.http.url,
        COLLECTOR_NAME: "gcp",
        SIGNING_KEY_FILE: join(folder, "key.pem"),
        COLLECT_GCP_ORGANIZATION: organization,
        COLLECT_TIMEOUT_SECONDS: "60",
        GOOGLE_APPLICATION_CREDENTIALS: join(folder, "account.json"),
        CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: simulator.url,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER: simulator.url,
        ...environment,
      },
    });
    return job.catch((error: Error & { stdout: string }) => {
      error.message += error.stdout;
      throw error;
    });
  }

  test("delivers a whole run, and a retry changes nothing", async () => {
    const { pem } = createKeyFile(join(folder, "key.pem"), "ecdsa-p256-sha256");
    const registered = await call("POST", "/api/v1/collectors", {
      name: "gcp",
      providers: ["gcp"],
      accounts: ["*"],
      publicKey: pem,
    });
    expect(registered.status).toBe(201);
    expect((await call("POST", `/api/v1/collectors/${registered.body.id}/approve`)).status).toBe(200);
    const [first] = metricsOf((await runJob()).stdout);
    expect(first).toMatchObject({ Collector: "gcp", CompleteRuns: 1, ScopesNotComplete: 0 });
    expect(first.Resources).toBeGreaterThan(20);
    const { stdout } = await runJob();
    const ended = stdout.split("\n").find((line) => line.includes("the run ended")) ?? "{}";
    expect(JSON.parse(ended)).toMatchObject({ state: "unchanged", totals: { created: 0, updated: 0, retired: 0 } });
  });

  test("ends with code 1 and says which variables are wrong, in one line of JSON", async () => {
    const failed = await runJob({ COLLECT_GCP_FOLDER: "1", COLLECT_GCP_PROJECT: "typo" }).catch(
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ code: 1 });
    const line = JSON.parse((failed as { stdout: string }).stdout);
    expect(line).toMatchObject({
      level: "error",
      error: { message: expect.stringContaining("COLLECT_GCP_PROJECT is not") },
    });
  });
});

describe("jobs", () => {
  test("are run once by calls that come close together, with their log and their metrics", async () => {
    const { invoke, output } = deployed.functions.jobs;
    await Promise.all([invoke({}), invoke({})]);
    await invoke({});
    const scheduled = JOBS.filter((job) => job.schedule !== undefined).map((job) => job.name);
    const all = metricsOf(output());
    // The look for stale scopes is followed by how many there are, of all collectors.
    expect(all.flatMap((line) => ("ScopesStale" in line ? [line] : []))).toMatchObject([
      { Deployment: "cadastre", ScopesStale: 0 },
    ]);
    const metrics = all.filter((line) => "Job" in line) as { Job: string; JobsDone: number; JobsFailed: number }[];
    expect(metrics).toHaveLength(scheduled.length);
    expect(new Map(metrics.map(({ Job, JobsDone, JobsFailed }) => [Job, [JobsDone, JobsFailed]]))).toEqual(
      new Map(scheduled.map((name) => [name, [1, 0]])),
    );
    const lines = output()
      .split("\n")
      .filter((line) => line.includes('"state"'))
      .map((line) => JSON.parse(line) as { level: string; name: string; state: string });
    // Two invocations share the work, so which run ends first is open.
    expect(lines.map(({ level, name, state }) => `${level} ${name} ${state}`).sort()).toEqual(
      scheduled.map((name) => `info ${name} done`).sort(),
    );
  });
});

describe("the feed", () => {
  const CONSUMER = "/api/v1/consumers/event-bus/dead-letters";
  const invoke = (records: readonly KeysRecord[]) => deployed.functions.feed.invoke({ Records: records });

  test("puts every change on the bus, as the API shows it, and is listed", async () => {
    const keys = await deployed.keysUnder("feed#");
    expect(keys.length).toBeGreaterThan(50);
    const records = keys.map((key, n) => aRecord("INSERT", key, n));
    for (let at = 0; at < records.length; at += 100) {
      expect(await invoke(records.slice(at, at + 100))).toEqual({ batchItemFailures: [] });
    }
    const { entries } = deployed.bus;
    expect(entries.length).toBe(keys.length);
    for (const entry of entries) {
      expect(entry).toMatchObject({ EventBusName: "cadastre", Source: "cadastre", DetailType: "Cadastre change" });
    }
    const told = entries.map(({ Detail }) => changeEntry.parse(JSON.parse(Detail)).id);
    const { body } = await call("GET", "/api/v1/changes?limit=50");
    for (const { id } of body.items) expect(told).toContain(id);
    expect((await call("GET", "/api/v1/consumers")).body.items).toEqual([
      { consumer: "event-bus", by: "stream", failing: [], deadLetters: 0 },
    ]);
  });

  test("sets aside what the bus does not take, and puts it there when it is replayed", async () => {
    const { bus, functions } = deployed;
    const [change] = (await deployed.keysUnder("feed#")) as [{ pk: string; sk: string }];
    bus.refuses = true;
    await invoke([aRecord("INSERT", change)]);
    expect(metricsOf(functions.feed.output()).at(-1)).toMatchObject({ ChangesTold: 0, ChangesSetAside: 1 });
    const [letter] = (await call("GET", CONSUMER)).body.items;
    expect(letter).toMatchObject({ attempts: 3, code: "service.unavailable", state: "waiting" });
    bus.refuses = false;
    const count = bus.entries.length;
    expect((await call("POST", `${CONSUMER}/${letter.id}/replay`)).status).toBe(202);
    const [key] = (await deployed.keysUnder("dead-letters#")) as [{ pk: string; sk: string }];
    await invoke([aRecord("MODIFY", key)]);
    expect(bus.entries.slice(count).map(({ Detail }) => JSON.parse(Detail).id)).toEqual([letter.id]);
    expect((await call("GET", CONSUMER)).body.items).toEqual([]);
  });
});

describe("the role of each function", () => {
  // Anyone may ask who they are.
  const FREE = ["sts:GetCallerIdentity"];

  test.each(["api", "vault", "jobs", "feed", "admin-token", "collect-aws"] as const)(
    "%s allows every call that it made",
    (name) => {
      const allowed = allowedActions(deployed.assembly.resources, `cadastre-${name}`);
      const made = deployed.actions(name);
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
    const made = new Set([...deployed.actions(name), ...ofTheRuntime]);
    const allowed = allowedActions(deployed.assembly.resources, `cadastre-${name}`);
    expect(allowed.filter((action) => !made.has(action))).toEqual([]);
  });
});

describe("a request through the gateway", () => {
  test("is told in the log by its ids there, in Lambda and in a trace", async () => {
    const trace = "Root=1-5759e988-bd862e3fe1be46a994272793";
    const headers = { authorization: `Bearer ${token}`, "x-request-id": "from-outside-1", "x-amzn-trace-id": trace };
    await fetch(`${deployed.http.url}/api/v1/collectors`, { headers });
    const lines = deployed.functions.api.output().split("\n");
    const line = lines.find((one) => one.includes("from-outside-1")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({
      message: "request",
      gatewayRequestId: "gateway-1",
      invocation: expect.stringMatching(/^invocation-\d+$/),
      trace,
    });
  });

  test("is answered from allowed addresses alone, but a collector's, which signs", async () => {
    const api = await deployed.startApi({ CADASTRE_ALLOWED_ADDRESSES: "203.0.113.0/24" });
    const ask = async (path: string, sourceIp: string, method = "GET") => {
      const http = { method, path, protocol: "HTTP/1.1", sourceIp, userAgent: "t" };
      const answer = (await api.invoke({
        version: "2.0",
        rawPath: path,
        rawQueryString: "",
        headers: { host: "x", authorization: `Bearer ${token}`, "x-forwarded-for": "203.0.113.9" },
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

describe("the commands of docs/operations.md", () => {
  test("replace a collector's key, recover an admin token, find a log and restore the table", {
    timeout: 60_000,
  }, async () => {
    const [key, recover, log, restore, ...more] = runnable("docs/operations.md");
    expect(more).toEqual([]);
    const [replaced = "", recovered = "", group = "", restored = ""] = await runBlocks([key, recover, log, restore]);

    const signingKeyArn = /signingKeyArn: (\S+)$/.exec(replaced)?.[1];
    const settings = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8")).context.cadastre;
    const [collector] = settings.aws;
    checkDeployment({ ...settings, aws: [{ ...collector, signingKeyArn }] });
    await expect(deployed.functions["collect-aws"].invoke({})).rejects.toThrow(/was not delivered/);

    expect(recovered).toContain("token.recover");
    const audit = await call("GET", "/api/v1/audit?action=token.recover");
    expect(audit.body.items).toMatchObject([
      {
        actor: "system",
        requestId: expect.stringMatching(/^invocation-/),
        detail: { reason: "both admins have left the company", scopes: ["admin", "credentials:reveal"] },
      },
    ]);
    const output = deployed.functions["admin-token"].output();
    expect(metricsOf(output)).toMatchObject([{ Deployment: "cadastre", AdminTokensRecovered: 1 }]);
    expect(output).not.toContain("cad_");

    expect(group).toMatch(/^ApiLogs/);

    checkDeployment({ ...settings, tableName: RESTORED, tableStreamArn: restored.split("\n").at(-1) });
    const api = await deployed.startApi({ TABLE_NAME: RESTORED });
    const http = {
      method: "GET",
      path: "/api/v1/collectors",
      protocol: "HTTP/1.1",
      sourceIp: "127.0.0.1",
      userAgent: "t",
    };
    const answer = (await api.invoke({
      version: "2.0",
      rawPath: http.path,
      rawQueryString: "",
      headers: { host: "x", authorization: `Bearer ${token}` },
      requestContext: { domainName: "x", http },
      isBase64Encoded: false,
    })) as Answer;
    expect(JSON.parse(answer.body).items.map(({ name }: Answer) => name)).toContain("gcp");
  });

  test("give the restored table what the stack's own has", () => {
    const own = Object.values(deployed.assembly.resources).find(
      ({ Type }) => Type === "AWS::DynamoDB::Table",
    )?.Properties;
    const given = Object.assign(
      {},
      ...aws.calls
        .filter(({ options }) => options["table-name"] === RESTORED || options["target-table-name"] === RESTORED)
        .map(({ options }) => options),
    );
    expect(given["stream-specification"]).toBe(
      `StreamEnabled=true,StreamViewType=${own.StreamSpecification.StreamViewType}`,
    );
    expect(given["time-to-live-specification"]).toBe(
      `Enabled=true,AttributeName=${own.TimeToLiveSpecification.AttributeName}`,
    );
    expect(given["point-in-time-recovery-specification"]).toBe("PointInTimeRecoveryEnabled=true");
    expect(given["deletion-protection-enabled"]).toBe("");
    const aliases = Object.values(deployed.assembly.resources).filter(({ Type }) => Type === "AWS::KMS::Alias");
    const alias = /KMSMasterKeyId=(\S+)$/.exec(given["sse-specification-override"])?.[1];
    const key = aliases.find(({ Properties }) => Properties.AliasName === alias)?.Properties.TargetKeyId;
    expect(key).toEqual(own.SSESpecification.KMSMasterKeyId);
  });

  test("make no token for who does not say which deployment's and why", async () => {
    const { invoke } = deployed.functions["admin-token"];
    await expect(invoke({ recover: "staging", reason: "both admins have left" })).rejects.toThrow('"cadastre"');
    await expect(invoke({ recover: "cadastre" })).rejects.toThrow("reason is missing");
    expect((await call("GET", "/api/v1/audit?action=token.recover")).body.items).toHaveLength(1);
  });
});
