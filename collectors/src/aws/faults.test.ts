import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { type AwsEstate, createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults, type Fault, type FaultMatch } from "@cadastre/simulator/faults";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { aTestRun, type TestRun } from "../testing-recorder.ts";
import type { AwsOptions } from "./options.ts";
import { AWS_STEPS } from "./steps.ts";
import { observeAws } from "./testing.ts";

/** What the simulated estate has. */
const KINDS = ["network", "subnet", "instance", "interface", "address"] as const;
const operation = (kind: string) => AWS_STEPS.find((step) => step.kind === kind)?.operation.split(":")[1] ?? "";

/** Long enough for what answers, also on a busy machine; what hangs takes all of it. */
const DEADLINE = 1_500;
const REGIONS = ["eu-west-1", "us-east-1"];
const faults = createFaults();
let estate: AwsEstate;
let simulator: AwsSimulator;
let account: string;

beforeAll(async () => {
  estate = createAwsEstate({ seed: "aws faults", accounts: 1, regions: REGIONS, instancesPerAccountRegion: 23 });
  simulator = await startAwsSimulator({ estate, faults });
  account = estate.accounts[0]?.id ?? "";
});
afterAll(() => simulator.stop());
beforeEach(() => {
  faults.clear();
  simulator.requests.reset();
  for (const region of REGIONS) estate.mutate.setRegionEnabled(account, region, true);
  for (const [name, value] of Object.entries(awsEnvironment(simulator, { region: "eu-west-1" }))) {
    vi.stubEnv(name, value);
  }
  return () => vi.unstubAllEnvs();
});

interface Setting extends Partial<AwsOptions> {
  readonly deadlineMilliseconds?: number;
  readonly signal?: AbortSignal;
}

async function observe(match: FaultMatch, fault: Fault, setting: Setting = {}): Promise<TestRun> {
  const { deadlineMilliseconds, signal, ...options } = setting;
  faults.inject({ match, fault });
  const run = aTestRun({
    ...(deadlineMilliseconds === undefined ? {} : { deadlineMilliseconds }),
    ...(signal ? { signal } : {}),
  });
  await observeAws({ accounts: { own: true }, regions: REGIONS, pageSize: 5, maxAttempts: 1, ...options })(run.context);
  return run;
}

/** All scopes but the named ones are complete and not empty. */
function expectOthersComplete(run: TestRun, except: (region: string, kind: string) => boolean): void {
  for (const region of REGIONS) {
    for (const kind of KINDS) {
      if (except(region, kind)) continue;
      const scope = run.scope(account, region, kind);
      expect([region, kind, scope.status, scope.errors]).toEqual([region, kind, "complete", []]);
      expect(scope.count).toBeGreaterThan(0);
    }
  }
}

const FAILURES = [
  ["denied", { kind: "deny" }],
  ["denied_by_scp", { kind: "deny-scp" }],
  ["throttled", { kind: "throttle" }],
  ["service_error", { kind: "error-5xx" }],
  ["service_error", { kind: "unavailable" }],
  ["network", { kind: "reset" }],
  ["malformed", { kind: "malformed" }],
] as const satisfies readonly (readonly [string, Fault])[];

test.each(FAILURES)(
  "a kind that cannot be listed is failed, never empty, and the others are not touched: %s",
  async (code, fault) => {
    for (const kind of KINDS) {
      faults.clear();
      const run = await observe({ region: "us-east-1", operation: operation(kind) }, fault);
      const scope = run.scope(account, "us-east-1", kind);
      expect([scope.status, scope.count]).toEqual(["failed", 0]);
      expect(scope.errors).toMatchObject([{ code, operation: `ec2:${operation(kind)}` }]);
      expectOthersComplete(run, (region, other) => region === "us-east-1" && other === kind);
    }
  },
);

test.each(FAILURES)(
  "a later page that cannot be read makes the scope partial, with what was seen: %s",
  async (code, fault) => {
    const run = await observe({ region: "us-east-1", operation: "DescribeInstances" }, { ...fault, after: 2 });
    const scope = run.scope(account, "us-east-1", "instance");
    expect(scope.status).toBe("partial");
    expect(scope.errors).toMatchObject([{ code, operation: "ec2:DescribeInstances" }]);
    expect(scope.count).toBeGreaterThanOrEqual(10);
    expect(scope.count).toBeLessThan(23);
    expectOthersComplete(run, (region, kind) => region === "us-east-1" && kind === "instance");
  },
);

test.each(KINDS.filter((kind) => kind !== "address"))(
  "a page token that repeats ends the scope as partial: %s",
  async (kind) => {
    const run = await observe({ region: "us-east-1", operation: operation(kind) }, { kind: "repeat-token" });
    const scope = run.scope(account, "us-east-1", kind);
    expect(scope.status).toBe("partial");
    expect(scope.errors).toMatchObject([{ code: "repeated_page_token", operation: `ec2:${operation(kind)}` }]);
    expect(simulator.requests.count({ operation: operation(kind), region: "us-east-1" })).toBeLessThanOrEqual(3);
    expectOthersComplete(run, (region, other) => region === "us-east-1" && other === kind);
  },
);

