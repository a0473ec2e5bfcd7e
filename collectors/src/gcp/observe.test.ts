import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MOST_SCOPES } from "@cadastre/contract/discovery";
import type { KindName } from "@cadastre/contract/kinds/names";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { type GcpSimulator, startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { aTestRun, type TestRun } from "../testing-recorder.ts";
import { gcpSettings } from "./environment.ts";
import { GcpProjectsError } from "./errors.ts";
import { PROJECTS_PER_RUN, splitGcp } from "./observe.ts";
import { GCP_KINDS } from "./steps.ts";
import { aimedAt, observed, observeGcp } from "./testing.ts";

const faults = createFaults();
const estate = createGcpEstate({ seed: "gcp collector", projects: 6, instances: 900 });
const [host, service, , standalone] = estate.projects.map(({ projectId }) => projectId) as [
  string,
  string,
  string,
  string,
];
const regions = estate.regions.map(({ name }) => name);
let simulator: GcpSimulator;

beforeAll(async () => {
  simulator = await startGcpSimulator({ estate, faults, now: () => new Date() });
});
afterAll(() => simulator.stop());
beforeEach(() => faults.clear());

const idOf = ({ selfLink }: { readonly selfLink: string }) =>
  selfLink.replace("https://www.googleapis.com/compute/v1/", "//compute.googleapis.com/");

/** A project as it is, read from the estate without the converters: natural ids by `region/kind`. */
function truth(projectId: string): Map<string, string[]> {
  const project = estate.project(projectId);
  if (!project) throw new Error(`no project ${projectId}`);
  const expected = new Map<string, string[]>([
    ["global/network", estate.networks(project, "v1").map(idOf)],
    ["global/subnet", []],
    ["global/instance", []],
    ["global/address", estate.addresses(project, "global", "v1").map(idOf)],
  ]);
  for (const region of estate.regions) {
    const subnets = estate.subnetworks(project, region, { version: "v1", withUtilization: false });
    const instances = region.zones.flatMap((zone) =>
      Array.from({ length: estate.instancePlaces(project, zone) }, (_, place) =>
        estate.instanceAt(project, zone, place, "v1"),
      ).filter((instance) => instance !== undefined),
    );
    expected.set(`${region.name}/subnet`, subnets.map(idOf));
    expected.set(`${region.name}/instance`, instances.map(idOf));
    expected.set(`${region.name}/address`, estate.addresses(project, region, "v1").map(idOf));
  }
  return expected;
}

function expectTruth(run: TestRun, project: string): void {
  const expected = truth(project);
  const seen = [...run.scopes.values()].filter(({ key }) => key.account === project);
  expect(seen.map(({ key }) => `${key.region}/${key.kind}`).sort()).toEqual([...expected.keys()].sort());
  for (const { key, status, errors, count, resources } of seen) {
    const ids = expected.get(`${key.region}/${key.kind}`) ?? [];
    expect([key.region, key.kind, status, errors]).toEqual([key.region, key.kind, "complete", []]);
    expect([...resources.keys()].sort()).toEqual(ids.sort());
    expect(count).toBe(ids.length);
  }
}

test("a project is seen as it is: every region that the lists name, whatever page it is on", async () => {
  const before = simulator.requests.length;
  const run = await observed(simulator, { list: [standalone] }, { pageSize: 7 });
  expectTruth(run, standalone);
  const pages = simulator.requests.slice(before).filter(({ operation }) => operation === "instances.aggregatedList");
  expect(pages.length).toBeGreaterThan(10);
});

test("every address of the instances, subnets and reservations of a project is found in what was seen", async () => {
  const run = await observed(simulator, { list: [host] });
  const project = estate.project(host);
  if (!project) throw new Error("no host");
  let count = 0;
  const expectSeen = (region: string, kind: KindName, text: string | undefined) => {
    if (text === undefined) return;
    const resources = [...run.scope(host, region, kind).resources.values()];
    expect(resources.some((resource) => JSON.stringify(resource.attributes).includes(`"${text}"`))).toBe(true);
    count += 1;
  };
  for (const region of estate.regions) {
    for (const zone of region.zones) {
      for (const nic of estate.instanceAt(project, zone, 5, "v1")?.networkInterfaces ?? []) {
        expectSeen(region.name, "instance", nic.networkIP);
        expectSeen(region.name, "instance", nic.ipv6Address);
        expectSeen(region.name, "instance", nic.accessConfigs?.[0]?.natIP);
        expectSeen(region.name, "instance", nic.ipv6AccessConfigs?.[0]?.externalIpv6);
        for (const { ipCidrRange } of nic.aliasIpRanges ?? []) expectSeen(region.name, "instance", ipCidrRange);
      }
    }
    for (const subnet of estate.subnetworks(project, region, { version: "v1", withUtilization: false })) {
      expectSeen(region.name, "subnet", subnet.ipCidrRange);
      expectSeen(region.name, "subnet", subnet.ipv6CidrRange);
      for (const { ipCidrRange } of subnet.secondaryIpRanges ?? []) expectSeen(region.name, "subnet", ipCidrRange);
    }
    for (const { address, prefixLength } of estate.addresses(project, region, "v1")) {
      expectSeen(region.name, "address", prefixLength ? `${address}/${prefixLength}` : address);
    }
  }
  expect(count).toBeGreaterThan(60);
});

test("every list asks for partial success, on every page, and the subnets with their utilisation", async () => {
  const before = simulator.requests.length;
  await observed(simulator, { list: [host] }, { pageSize: 40 });
  const requests = simulator.requests.slice(before);
  const lists = requests.filter(({ operation }) => operation !== "projects.get");
  expect(new Set(lists.map(({ operation }) => operation))).toEqual(
    new Set([
      "networks.list",
      "subnetworks.aggregatedList",
      "instances.aggregatedList",
      "addresses.aggregatedList",
      "globalAddresses.list",
    ]),
  );
  expect(lists.length).toBeGreaterThan(6);
  for (const { query, path, operation } of lists) {
    expect(query).toMatchObject({ returnPartialSuccess: "true", maxResults: "40" });
    expect(path).toMatch(/^\/compute\/v1\//);
    expect(query.views).toBe(operation === "subnetworks.aggregatedList" ? "WITH_UTILIZATION" : undefined);
  }
  const others = requests.filter(({ operation }) => operation === "projects.get");
  expect(others.map(({ query }) => query)).toEqual([{}]);
  expect(requests.some(({ path }) => path === "/token")).toBe(false);
});

test("a shared VPC is its host's: the host's networks say so, and the service project's instances refer to them", async () => {
  const run = await observed(simulator, { list: [host, service, standalone] });
  const networks = (project: string) => [...run.scope(project, "global", "network").resources.values()];
  expect(networks(host).map(({ attributes }) => attributes.sharedVpcHost)).toEqual(networks(host).map(() => true));
  expect(networks(standalone).every(({ attributes }) => attributes.sharedVpcHost === false)).toBe(true);
  const shared = `//compute.googleapis.com/projects/${host}/global/networks/workload`;
  expect(run.scope(host, "global", "network").resources.has(shared)).toBe(true);
  const instances = [...run.scope(service, "us-central1", "instance").resources.values()];
  const inside = instances.filter(({ attributes }) => attributes.network === shared);
  expect(inside.length).toBeGreaterThan(0);
  const subnets = run.scope(host, "us-central1", "subnet").resources;
  for (const { attributes } of inside) {
    const [first] = attributes.interfaces as { readonly subnet: string }[];
    expect(subnets.get(first?.subnet ?? "")?.attributes).toMatchObject({ ownerAccount: host, network: shared });
  }
});

test("the utilisation of subnets is what Compute Engine counts, and never a change", async () => {
  const run = await observed(simulator, { list: [host] });
  const subnet = run
    .scope(host, "us-central1", "subnet")
    .resources.get(`//compute.googleapis.com/projects/${host}/regions/us-central1/subnetworks/workload`);
  const { utilisation, availableAddressCount } = (subnet?.volatile ?? {}) as {
    utilisation: { rangeName?: string; totalCount: number; allocatedCount: number; freeCount: number }[];
    availableAddressCount: number;
  };
  expect(utilisation.map(({ rangeName }) => rangeName)).toEqual([undefined, "gke-pods", "gke-services"]);
  const [primary] = utilisation;
  expect(primary).toMatchObject({ totalCount: 2 ** 16 - 4, freeCount: availableAddressCount });
  expect(primary?.allocatedCount).toBeGreaterThan(0);
});

test("all projects of an organisation are found, at any depth, page by page", async () => {
  const before = simulator.requests.length;
  const run = await observed(simulator, { organization: estate.organization });
  expect(new Set([...run.scopes.values()].map(({ key }) => key.account))).toEqual(
    new Set(estate.projects.map(({ projectId }) => projectId)),
  );
  for (const { projectId } of estate.projects) expectTruth(run, projectId);
  const asked = simulator.requests.slice(before).filter(({ operation }) => operation === "folders.list");
  expect(asked.length).toBe(1 + estate.folders.length);
});

test("a folder is looked at with the folders in it, and nothing beside it", async () => {
  const folder = estate.folders.find(({ parent }) => parent === estate.organization);
  const team = estate.folders.filter(({ parent }) => parent === folder?.name).map(({ name }) => name);
  const run = await observed(simulator, { folder: (folder?.name ?? "").replace("folders/", "") });
  const expected = estate.projects.filter(({ parent }) => team.includes(parent)).map(({ projectId }) => projectId);
  expect(expected.length).toBeGreaterThan(0);
  expect(expected.length).toBeLessThan(estate.projects.length);
  expect(new Set([...run.scopes.values()].map(({ key }) => key.account))).toEqual(new Set(expected));
});

test.each([
  ["denied", { kind: "deny" }],
  ["api_disabled", { kind: "disabled" }],
  ["throttled", { kind: "throttle" }],
  ["service_error", { kind: "error-5xx" }],
  ["network", { kind: "reset" }],
  ["malformed", { kind: "malformed" }],
  ["timeout", { kind: "hang" }],
  ["repeated_page_token", { kind: "repeat-token" }],
  ["no_projects", { kind: "empty" }],
] as const)("an organisation whose projects cannot be listed is no empty success: %s", async (code, fault) => {
  faults.inject({ match: { operation: "projects.list" }, fault });
  const observing = observed(simulator, { organization: estate.organization }, { deadlineMilliseconds: 3_000 });
  await expect(observing).rejects.toThrow(GcpProjectsError);
  await expect(observing).rejects.toMatchObject({ problem: { code, operation: "resourcemanager.projects.list" } });
});

test("projects of the folders that could be listed are seen although one could not", async () => {
  faults.inject({ match: { operation: "folders.list" }, fault: { kind: "deny", after: 1, times: 1 } });
  const run = aTestRun();
  const observing = observeGcp({ projects: { organization: estate.organization }, ...aimedAt(simulator) })(run.context);
  await expect(observing).rejects.toMatchObject({
    problem: { code: "denied", operation: "resourcemanager.folders.list" },
  });
  const seen = new Set([...run.scopes.values()].map(({ key }) => key.account));
  expect(seen.size).toBeGreaterThan(0);
  for (const project of seen) expectTruth(run, project);
});

test("Google's own variables are enough: default credentials and gcloud's endpoint overrides", async () => {
  const directory = await mkdtemp(join(tmpdir(), "cadastre-gcp-"));
  try {
    const file = join(directory, "key.json");
    await writeFile(file, JSON.stringify(simulator.serviceAccountKey));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
    const settings = gcpSettings({
      CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `${simulator.url}/compute/v1/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER: `${simulator.url}/v3/`,
    });
    const run = aTestRun();
    await observeGcp({ projects: { organization: estate.organization }, ...settings })(run.context);
    expectTruth(run, host);
  } finally {
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true });
  }
});

test("credentials that cannot be found fail the projects' scopes, and without projects the run", async () => {
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
  try {
    const run = await observed(simulator, { list: [host, service] }, { auth: { default: true } });
    expect(run.scopes.size).toBe(2 * GCP_KINDS.size);
    for (const { status, errors } of run.scopes.values()) {
      expect([status, errors[0]?.code]).toEqual(["failed", "invalid_credentials"]);
    }
    const observing = observed(simulator, { organization: estate.organization }, { auth: { default: true } });
    await expect(observing).rejects.toMatchObject({ problem: { code: "invalid_credentials" } });
  } finally {
    vi.unstubAllEnvs();
  }
});

test.each([
  ["a key that the server does not know", undefined],
  ["a key that is none", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
])("credentials that are good for nothing fail the projects' scopes: %s", async (_what, private_key) => {
  const other = await startGcpSimulator({ estate, faults, now: () => new Date() });
  await other.stop();
  const serviceAccountKey = { ...other.serviceAccountKey, ...(private_key ? { private_key } : {}) };
  const run = await observed(simulator, { list: [host] }, { auth: { serviceAccountKey } });
  expect(run.scopes.size).toBe(GCP_KINDS.size);
  for (const { status, errors } of run.scopes.values()) {
    expect([status, errors[0]?.code]).toEqual(["failed", "invalid_credentials"]);
    expect(JSON.stringify(errors)).not.toContain("PRIVATE KEY");
  }
});

test("what a run shows does not depend on how many projects are looked at at once", async () => {
  const digest = (run: TestRun) =>
    new Map([...run.scopes].map(([name, { status, resources }]) => [name, { status, ids: new Set(resources.keys()) }]));
  const list = estate.projects.map(({ projectId }) => projectId);
  const one = await observed(simulator, { list }, { concurrency: 1, pageSize: 33 });
  const many = await observed(simulator, { list }, { concurrency: 8 });
  expect(digest(one)).toEqual(digest(many));
  expect(regions.length * 3 + 4).toBe(one.scopes.size / list.length);
});

test("projects that are too many for one run are each in one part, and each part fits a run of all regions there are", async () => {
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
  try {
    const list = Array.from({ length: 250 }, (_, n) => `project-${n}`);
    const parts = await splitGcp({ projects: { list }, auth: { default: true } })(aTestRun().context);
    const seen = [];
    for (const observe of parts) {
      const run = aTestRun();
      await observe(run.context);
      const projects = new Set([...run.scopes.values()].map(({ key }) => key.account));
      expect(projects.size).toBeLessThanOrEqual(PROJECTS_PER_RUN);
      seen.push(...projects);
    }
    expect(parts.length).toBeGreaterThan(2);
    expect(seen.sort()).toEqual(list.sort());
    expect(PROJECTS_PER_RUN * (65 * 3 + 4)).toBeLessThanOrEqual(MOST_SCOPES);
  } finally {
    vi.unstubAllEnvs();
  }
});
