import { inParts } from "@cadastre/collectors/parts";
import type { RunEnd } from "@cadastre/collectors/session/look";
import type { ScopeRow } from "@cadastre/collectors/session/result";
import type { Totals } from "@cadastre/contract/discovery";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type World } from "./support.ts";

interface Report {
  readonly runs: readonly RunEnd[];
  readonly delivered: boolean;
  readonly scopes: readonly ScopeRow[];
  readonly totals: Totals;
  readonly failures: readonly string[];
}

const faults = createFaults();
const estate = createAwsEstate({
  seed: "parts",
  accounts: 60,
  suspendedAccounts: 0,
  regions: ["eu-west-1"],
  instancesPerAccountRegion: 1,
});
const { name, externalId } = estate.role;
const accounts = estate.accounts.map(({ id }) => id);
let simulator: AwsSimulator;
let world: World;

beforeAll(async () => {
  simulator = await startAwsSimulator({ estate, faults });
  world = await createWorld();
  Object.assign(world.env, awsEnvironment(simulator));
  await world.json([
    "collectors",
    "add",
    "all",
    "--provider",
    "aws",
    "--accounts",
    "*",
    "--key-file",
    "all.pem",
    "--approve",
  ]);
});
afterAll(async () => {
  await world.end();
  await simulator.stop();
});

const collect = ["collect", "aws", "--key-file", "all.pem", "--regions", "eu-west-1", "--organization"].concat([
  "--role-name",
  name,
  "--external-id",
  externalId,
]);

test("an organization that is too large for one run is collected in several, told as one, and the same again is unchanged", async () => {
  const first = (await world.json(collect)) as Report;
  expect(first).toMatchObject({ delivered: true, failures: [] });
  expect(first.runs.map(({ state }) => state)).toEqual(["closed", "closed"]);
  expect(new Set(first.scopes.map(({ account }) => account))).toEqual(new Set(accounts));
  expect(first.scopes).toHaveLength(60 * 5);
  // A shared subnet is seen by several accounts, and made by the first of them.
  const { resources, created, updated, unchanged } = first.totals;
  expect(created + updated + unchanged).toBe(resources);
  expect(created).toBeGreaterThan(resources / 2);
  const second = (await world.json(collect)) as Report;
  expect(second.runs.map(({ state }) => state)).toEqual(["unchanged", "unchanged"]);
  expect(second.totals).toMatchObject({ created: 0, retired: 0, unchanged: resources });
});

test("the table has the scopes of all parts, and one that is not complete in any of them is exit code 3", async () => {
  faults.inject({ match: { operation: "DescribeSubnets", account: accounts[3] as string }, fault: { kind: "deny" } });
  const { code, stdout } = await world.run(...collect);
  faults.clear();
  expect(code).toBe(3);
  expect(stdout.trimEnd().split("\n")).toHaveLength(2 + 60 * 5);
  expect(stdout).toMatch(new RegExp(`${accounts[3]}/eu-west-1/subnet +failed .*denied`));
});

test("with the API down all parts wait with exit code 5, and go first the next time", async () => {
  await world.down();
  const down = (await world.json(collect, 5)) as Report;
  expect(down.runs.map(({ state }) => state)).toEqual(["spooled", "spooled"]);
  await world.up();
  const up = (await world.json(collect)) as Report & { earlier: readonly { run: string }[] };
  expect(up.earlier.map(({ run }) => run)).toEqual(down.runs.map(({ run }) => run));
});

test.each([
  ["the first part begins no other", 0, 1, ["interrupted: 1 of 2 parts were not looked at"]],
  ["the last part delivers it as the ones before", 1, 2, []],
] as const)("Ctrl-C in %s: what was seen is delivered, with exit code 3", async (_, at, runs, failures) => {
  const account = inParts(accounts, (one) => one, 50)[at]?.[0] ?? "";
  faults.inject({ match: { operation: "DescribeInstances", account }, fault: { kind: "hang" } });
  const running = world.start([...collect, "--json"]);
  await running.stderrHas(`${account}/eu-west-1/network  `);
  running.child.kill("SIGINT");
  const { code, stdout } = await running.ended;
  faults.clear();
  expect(code).toBe(3);
  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({ delivered: true, failures });
  expect(report.runs).toHaveLength(runs);
  expect(report.scopes.find((scope) => scope.account === account && scope.kind === "instance")).toMatchObject({
    status: "failed",
    retired: 0,
  });
});
