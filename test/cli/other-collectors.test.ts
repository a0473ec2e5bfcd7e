import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ScopeRow } from "@cadastre/collectors/session/result";
import type { Totals } from "@cadastre/contract/discovery";
import type { Resource } from "@cadastre/contract/view";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { startTlsEndpoints, type TlsEndpoints } from "@cadastre/simulator/tls/endpoints";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, type World } from "./support.ts";

interface Report {
  readonly scopes: readonly ScopeRow[];
  readonly totals: Totals;
}

let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.end());

const add = (name: string, provider: string, accounts: string) =>
  world.json([
    "collectors",
    "add",
    name,
    "--provider",
    provider,
    "--accounts",
    accounts,
    "--key-file",
    `${name}.pem`,
    "--approve",
  ]);

describe("collect endpoints", () => {
  let tls: TlsEndpoints;
  const targets = () => tls.endpoints.map(({ host, port }) => `${host}:${port}`);
  const collect = ["collect", "endpoints", "--key-file", "edge.pem", "--account", "edge"];

  beforeAll(async () => {
    tls = await startTlsEndpoints({ now: () => new Date(), kinds: ["fine", "expired", "self-signed"] });
    await add("edge", "tls", "edge");
    writeFileSync(world.path("roots.pem"), tls.roots);
  });
  afterAll(() => tls.stop());

  test("real handshakes are recorded as endpoints and certificates, by list and by file alike", async () => {
    const first = (await world.json([
      ...collect,
      "--allow-loopback",
      "--ca-file",
      "roots.pem",
      "--targets",
      targets().join(","),
    ])) as Report;
    expect(first.scopes.map(({ kind, status, created }) => ({ kind, status, created }))).toEqual(
      expect.arrayContaining([
        { kind: "endpoint", status: "complete", created: 3 },
        // With those of the two authorities on the verified path.
        { kind: "certificate", status: "complete", created: 5 },
      ]),
    );
    writeFileSync(world.path("targets.txt"), `# ours\n${targets().join("\n")}\n`);
    const second = (await world.json([
      ...collect,
      "--allow-loopback",
      "--ca-file",
      "roots.pem",
      "--targets-file",
      "targets.txt",
    ])) as Report;
    expect(second.totals).toMatchObject({ created: 0, updated: 0, retired: 0, unchanged: 8 });
    const certificates = (await world.json(["resources", "list", "--kind", "certificate"])) as Resource[];
    expect(certificates).toHaveLength(5);
  });

  test("without --allow-loopback nothing on this machine is connected to, and no certificate is retired", async () => {
    const { code } = await world.run(...collect, "--targets", targets().join(","));
    expect(code).toBe(3);
    expect(await world.json(["resources", "list", "--kind", "certificate"])).toHaveLength(5);
    const endpoints = (await world.json(["resources", "list", "--kind", "endpoint"])) as Resource[];
    expect(JSON.stringify(endpoints)).toContain("loopback addresses are not allowed");
  });

  test("bad targets are refused with their lines before anything is observed", async () => {
    writeFileSync(world.path("bad.txt"), "example.org\nexample.org:99999\nfoo bar\n");
    const { code, stderr } = await world.run(...collect, "--targets-file", "bad.txt");
    expect(code).toBe(2);
    expect(stderr).toContain("line 2: ");
    expect(stderr).toContain("line 3: ");
    expect((await world.run(...collect)).stderr).toContain("no targets: give --targets, --targets-file, or both");
  });
});