test("what goes away when a call is repeated is not seen at all", async () => {
  faults.inject({ match: { region: "us-east-1", operation: "DescribeVpcs" }, fault: { kind: "reset", times: 1 } });
  faults.inject({
    match: { region: "us-east-1", operation: "DescribeSubnets" },
    fault: { kind: "error-5xx", times: 1 },
  });
  const run = await observe(
    { region: "us-east-1", operation: "DescribeInstances" },
    { kind: "throttle", times: 2, after: 1 },
    { maxAttempts: 4 },
  );
  expectOthersComplete(run, () => false);
});

test("a denial is final: it is not asked again", async () => {
  await observe({ region: "us-east-1", operation: "DescribeVpcs" }, { kind: "deny" }, { maxAttempts: 6 });
  expect(simulator.requests.count({ operation: "DescribeVpcs", region: "us-east-1" })).toBe(1);
});

test.each([
  ["not_opted_in", { kind: "not-opted-in" }],
  ["region_disabled", { kind: "disabled", code: "RegionDisabledException" }],
] as const)("a region that is not in use is skipped with the reason: %s", async (code, fault) => {
  const run = await observe({ region: "us-east-1", service: "ec2" }, fault);
  for (const kind of KINDS) {
    const scope = run.scope(account, "us-east-1", kind);
    expect([scope.status, scope.count]).toEqual(["skipped", 0]);
    expect(scope.errors).toMatchObject([{ code, operation: `ec2:${operation(kind)}` }]);
  }
  expectOthersComplete(run, (region) => region === "us-east-1");
});

