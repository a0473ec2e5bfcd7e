import { existsSync, statSync } from "node:fs";
import type { ScopeRow } from "@cadastre/collectors/session/result";
import type { Collector } from "@cadastre/contract/collector";
import type { Hold, ScopeState, Totals } from "@cadastre/contract/discovery";
import type { Resource, ResourceEvent } from "@cadastre/contract/view";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults, type Faults } from "@cadastre/simulator/faults";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, type World } from "./support.ts";

interface Report {
  readonly runs: readonly { readonly state: string }[];
  readonly scopes: readonly ScopeRow[];
  readonly totals: Totals;
}

const estate = createAwsEstate({ seed: "cli", accounts: 2, suspendedAccounts: 0, instancesPerAccountRegion: 6 });
const [account, member] = estate.accounts.map(({ id }) => id) as [string, string];
let faults: Faults;
let simulator: AwsSimulator;
let world: World;

beforeAll(async () => {
  faults = createFaults();
  simulator = await startAwsSimulator({ estate, faults });
  world = await createWorld();
  Object.assign(world.env, awsEnvironment(simulator));
});
afterAll(async () => {
  await world.end();
  await simulator.stop();
});

const collect = ["collect", "aws", "--key-file", "aws.pem"];

describe("from the first key to the second collection", () => {
  test("a collector is added with a key that its owner alone can read, and approved", async () => {
    const added = await world.run(
      "collectors",
      "add",
      "prod",
      "--provider",
      "aws",
      "--accounts",
      `${account},${member}`,
      "--key-file",
      "aws.pem",
    );
    expect(added).toMatchObject({ code: 0 });
    expect(added.stderr).toContain("cadastre collectors approve prod");
    expect(statSync(world.path("aws.pem")).mode & 0o777).toBe(0o600);
    expect(added.stdout).toContain("state: pending");
    const approved = (await world.json(["collectors", "approve", "prod"])) as Collector;
    expect(approved).toMatchObject({ name: "prod", state: "approved", accounts: [account, member] });
  });

  test("a collection delivers every scope, and the same again changes nothing", async () => {
    const first = (await world.json(collect)) as Report;
    expect(first.runs).toMatchObject([{ state: "closed" }]);
    expect(new Set(first.scopes.map((scope) => `${scope.region} ${scope.status}`))).toEqual(
      new Set(estate.regions.map((region) => `${region} complete`)),
    );
    expect(first.totals.resources).toBeGreaterThan(20);
    expect(first.totals.created).toBe(first.totals.resources);

    const second = (await world.json(collect)) as Report;
    expect(second.totals).toEqual({
      ...first.totals,
      created: 0,
      updated: 0,
      retired: 0,
      unchanged: first.totals.resources,
    });
  });

  test("the table has a line for each scope and the totals, without colours or shortened names", async () => {
    const { code, stdout, stderr } = await world.run(...collect);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^SCOPE +STATUS +RESOURCES +CREATED +UPDATED +UNCHANGED +RETIRED$/);
    expect(lines).toHaveLength(2 + 5 * estate.regions.length);
    expect(stdout).toContain(`aws/${account}/${estate.regions[0]}/instance `);
    expect(lines.at(-1)).toMatch(/^total +[\d,]+ +0 +0 +[\d,]+ +0$/);
    expect(stdout + stderr).not.toContain("\u001b");
    expect(stderr).toContain(`complete  aws/${account}/${estate.regions[0]}/subnet`);
  });

  test("what was collected is listed, searched, shown, and its history told", async () => {
    const instances = (await world.json([
      "resources",
      "list",
      "--kind",
      "instance",
      "--region",
      "eu-west-1",
    ])) as Resource[];
    expect(instances).toHaveLength(6);
    const [one] = instances as [Resource];
    const { interfaces } = one.attributes as { interfaces: { privateAddresses: { address: string }[] }[] };
    const ip = interfaces[0]?.privateAddresses[0]?.address ?? "";
    const found = (await world.json(["search", `ip:${ip}`, `account:${account}`, "region:eu-west-1"])) as Resource[];
    expect(found.map(({ id }) => id)).toContain(one.id);
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(["instance", "interface", "subnet", "network"]));
    const counted = await world.json(["search", "kind:vm region:eu-west-1", "--by", "kind"]);
    expect(counted).toEqual([{ kind: "instance", count: 6 }]);
    expect((await world.run("search", "kind:vm region:eu-west-1", "--count")).stdout).toBe("6\n");
    const sorted = (await world.json(["search", "kind:vm region:eu-west-1", "--sort=-ip"])) as Resource[];
    expect(sorted.map(({ id }) => id).sort()).toEqual(instances.map(({ id }) => id).sort());
    const whose = await world.run("whose", ip, "--account", account);
    expect(whose.stdout).toContain(`${ip} nobody said whose it is`);
    expect(whose.stdout).toMatch(new RegExp(`${ip.replaceAll(".", "\\.")}/32 +instance `));
    const shown = await world.run("resources", "show", one.id);
    expect(shown.stdout).toContain(`id: ${one.id}\n`);
    expect(shown.stdout).toContain(`      address: ${ip}\n`.trimStart());
    const history = (await world.json(["resources", "history", one.key])) as ResourceEvent[];
    expect(history.map(({ type }) => type)).toEqual(["created"]);
  });

  test("notes and owner are set, and a later collection leaves them", async () => {
    const [one] = (await world.json(["resources", "list", "--kind", "network", "--limit", "1"])) as [Resource];
    await world.json(["resources", "annotate", one.key, "--owner", "payments", "--notes", "kept"]);
    await world.json(collect);
    expect(await world.json(["resources", "show", one.key])).toMatchObject({ owner: "payments", notes: "kept" });
  });

  test("a list stops at its limit and says that there is more; --all has everything once", async () => {
    const some = await world.run("resources", "list", "--limit", "3");
    expect(some.stdout.trimEnd().split("\n")).toHaveLength(4);
    expect(some.stderr).toContain("the first 3; there are more");
    const all = (await world.json(["resources", "list", "--all"])) as Resource[];
    const scopes = (await world.json(["scopes", "--all"])) as ScopeState[];
    expect(all.length).toBeGreaterThan(50);
    expect(new Set(all.map(({ key }) => key)).size).toBe(all.length);
    expect(scopes.reduce((sum, scope) => sum + scope.resources, 0)).toBeGreaterThanOrEqual(all.length);
  });

  test("an operator can ask for a run by the collector's name", async () => {
    const [collector] = (await world.json(["collectors", "list"])) as [Collector];
    expect(await world.json(["runs", "trigger", "prod"])).toMatchObject([{ collector: collector.id }]);
    expect((await world.run("trigger")).stdout).toContain(collector.id);
  });
});