describe("collect files", () => {
  const collect = (...more: string[]) => [
    ..."collect files printed --key-file files.pem --provider aws --account 123456789012".split(" "),
    ...more,
  ];
  const vpc = {
    VpcId: "vpc-0123456789abcdef0",
    OwnerId: "123456789012",
    CidrBlock: "10.20.0.0/16",
    CidrBlockAssociationSet: [
      { AssociationId: "vpc-cidr-assoc-1", CidrBlock: "10.20.0.0/16", CidrBlockState: { State: "associated" } },
    ],
    InstanceTenancy: "default",
    IsDefault: false,
    State: "available",
    DhcpOptionsId: "dopt-1",
    Tags: [{ Key: "Name", Value: "\u001b[31mred\u0007 네트워크" }],
  };

  beforeAll(async () => {
    await add("files", "aws", "123456789012");
    mkdirSync(world.path("printed"));
    writeFileSync(join(world.path("printed"), "vpcs.json"), JSON.stringify({ Vpcs: [vpc] }));
  });

  test("what the AWS CLI printed is delivered, and the same again changes nothing", async () => {
    const first = (await world.json(collect("--region", "eu-west-1"))) as Report;
    expect(first.totals).toMatchObject({ resources: 1, created: 1 });
    const second = (await world.json(collect("--region", "eu-west-1"))) as Report;
    expect(second.totals).toMatchObject({ created: 0, updated: 0, unchanged: 1 });
  });

  test("escape sequences in a name reach neither the terminal nor the JSON, and the name stays whole", async () => {
    const table = await world.run("resources", "list", "--account", "123456789012");
    const shown = await world.run("resources", "show", `arn:aws:ec2:eu-west-1:123456789012:vpc/${vpc.VpcId}`);
    const json = await world.run("resources", "list", "--account", "123456789012", "--json");
    for (const { code, stdout } of [table, shown, json]) {
      expect(code).toBe(0);
      expect(stdout).not.toContain("\u0007");
      expect(stdout).not.toContain("\u001b");
    }
    expect(table.stdout).toContain("\\u001b[31mred\\u0007 네트워크");
    expect((JSON.parse(json.stdout) as Resource[])[0]?.name).toBe("\u001b[31mred\u0007 네트워크");
  });

  test("a folder that is not there, and files of no accepted form, are refused with their names", async () => {
    const nowhere = await world.run(
      ..."collect files nowhere --key-file files.pem --provider aws --account 123456789012".split(" "),
    );
    expect(nowhere).toMatchObject({ code: 2 });
    expect(nowhere.stderr).toContain("directory nowhere cannot be read");
    const account = await world.run(
      ..."collect files printed --key-file files.pem --provider aws --account 12".split(" "),
    );
    expect(account).toMatchObject({ code: 2 });
    expect(account.stderr).toContain('account "12" must be');
  });
});

describe("collect gcp", () => {
  test("projects are collected through gcloud's endpoint overrides with Google's own credentials file", async () => {
    const estate = createGcpEstate({ seed: "cli", projects: 2, instances: 12 });
    const simulator = await startGcpSimulator({ estate, faults: createFaults(), now: () => new Date() });
    try {
      const projects = estate.projects.map(({ projectId }) => projectId);
      writeFileSync(world.path("google.json"), JSON.stringify(simulator.serviceAccountKey));
      Object.assign(world.env, {
        GOOGLE_APPLICATION_CREDENTIALS: world.path("google.json"),
        CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `${simulator.url}/compute/v1/`,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER: `${simulator.url}/`,
      });
      await add("gcp", "gcp", "*");
      const listed = (await world.json([
        "collect",
        "gcp",
        "--key-file",
        "gcp.pem",
        "--projects",
        projects.join(","),
      ])) as Report;
      expect(new Set(listed.scopes.map(({ account, status }) => `${account} ${status}`))).toEqual(
        new Set(projects.map((project) => `${project} complete`)),
      );
      expect(listed.totals.created).toBeGreaterThan(12);
      const all = ["collect", "gcp", "--key-file", "gcp.pem", "--organization", estate.organization];
      const found = (await world.json(all)) as Report;
      expect(found.totals).toMatchObject({ resources: listed.totals.resources, created: 0, updated: 0, retired: 0 });
    } finally {
      await simulator.stop();
    }
  });

  test("exactly one of projects, folder and organisation is asked for", async () => {
    const { code, stderr } = await world.run("collect", "gcp", "--key-file", "gcp.pem");
    expect(code).toBe(2);
    expect(stderr).toContain("give one of --projects, --folder and --organization");
  });
});