test.each(["AuthFailure", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException"])(
  "a region that the account has enabled is never skipped for refusing the credentials: %s",
  async (code) => {
    const run = await observe({ region: "us-east-1", service: "ec2" }, { kind: "disabled", code });
    for (const kind of KINDS) {
      const scope = run.scope(account, "us-east-1", kind);
      expect([scope.status, scope.count]).toEqual(["failed", 0]);
      expect(scope.errors).toMatchObject([{ code: "invalid_credentials", operation: `ec2:${operation(kind)}` }]);
      expect(scope.errors[0]?.message).toMatch(new RegExp(`^${code}: .*the region is enabled in the account`));
    }
    expectOthersComplete(run, (region) => region === "us-east-1");
  },
);

test("AuthFailure is not_opted_in where the account's own list of regions says so", async () => {
  const run = aTestRun();
  await observeAws({ accounts: { own: true }, regions: ["eu-west-1", "me-south-1"] })(run.context);
  for (const kind of KINDS) {
    expect(run.scope(account, "me-south-1", kind)).toMatchObject({
      status: "skipped",
      errors: [{ code: "not_opted_in" }],
    });
    expect(run.scope(account, "eu-west-1", kind).status).toBe("complete");
  }
});

test("AuthFailure is invalid_credentials where the credentials are good for nothing else either", async () => {
  faults.inject({ match: { operation: "DescribeRegions" }, fault: { kind: "disabled" } });
  const run = await observe({ region: "us-east-1", service: "ec2" }, { kind: "disabled" });
  for (const kind of KINDS) {
    expect(run.scope(account, "us-east-1", kind)).toMatchObject({
      status: "failed",
      errors: [{ code: "invalid_credentials" }],
    });
  }
});

test("a region that hangs is given up after one deadline and delays no other", async () => {
  const started = performance.now();
  const run = await observe(
    { region: "us-east-1" },
    { kind: "hang" },
    { deadlineMilliseconds: DEADLINE, maxAttempts: 6 },
  );
  expect(performance.now() - started).toBeLessThan(3 * DEADLINE);
  for (const kind of KINDS) {
    const scope = run.scope(account, "us-east-1", kind);
    expect([scope.status, scope.count]).toEqual(["failed", 0]);
    expect(scope.errors).toMatchObject([{ code: "timeout", operation: `ec2:${operation(kind)}` }]);
  }
  expectOthersComplete(run, (region) => region === "us-east-1");
});

test("a page that hangs makes its scope partial at the deadline", async () => {
  const run = await observe(
    { region: "us-east-1", operation: "DescribeInstances" },
    { kind: "hang", after: 1 },
    { deadlineMilliseconds: DEADLINE },
  );
  expect(run.scope(account, "us-east-1", "instance")).toMatchObject({
    status: "partial",
    errors: [{ code: "timeout" }],
  });
  expect(run.scope(account, "us-east-1", "instance").count).toBeGreaterThan(0);
  expectOthersComplete(run, (region, kind) => region === "us-east-1" && kind === "instance");
});

test("a request that is not answered in its own time is a timeout too", async () => {
  const run = await observe(
    { region: "us-east-1", operation: "DescribeVpcs" },
    { kind: "hang" },
    { requestTimeoutMilliseconds: 300 },
  );
  expect(run.scope(account, "us-east-1", "network")).toMatchObject({ status: "failed", errors: [{ code: "timeout" }] });
});

test.each([
  ["RequestLimitExceeded", { kind: "throttle", retryAfterSeconds: 60 }, 1],
  ["Unavailable", { kind: "unavailable", retryAfterSeconds: 60 }, 1],
  ["RequestLimitExceeded", { kind: "throttle" }, undefined],
] as const)(
  "who is asked to wait for longer than the scope has is throttled, and does not wait: %s %o",
  async (name, fault, attempts) => {
    const started = performance.now();
    const run = await observe({ region: "us-east-1", operation: "DescribeVpcs" }, fault, {
      deadlineMilliseconds: DEADLINE,
      maxAttempts: 100,
    });
    expect(performance.now() - started).toBeLessThan(3 * DEADLINE);
    const { status, errors } = run.scope(account, "us-east-1", "network");
    expect([status, errors[0]?.code]).toEqual(["failed", "throttled"]);
    expect(errors[0]?.message).toContain(name);
    const asked = simulator.requests.count({ operation: "DescribeVpcs", region: "us-east-1" });
    if (attempts === undefined) expect(asked).toBeGreaterThan(0);
    else expect(asked).toBe(attempts);
  },
);

const PAGE = "<html><style>b {}</style><b>Blocked</b> by the proxy; sent was Basic QWxhZGRpbjpvcGVu</html>";
test.each([
  [403, PAGE, "unexpected"],
  [407, PAGE, "unexpected"],
  [502, PAGE, "service_error"],
  [429, "", "throttled"],
  [302, "", "unexpected"],
] as const)("what is not AWS's answer is shown with its status and first words: %s", async (status, message, code) => {
  const run = await observe({ region: "us-east-1" }, { kind: "page", status, message });
  for (const kind of KINDS) {
    const { errors } = run.scope(account, "us-east-1", kind);
    const words = message ? "Blocked by the proxy; sent was Basic …" : "without words";
    expect(errors).toMatchObject([{ code }]);
    expect(errors[0]?.message).toMatch(new RegExp(`^HTTP ${status} \\(text/html\\)[:,] ${words}$`));
  }
});

test("a profile that is not there is named, with those that are", async () => {
  const directory = mkdtempSync(join(tmpdir(), "cadastre-profile-"));
  writeFileSync(join(directory, "config"), "[profile other]\nregion = eu-west-1\n");
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", join(directory, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(directory, "credentials"));
  vi.stubEnv("AWS_PROFILE", "prod-nosuch");
  const observing = observeAws({ accounts: { own: true } })(aTestRun().context);
  await expect(observing).rejects.toThrow(/invalid_credentials/);
  await expect(observing).rejects.toThrow(/there is no profile "prod-nosuch" in .*files, which have other/);
  vi.stubEnv("AWS_PROFILE", "other");
  await expect(observeAws({ accounts: { own: true } })(aTestRun().context)).rejects.toThrow(
    /the profile "other" gives none/,
  );
  rmSync(directory, { recursive: true });
});

test("a run that is told to end finishes all its scopes at once, none of them as complete that is not", async () => {
  const controller = new AbortController();
  const observing = observe({ region: "us-east-1" }, { kind: "hang" }, { signal: controller.signal, concurrency: 1 });
  await vi.waitFor(() =>
    expect(simulator.requests.count({ region: "us-east-1", service: "ec2" })).toBeGreaterThanOrEqual(KINDS.length),
  );
  controller.abort();
  const run = await observing;
  for (const kind of KINDS) {
    const scope = run.scope(account, "us-east-1", kind);
    expect([scope.status, scope.errors[0]?.code]).toEqual(["failed", "interrupted"]);
  }
  expectOthersComplete(run, (region) => region === "us-east-1");
});

test("a run that was told to end before it began asks AWS nothing and reports nothing as seen", async () => {
  const roleArn = `arn:aws:iam::${account}:role/${estate.role.name}`;
  const run = await observe(
    {},
    { kind: "error-5xx" },
    { signal: AbortSignal.abort(), accounts: { roles: [{ roleArn }] } },
  );
  expect(run.scopes.size).toBe(REGIONS.length * AWS_STEPS.length);
  for (const scope of run.scopes.values()) {
    expect([scope.status, scope.errors[0]?.code]).toEqual(["failed", "interrupted"]);
  }
});

test.each([
  ["assume_role_denied", { kind: "deny" }],
  ["denied_by_scp", { kind: "deny-scp" }],
  ["throttled", { kind: "throttle" }],
  ["region_disabled", { kind: "disabled" }],
  ["network", { kind: "reset" }],
  ["malformed", { kind: "malformed" }],
  ["timeout", { kind: "hang" }],
] as const)("a role that cannot be assumed fails the account's scopes with the reason: %s", async (code, fault) => {
  const run = await observe({ operation: "AssumeRole" }, fault, {
    deadlineMilliseconds: DEADLINE,
    accounts: {
      roles: [{ roleArn: `arn:aws:iam::${account}:role/${estate.role.name}`, externalId: estate.role.externalId }],
    },
  });
  expect(run.scopes.size).toBe(REGIONS.length * AWS_STEPS.length);
  for (const scope of run.scopes.values()) {
    expect([scope.status, scope.errors[0]?.code, scope.errors[0]?.operation]).toEqual([
      "failed",
      code,
      "sts:AssumeRole",
    ]);
  }
});