describe("when something is not there", () => {
  test("a denied region gives exit code 3, its reason, and keeps what is known", async () => {
    const before = (await world.json(["resources", "list", "--all"])) as Resource[];
    const remove = faults.inject({
      match: { operation: "DescribeSubnets", region: "us-east-1" },
      fault: { kind: "deny" },
    });
    const { code, stdout } = await world.run(...collect);
    remove();
    expect(code).toBe(3);
    expect(stdout).toMatch(/us-east-1\/subnet +failed .*denied/);
    expect(((await world.json(["resources", "list", "--all"])) as Resource[]).length).toBe(before.length);
    await world.json(collect);
  });

  test("a loss too large to believe is held, shown, and retired only when an operator approves", async () => {
    const remove = faults.inject({
      match: { operation: "DescribeInstances", region: "eu-west-1" },
      fault: { kind: "empty" },
    });
    const { code, stdout, stderr } = await world.run(...collect);
    expect(code).toBe(0);
    expect(stdout).toContain("HELD");
    expect(stderr).toContain("6 resources would be retired and wait for you: cadastre holds list");
    const [hold] = (await world.json(["holds", "list", "--state", "pending"])) as [Hold];
    expect(hold).toMatchObject({ known: 6, missing: 6, kind: "instance" });
    expect((await world.run("holds", "show", hold.id)).stdout).toContain("sample:");
    expect(await world.json(["holds", "approve", hold.id, "--reason", "switched off"])).toMatchObject({
      state: "approved",
      reason: "switched off",
    });
    remove();
    const retired = (await world.json([
      "resources",
      "list",
      "--status",
      "retired",
      "--kind",
      "instance",
    ])) as Resource[];
    expect(retired).toHaveLength(6);
    const again = await world.run("holds", "reject", hold.id);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("(hold.decided)");
  });
});

describe("other accounts", () => {
  test("a list of roles is assumed with its external id, and the organization is found by one role's name", async () => {
    const { name, externalId } = estate.role;
    const roles = `arn:aws:iam::${member}:role/${name}`;
    const byRole = (await world.json([
      ...collect,
      "--regions",
      "eu-west-1",
      "--roles",
      roles,
      "--external-id",
      externalId,
    ])) as Report;
    expect(new Set(byRole.scopes.map((scope) => scope.account))).toEqual(new Set([member]));
    const organization = ["--organization", "--role-name", name, "--external-id", externalId];
    const all = (await world.json([...collect, "--regions", "eu-west-1", ...organization])) as Report;
    expect(new Set(all.scopes.map((scope) => scope.account))).toEqual(new Set([account, member]));
    expect(all.scopes.every((scope) => scope.status === "complete")).toBe(true);
  });

  test("an account that the collector is not bound to is refused for good with exit code 4, and nothing is written", async () => {
    await world.json([
      "collectors",
      "add",
      "narrow",
      "--provider",
      "aws",
      "--accounts",
      "999999999999",
      "--key-file",
      "narrow.pem",
      "--approve",
    ]);
    const { code, stderr } = await world.run("collect", "aws", "--key-file", "narrow.pem", "--regions", "eu-west-1");
    expect(code).toBe(4);
    expect(stderr).toContain("(collector.foreign_account)");
    expect(stderr).toContain("request id: req_");
    expect(await world.json(["scopes", "--source", "narrow"])).toEqual([]);
    expect(existsSync(world.path("narrow.pem"))).toBe(true);
  });
});
