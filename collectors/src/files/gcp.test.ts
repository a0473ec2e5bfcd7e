import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { beforeEach, expect, test } from "vitest";
import { observed } from "../gcp/testing.ts";
import { aTestRun, type SeenScope, type TestRun } from "../testing-recorder.ts";
import { FileError } from "./format.ts";
import { type FilesOptions, observeFiles } from "./observe.ts";

const PROJECT = "acme-prod-1";
const URL = "https://www.googleapis.com/compute/v1";
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "cadastre-files-"));
  return () => rm(directory, { recursive: true });
});

const write = (name: string, content: unknown) =>
  writeFile(join(directory, name), typeof content === "string" ? content : JSON.stringify(content, undefined, 2));

async function observe(options: Partial<FilesOptions> = {}): Promise<TestRun> {
  const run = aTestRun();
  await observeFiles({ directory, provider: "gcp", account: PROJECT, ...options })(run.context);
  return run;
}

const aNetwork = (name: string, over: object = {}) => ({
  kind: "compute#network",
  id: "1",
  name,
  selfLink: `${URL}/projects/${PROJECT}/global/networks/${name}`,
  autoCreateSubnetworks: false,
  x_gcloud_subnet_mode: "CUSTOM",
  ...over,
});
const aSubnet = (name: string, region: string, over: object = {}) => ({
  kind: "compute#subnetwork",
  name,
  selfLink: `${URL}/projects/${PROJECT}/regions/${region}/subnetworks/${name}`,
  network: `${URL}/projects/${PROJECT}/global/networks/prod`,
  ipCidrRange: "10.0.0.0/20",
  ...over,
});

const outcomes = (run: TestRun) =>
  Object.fromEntries(
    [...run.scopes.values()].map(({ key, status, errors, count }) => [
      `${key.region}/${key.kind}`,
      [status, count, ...errors.map(({ code }) => code)],
    ]),
  );

test("what gcloud prints gives the same resources, in the same scopes, as the API itself", async () => {
  const estate = createGcpEstate({ seed: "gcp files", projects: 4, instances: 300 });
  const simulator = await startGcpSimulator({ estate, faults: createFaults(), now: () => new Date() });
  try {
    for (const project of estate.projects) {
      const zones = estate.regions.flatMap((region) => region.zones);
      await write("networks.json", estate.networks(project, "v1"));
      await write(
        "subnets.json",
        estate.regions.flatMap((region) =>
          estate.subnetworks(project, region, { version: "v1", withUtilization: false }),
        ),
      );
      await write(
        "instances.json",
        zones.flatMap((zone) =>
          Array.from({ length: estate.instancePlaces(project, zone) }, (_, place) =>
            estate.instanceAt(project, zone, place, "v1"),
          ),
        ),
      );
      await write(
        "addresses.json",
        (["global", ...estate.regions] as const).flatMap((region) => estate.addresses(project, region, "v1")),
      );
      const live = await observed(simulator, { list: [project.projectId] });
      const filed = await observe({ account: project.projectId });
      expect(comparable(filed)).toEqual(comparable(live));
    }
  } finally {
    await simulator.stop();
  }
});

