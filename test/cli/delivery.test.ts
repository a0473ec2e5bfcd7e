import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import type { RunEnd } from "@cadastre/collectors/session/look";
import type { RunResult, ScopeRow } from "@cadastre/collectors/session/result";
import type { Totals } from "@cadastre/contract/discovery";
import { KIND_NAMES } from "@cadastre/contract/kinds/names";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults, type Faults } from "@cadastre/simulator/faults";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createWorld, OLD_NODE, type World } from "./support.ts";

interface Report {
  readonly runs: readonly RunEnd[];
  readonly delivered: boolean;
  readonly scopes: readonly ScopeRow[];
  readonly totals: Totals;
  readonly earlier: readonly RunResult[];
  readonly spool?: string;
}

let faults: Faults;
let simulator: AwsSimulator;
let world: World;

beforeEach(async () => {
  const estate = createAwsEstate({ seed: "cli", accounts: 1, instancesPerAccountRegion: 4 });
  faults = createFaults();
  simulator = await startAwsSimulator({ estate, faults });
  world = await createWorld();
  Object.assign(world.env, awsEnvironment(simulator));
  await world.json([
    "collectors",
    "add",
    "prod",
    "--provider",
    "aws",
    "--accounts",
    "*",
    "--key-file",
    "aws.pem",
    "--approve",
  ]);
});
afterEach(async () => {
  await world.end();
  await simulator.stop();
});

const collect = ["collect", "aws", "--key-file", "aws.pem", "--spool", "spool"];
const waiting = (spool: string) => readdirSync(`${spool}/ready`);

test("with the API down a run is spooled with exit code 5, and the next collection delivers it first", async () => {
  await world.down();
  const down = (await world.json(collect, 5)) as Report;
  expect(down).toMatchObject({
    runs: [{ state: "spooled", problem: { code: "api.unavailable" } }],
    delivered: false,
  });
  expect(down.totals.resources).toBeGreaterThan(0);
  expect(waiting(down.spool ?? "")).toHaveLength(1);

  await world.up();
  const up = (await world.json(collect)) as Report;
  expect(up.earlier).toMatchObject([{ state: "closed", delivered: true, totals: { created: down.totals.resources } }]);
  expect(up.totals).toMatchObject({ created: 0, updated: 0, retired: 0, unchanged: down.totals.resources });
  expect(waiting(down.spool ?? "")).toEqual([]);
});

test("a collector that waits for approval is told how it is approved, and its run is delivered afterwards", async () => {
  await world.json(["collectors", "add", "late", "--provider", "aws", "--accounts", "*", "--key-file", "late.pem"]);
  const late = ["collect", "aws", "--key-file", "late.pem", "--spool", "spool"];
  const { code, stderr } = await world.run(...late);
  expect(code).toBe(4);
  expect(stderr).toContain("(collector.pending)");
  expect(stderr).toContain("cadastre collectors approve NAME");
  await world.json(["collectors", "approve", "late"]);
  const approved = (await world.json(late)) as Report;
  expect(approved.earlier).toHaveLength(1);
  expect(approved.totals).toMatchObject({ created: 0 });
});

test("runs of two keys in one spool directory never mix", async () => {
  await world.json([
    "collectors",
    "add",
    "other",
    "--provider",
    "aws",
    "--accounts",
    "111111111111",
    "--key-file",
    "other.pem",
    "--approve",
  ]);
  await world.down();
  await world.json(collect, 5);
  await world.up();
  const other = (await world.json([...collect, "--key-file", "other.pem"], 4)) as Report;
  expect(other.earlier).toEqual([]);
  expect(((await world.json(collect)) as Report).earlier).toMatchObject([{ delivered: true }]);
});

test("the first Ctrl-C ends observing: what was seen is delivered, the rest is reported as interrupted", async () => {
  const remove = faults.inject({
    match: { operation: "DescribeInstances", region: "us-east-1" },
    fault: { kind: "hang" },
  });
  const running = world.start([...collect, "--json"]);
  const seen = (name: string) => running.stderrHas(`${name}  `);
  await Promise.all(["network", "subnet", "interface", "address"].map((kind) => seen(`us-east-1/${kind}`)));
  await Promise.all(KIND_NAMES.slice(0, 5).map((kind) => seen(`eu-west-1/${kind}`)));
  running.child.kill("SIGINT");
  const { code, stdout } = await running.ended;
  remove();
  expect(code).toBe(3);
  const report = JSON.parse(stdout) as Report;
  expect(report.delivered).toBe(true);
  const incomplete = report.scopes.filter((scope) => scope.status !== "complete");
  expect(incomplete).toMatchObject([{ region: "us-east-1", kind: "instance", created: 0, retired: 0 }]);
  expect(incomplete[0]?.errors).toMatchObject([{ code: "interrupted" }]);
  const whole = (await world.json(collect)) as Report;
  expect(whole.totals.retired).toBe(0);
  expect(whole.scopes.every((scope) => scope.status === "complete")).toBe(true);
});

test("Ctrl-C while the API does not answer leaves the run in the spool, to be delivered by the next collection", async () => {
  await world.down();
  // Through the launcher, which passes the signal on.
  const running = world.start([...collect, "--json"], OLD_NODE);
  await running.stderrHas("trying again");
  running.child.kill("SIGINT");
  const { code, stdout } = await running.ended;
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    runs: [{ state: "spooled", problem: { code: "session.interrupted" } }],
  });
  await world.up();
  expect(((await world.json(collect)) as Report).earlier).toMatchObject([{ delivered: true }]);
});

test("a second Ctrl-C leaves at once, and whatever is in the spool is still delivered afterwards", async () => {
  await world.down();
  const down = (await world.json(collect, 5)) as Report;
  const remove = faults.inject({
    match: { operation: "DescribeInstances", region: "us-east-1" },
    fault: { kind: "hang" },
  });
  const running = world.start(collect);
  // Without anything to keep the first one would be enough.
  await running.stderrHas("us-east-1/network  ");
  const again = setInterval(() => running.child.kill("SIGINT"), 100);
  const { code } = await running.ended;
  clearInterval(again);
  remove();
  expect(code).toBe(130);
  await world.up();
  const { earlier, totals } = (await world.json(collect)) as Report;
  expect(earlier[0]).toMatchObject({ delivered: true, totals: { created: down.totals.resources } });
  expect(earlier.every((run) => run.delivered)).toBe(true);
  expect(totals).toMatchObject({ created: 0, updated: 0, retired: 0 });
});

test("without --spool runs wait below the user's state directory, and never where the command was started", async () => {
  mkdirSync(world.path("state"));
  world.env.XDG_STATE_HOME = world.path("state");
  await world.json(["collect", "aws", "--key-file", "aws.pem"]);
  expect(readdirSync(world.path("state/cadastre/spool"))).toHaveLength(1);
  expect(readdirSync(world.directory)).not.toContain(".cadastre");
});

test("key files that are missing, of another kind, or not keys are refused before anything is observed", async () => {
  writeFileSync(world.path("empty.pem"), "");
  for (const [file, reason] of [
    ["missing.pem", "there is no such file"],
    ["empty.pem", "does not hold a PEM private key"],
  ] as const) {
    const { code, stderr, stdout } = await world.run("collect", "aws", "--key-file", file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`the key file ${file}`);
    expect(stderr).toContain(reason);
    expect(stderr).toContain(`cadastre collectors add NAME --key-file ${file}`);
  }
  expect(simulator.requests.count()).toBe(0);
});
