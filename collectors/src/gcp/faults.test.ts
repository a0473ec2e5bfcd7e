import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults, type Fault, type FaultMatch } from "@cadastre/simulator/faults";
import { type GcpSimulator, startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { TestRun } from "../testing-recorder.ts";
import { GCP_KINDS } from "./steps.ts";
import { type GcpSetting, observed } from "./testing.ts";

const faults = createFaults();
const estate = createGcpEstate({ seed: "gcp faults", projects: 2, instances: 240 });
const [project, other] = estate.projects.map(({ projectId }) => projectId) as [string, string];
const regions = estate.regions.map(({ name }) => name);
let simulator: GcpSimulator;

beforeAll(async () => {
  simulator = await startGcpSimulator({ estate, faults, now: () => new Date() });
});
afterAll(() => simulator.stop());
beforeEach(() => faults.clear());

async function observe(match: FaultMatch, fault: Fault, setting: GcpSetting = {}): Promise<TestRun> {
  faults.inject({ match, fault });
  return observed(simulator, { list: [project, other] }, { pageSize: 25, ...setting });
}

/** All scopes but the named ones are complete. */
function expectOthersComplete(run: TestRun, except: (account: string, region: string, kind: string) => boolean): void {
  for (const { key, status, errors } of run.scopes.values()) {
    if (except(key.account, key.region, key.kind)) continue;
    expect([key.account, key.region, key.kind, status, errors]).toEqual([
      key.account,
      key.region,
      key.kind,
      "complete",
      [],
    ]);
  }
  expect(run.scopes.size).toBe(2 * (GCP_KINDS.size + 3 * regions.length));
}

const operation = {
  subnet: "subnetworks",
  instance: "instances",
  address: "addresses",
} as const;

test.each([
  ["throttled", "failed", 5, { kind: "throttle", isBare: true }],
  ["api_disabled", "skipped", 1, { kind: "disabled", isBare: true }],
  ["denied", "failed", 1, { kind: "deny", isBare: true }],
  ["denied_by_org_policy", "failed", 1, { kind: "deny-scp", isBare: true }],
] as const)(
  "a refusal that gives its reason in the older list alone is judged by it: %s",
  async (code, status, attempts, fault) => {
    const waits: number[] = [];
    const delay = async (milliseconds: number) => void waits.push(milliseconds);
    const run = await observe({ project, operation: "instances.aggregatedList" }, fault, { delay });
    for (const region of regions) {
      expect(run.scope(project, region, "instance")).toMatchObject({ status, errors: [{ code }], count: 0 });
    }
    expect(waits).toHaveLength(attempts - 1);
  },
);

test.each([403, 407, 502, 302])(
  "what is not Google's answer is shown with its status and first words: %s",
  async (status) => {
    const message =
      "<html><head><style>b {}</style></head><b>Blocked</b> by the proxy. Bearer abc.def sees nothing</html>";
    const run = await observe({ project, operation: "networks.list" }, { kind: "page", status, message });
    const [error] = run.scope(project, "global", "network").errors;
    expect(error?.message).toMatch(
      new RegExp(`^HTTP ${status}( \\(text/html\\))?: Blocked by the proxy. Bearer … sees nothing$`),
    );
  },
);

const FAILURES = [
  ["denied", { kind: "deny" }],
  ["denied_by_org_policy", { kind: "deny-scp" }],
  ["throttled", { kind: "throttle" }],
  ["throttled", { kind: "throttle", code: "429" }],
  ["service_error", { kind: "error-5xx" }],
  ["service_error", { kind: "unavailable" }],
  ["network", { kind: "reset" }],
  ["malformed", { kind: "malformed" }],
] as const satisfies readonly (readonly [string, Fault])[];

test.each(FAILURES)(
  "a kind that cannot be listed is failed in every region that the project's other lists name, never empty: %s",
  async (code, fault) => {
    for (const kind of ["subnet", "instance", "address"] as const) {
      faults.clear();
      const run = await observe({ project, operation: `${operation[kind]}.aggregatedList` }, fault);
      const hit = (account: string, region: string, of: string) =>
        account === project && of === kind && (kind !== "address" || region !== "global");
      for (const region of regions) {
        const scope = run.scope(project, region, kind);
        expect([scope.status, scope.count]).toEqual(["failed", 0]);
        expect(scope.errors).toMatchObject([{ code, operation: `compute.${operation[kind]}.list` }]);
      }
      expectOthersComplete(run, hit);
    }
  },
);

test.each(FAILURES)("networks and global addresses that cannot be listed fail alone: %s", async (code, fault) => {
  for (const [kind, list] of [
    ["network", "networks"],
    ["address", "globalAddresses"],
  ] as const) {
    faults.clear();
    const run = await observe({ project, operation: `${list}.list` }, fault);
    const scope = run.scope(project, "global", kind);
    expect([scope.status, scope.count]).toEqual(["failed", 0]);
    expect(scope.errors).toMatchObject([{ code, operation: `compute.${list}.list` }]);
    expectOthersComplete(run, (account, region, of) => account === project && region === "global" && of === kind);
  }
});

test.each(FAILURES)("a later page that cannot be read makes no region complete: %s", async (code, fault) => {
  const run = await observe({ project, operation: "instances.aggregatedList" }, { ...fault, after: 2 });
  const scopes = regions.map((region) => run.scope(project, region, "instance"));
  expect(scopes.map(({ status }) => status)).toEqual(scopes.map(({ count }) => (count > 0 ? "partial" : "failed")));
  expect(scopes.some(({ status }) => status === "partial")).toBe(true);
  for (const { errors } of scopes) expect(errors).toMatchObject([{ code, operation: "compute.instances.list" }]);
  expectOthersComplete(run, (account, _region, kind) => account === project && kind === "instance");
});

test.each([
  ["failed", ...FAILURES[0]],
  ["failed", ...FAILURES[1]],
  ["failed", ...FAILURES[2]],
  ["failed", ...FAILURES[4]],
  ["skipped", "api_disabled", { kind: "disabled" }],
] as const)("a project of which nothing can be seen says so for each kind: %s, %s", async (status, code, fault) => {
  const run = await observe({ project }, fault);
  const seen = [...run.scopes.values()].filter(({ key }) => key.account === project);
  expect(seen.map(({ key }) => `${key.region}/${key.kind}`).sort()).toEqual(
    [...GCP_KINDS].map((kind) => `global/${kind}`).sort(),
  );
  for (const scope of seen) {
    expect([scope.status, scope.count]).toEqual([status, 0]);
    expect(new Set(scope.errors.map((error) => error.code))).toEqual(new Set([code]));
  }
  for (const { key, status: of } of run.scopes.values()) if (key.account === other) expect(of).toBe("complete");
});

test("a project that does not exist is failed, not empty", async () => {
  const run = await observed(simulator, { list: ["nobody-at-home", other] });
  for (const kind of GCP_KINDS) {
    const scope = run.scope("nobody-at-home", "global", kind);
    expect([scope.status, scope.errors[0]?.code]).toEqual(["failed", "not_found"]);
  }
  expect(run.scope(other, "global", "network").status).toBe("complete");
});

test("a zone that cannot be reached makes its region partial, on whatever page it is, and no other", async () => {
  for (const [region, zone] of estate.regions.map(({ name, zones }) => [name, zones[0] ?? ""] as const)) {
    faults.clear();
    const run = await observe({ scope: `zones/${zone}`, scopeProject: project }, { kind: "warning" });
    const scope = run.scope(project, region, "instance");
    expect(scope.status).toBe("partial");
    expect(scope.errors[0]).toMatchObject({ code: "unreachable", operation: "compute.instances.list" });
    expect(scope.errors[0]?.message).toContain(zone);
    expect(scope.count).toBeGreaterThan(0);
    expect([...scope.resources.keys()].some((id) => id.includes(`/${zone}/`))).toBe(false);
    expectOthersComplete(run, (...of) => of.join() === [project, region, "instance"].join());
  }
});

test("a region of which nothing could be reached is failed, not empty", async () => {
  const region = regions[1] ?? "";
  const run = await observe({ scope: `regions/${region}`, scopeProject: project }, { kind: "warning" });
  for (const kind of ["subnet", "address"] as const) {
    const scope = run.scope(project, region, kind);
    expect([scope.status, scope.count, scope.errors[0]?.code]).toEqual(["failed", 0, "unreachable"]);
  }
  expectOthersComplete(run, (account, of, kind) => account === project && of === region && kind !== "instance");
});

test("a warning on one page counts although later pages of the region have none, and the worst is named first", async () => {
  const zones = estate.regions[0]?.zones ?? [];
  faults.inject({
    match: { scope: `zones/${zones[0]}`, scopeProject: project },
    fault: { kind: "warning", code: "PARTIAL_SUCCESS", times: 1 },
  });
  const run = await observe(
    { scope: `zones/${zones[1]}`, scopeProject: project },
    { kind: "warning", times: 1 },
    { pageSize: 5 },
  );
  const scope = run.scope(project, regions[0] ?? "", "instance");
  expect(scope.status).toBe("partial");
  expect([...new Set(scope.errors.map(({ code }) => code))]).toEqual(["unreachable", "partial_success"]);
  expectOthersComplete(run, (...of) => of.join() === [project, regions[0], "instance"].join());
});

test("a warning of the whole list makes all of its regions partial", async () => {
  const run = await observe(
    { project, operation: "instances.aggregatedList" },
    { kind: "warning", code: "QUOTA_INFO_UNAVAILABLE", times: 1 },
  );
  for (const region of regions) {
    const scope = run.scope(project, region, "instance");
    expect([scope.status, scope.errors[0]?.code]).toEqual(["partial", "quota_info_unavailable"]);
  }
  expectOthersComplete(run, (account, _region, kind) => account === project && kind === "instance");
});

test("that a region has nothing on a page is no warning: the pages are many and every scope is complete", async () => {
  const run = await observed(simulator, { list: [project, other] }, { pageSize: 3 });
  expectOthersComplete(run, () => false);
});

test.each([
  ["network", "networks.list", ["global"]],
  ["address", "globalAddresses.list", ["global"]],
  ["subnet", "subnetworks.aggregatedList", regions],
  ["instance", "instances.aggregatedList", regions],
  ["address", "addresses.aggregatedList", regions],
] as const)("a page token that repeats ends the list as partial: %s by %s", async (kind, name, of) => {
  const before = simulator.requests.length;
  const run = await observe({ project, operation: name }, { kind: "repeat-token" }, { pageSize: 500 });
  for (const region of of) {
    const scope = run.scope(project, region, kind);
    expect([scope.status, scope.errors[0]?.code]).toEqual(["partial", "repeated_page_token"]);
  }
  const asked = simulator.requests.slice(before).filter((each) => each.operation === name && each.project === project);
  expect(asked.length).toBeLessThanOrEqual(3);
});

test("whether a project is a shared VPC host is never guessed: without it the networks are partial", async () => {
  const run = await observe({ project, operation: "projects.get" }, { kind: "deny" });
  const scope = run.scope(project, "global", "network");
  expect(scope.status).toBe("partial");
  expect(scope.errors).toMatchObject([{ code: "denied", operation: "compute.projects.get" }]);
  for (const { attributes } of scope.resources.values()) expect(attributes).not.toHaveProperty("sharedVpcHost");
  expectOthersComplete(run, (...of) => of.join() === [project, "global", "network"].join());
});

test("what goes away when a call is repeated is not seen at all", async () => {
  faults.inject({ match: { project, operation: "networks.list" }, fault: { kind: "reset", times: 1 } });
  faults.inject({
    match: { project, operation: "subnetworks.aggregatedList" },
    fault: { kind: "malformed", times: 1 },
  });
  faults.inject({ match: { project, operation: "projects.get" }, fault: { kind: "error-5xx", times: 2 } });
  const run = await observe(
    { project, operation: "instances.aggregatedList" },
    { kind: "throttle", times: 3, after: 1 },
  );
  expectOthersComplete(run, () => false);
});

test("a refusal is final, and a throttled call is repeated with growing waits, as often as allowed", async () => {
  const waits: number[] = [];
  const count = async (fault: Fault) => {
    faults.clear();
    waits.length = 0;
    const before = simulator.requests.length;
    await observe({ project, operation: "networks.list" }, fault, {
      maxAttempts: 4,
      delay: async (milliseconds) => void waits.push(milliseconds),
    });
    return simulator.requests
      .slice(before)
      .filter((each) => each.operation === "networks.list" && each.project === project).length;
  };
  expect(await count({ kind: "throttle" })).toBe(4);
  expect(waits).toEqual([375, 750, 1500]);
  expect(await count({ kind: "throttle", code: "429", retryAfterSeconds: 7 })).toBe(4);
  expect(waits).toEqual([7000, 7000, 7000]);
  expect(await count({ kind: "throttle", retryAfterSeconds: 7 })).toBe(4);
  expect(waits).toEqual([7000, 7000, 7000]);
  expect(await count({ kind: "deny" })).toBeLessThanOrEqual(2);
  expect(waits).toEqual([]);
});

test("a project that hangs is given up after one deadline and delays no other", async () => {
  const started = performance.now();
  const run = await observe({ project }, { kind: "hang" }, { deadlineMilliseconds: 1_500 });
  expect(performance.now() - started).toBeLessThan(2 * 1_500);
  for (const kind of GCP_KINDS) {
    const scope = run.scope(project, "global", kind);
    expect([scope.status, scope.count, scope.errors[0]?.code]).toEqual(["failed", 0, "timeout"]);
  }
  for (const { key, status } of run.scopes.values()) if (key.account === other) expect(status).toBe("complete");
});

test("a page that hangs costs its kind's regions alone", async () => {
  const run = await observe(
    { project, operation: "instances.aggregatedList" },
    { kind: "hang", after: 2 },
    { deadlineMilliseconds: 1_500 },
  );
  for (const region of regions) {
    const scope = run.scope(project, region, "instance");
    expect([scope.status, scope.errors[0]?.code]).toEqual([scope.count > 0 ? "partial" : "failed", "timeout"]);
  }
  expectOthersComplete(run, (account, _region, kind) => account === project && kind === "instance");
});

test("a request that is not answered in its own time is a timeout too", async () => {
  const run = await observe(
    { project, operation: "networks.list" },
    { kind: "hang" },
    { requestTimeoutMilliseconds: 300, maxAttempts: 2 },
  );
  expect(run.scope(project, "global", "network")).toMatchObject({
    status: "failed",
    errors: [{ code: "timeout", operation: "compute.networks.list" }],
  });
});

test("waits that are longer than the deadline do not outlive it, and the reason is what was waited for", async () => {
  const started = performance.now();
  const run = await observe(
    { project, operation: "networks.list" },
    { kind: "throttle", retryAfterSeconds: 600 },
    { deadlineMilliseconds: 1_500, delay: () => new Promise(() => undefined) },
  );
  expect(performance.now() - started).toBeLessThan(2 * 1_500);
  expect(run.scope(project, "global", "network").errors).toMatchObject([{ code: "throttled" }]);
});

test("a run that is told to end finishes all its scopes at once, none of them as complete that is not", async () => {
  const controller = new AbortController();
  const before = simulator.requests.length;
  const observing = observe({ project }, { kind: "hang" }, { signal: controller.signal, concurrency: 1 });
  await vi.waitFor(() => expect(simulator.requests.length - before).toBe(6), { timeout: 5_000 });
  controller.abort();
  const run = await observing;
  expect(run.scopes.size).toBe(2 * GCP_KINDS.size);
  for (const { status, errors } of run.scopes.values()) {
    expect([status, errors[0]?.code]).toEqual(["failed", "interrupted"]);
  }
});