/** All but what no list prints. */
function comparable(run: TestRun): object {
  const content = ({ status, resources }: SeenScope) => ({
    status,
    resources: [...resources.values()]
      .map(({ volatile: _, unknown: __, attributes: { sharedVpcHost: ___, ...attributes }, ...rest }) => ({
        ...rest,
        attributes,
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  });
  return Object.fromEntries([...run.scopes].map(([name, scope]) => [name, content(scope)]));
}

test("a region that a list does not name is empty in it, and an empty list is empty in all of them", async () => {
  await write("networks.json", [aNetwork("prod")]);
  await write("subnets.json", [aSubnet("a", "europe-west1"), aSubnet("b", "us-east1")]);
  await write("compute-instances-list.json", []);
  expect(outcomes(await observe())).toEqual({
    "global/network": ["complete", 1],
    "global/subnet": ["complete", 0],
    "europe-west1/subnet": ["complete", 1],
    "us-east1/subnet": ["complete", 1],
    "global/instance": ["complete", 0],
    "europe-west1/instance": ["complete", 0],
    "us-east1/instance": ["complete", 0],
  });
});

test("an empty list whose name does not say what it is of leaves nothing complete", async () => {
  await write("networks.json", [aNetwork("prod")]);
  await write("output.json", []);
  const run = await observe();
  expect(outcomes(run)).toEqual({ "global/network": ["partial", 1, "malformed_file"] });
  const [scope] = run.scopes.values();
  expect(scope?.errors[0]?.message).toMatch(/^output\.json: an empty list does not say of what it is/);
});

test.each([
  ["a member of the wrong type", [aNetwork("prod", { mtu: "1460" })], /^networks\.json: \[0\]\.mtu: /],
  ["a URL of something else", [aNetwork("prod", { selfLink: `${URL}/x` })], /\[0\]\.selfLink: must be the URL of one/],
  ["two kinds in one list", [aNetwork("prod"), aSubnet("a", "us-east1")], /\[1\]\.kind: .*compute#network/],
  ["no name", [aNetwork("prod", { name: undefined })], /\[0\]\.name: /],
])("a broken list fails its kind with the place of what is wrong, and no other: %s", async (_what, list, message) => {
  await write("networks.json", list);
  await write("subnets.json", [aSubnet("a", "europe-west1")]);
  const run = await observe();
  expect(outcomes(run)).toEqual({
    "global/network": ["failed", 0, "malformed_file"],
    "global/subnet": ["complete", 0],
    "europe-west1/subnet": ["complete", 1],
  });
  expect(run.scopes.get(`gcp/${PROJECT}/global/network`)?.errors[0]?.message).toMatch(message);
});

test("a resource that cannot be converted makes its region partial, with the file, its name and the reason", async () => {
  await write("subnets.json", [
    aSubnet("a", "europe-west1"),
    aSubnet("b", "europe-west1", { ipCidrRange: "10.0.0.1/20" }),
    aSubnet("c", "us-east1"),
  ]);
  const run = await observe();
  expect(outcomes(run)).toEqual({
    "global/subnet": ["complete", 0],
    "europe-west1/subnet": ["partial", 1, "malformed"],
    "us-east1/subnet": ["complete", 1],
  });
  expect(run.scopes.get(`gcp/${PROJECT}/europe-west1/subnet`)?.errors[0]?.message).toMatch(
    /^subnets\.json: b: .*10\.0\.0\.1\/20/,
  );
});

test("another project's list is not taken for an empty one of this project, in no region", async () => {
  await write("subnets.json", [aSubnet("a", "europe-west1"), aSubnet("b", "us-east1")]);
  const foreign = `${URL}/projects/acme-other-2/regions/europe-west1/addresses/x`;
  await write("addresses.json", [{ kind: "compute#address", name: "x", selfLink: foreign, address: "203.0.113.1" }]);
  const run = await observe();
  for (const region of ["global", "europe-west1", "us-east1"]) {
    expect(outcomes(run)[`${region}/address`]).toEqual(["partial", 0, "foreign_account"]);
    expect(outcomes(run)[`${region}/subnet`]?.[0]).toBe("complete");
  }
});

test.each([
  ["the table that gcloud prints by default", "NAME  REGION\nprod  us-east1\n", /not JSON/],
  ["one resource instead of a list", aNetwork("prod"), /accepted is the output of gcloud compute networks list/],
  ["a list of something else", [{ kind: "compute#route" }], /not of an accepted form/],
  ["a list of nothing", [null], /not of an accepted form/],
])("what gcloud's lists do not print is refused with what is accepted: %s", async (_what, content, message) => {
  await write("networks.json", content);
  const run = await observe();
  expect(new Set([...run.scopes.values()].map(({ status }) => status))).toEqual(new Set(["failed"]));
  expect([...run.scopes.values()][0]?.errors[0]?.message).toMatch(message);
});

test("a project's number, a region that is none and an empty directory are refused", async () => {
  expect(() => observeFiles({ directory, provider: "gcp", account: "123456789012" })).toThrow(/a project's id/);
  expect(() => observeFiles({ directory, provider: "gcp", account: PROJECT, region: "eu-west-1" })).toThrow(
    /"eu-west-1" is not a Google Cloud region/,
  );
  await expect(observe()).rejects.toThrow(FileError);
});
