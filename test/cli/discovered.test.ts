import type { Discovered } from "@cadastre/contract/addresses/discovered";
import type { Drift } from "@cadastre/contract/addresses/drift";
import type { Ip } from "@cadastre/contract/addresses/ip";
import { spacesConsumer } from "@cadastre/core/addresses/discovered/consumer";
import { runConsumers } from "@cadastre/core/feed/run-consumers";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { type AwsSimulator, startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, runHere, type World } from "./support.ts";

const estate = createAwsEstate({
  seed: "truth",
  accounts: 1,
  suspendedAccounts: 0,
  regions: ["eu-west-1"],
  instancesPerAccountRegion: 1,
});
const account = estate.accounts[0]?.id as string;
let simulator: AwsSimulator;
let world: World;

async function json<Answer>(...args: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await runHere(world, [...args, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Answer;
}

const inSpace = <Answer>(...args: string[]) => json<Answer>(...args, "--space", "production");

/** A look at the account, and what follows from it. */
async function collect(): Promise<void> {
  await world.json(["collect", "aws", "--key-file", "aws.pem"]);
  await runConsumers(world.context, [spacesConsumer]);
}

const openDrift = async () =>
  (await inSpace<Drift[]>("drift", "list", "--state", "open", "--all")).map(({ kind, prefix }) => `${kind} ${prefix}`);

beforeAll(async () => {
  simulator = await startAwsSimulator({ estate, faults: createFaults() });
  world = await createWorld();
  Object.assign(world.env, awsEnvironment(simulator));
  await world.run("collectors", "add", "prod", "--provider", "aws", "--accounts", account, "--key-file", "aws.pem");
  await json("collectors", "approve", "prod");
  await json("spaces", "add", "production", "--rule", `aws/${account}`);
  await runConsumers(world.context, [spacesConsumer]);
  await collect();
});
afterAll(async () => {
  await world.end();
  await simulator.stop();
});

describe("a cloud and what is planned", () => {
  let network: Discovered;
  let subnets: Discovered[];

  test("what a collector has seen is discovered, and subnets wait for their network", async () => {
    const all = await inSpace<Discovered[]>("discovered", "list", "--all");
    const networks = all.filter(({ kind, isDefault }) => kind === "network" && !isDefault);
    network = networks.find(({ externalId }) => all.some((one) => one.network === externalId)) as Discovered;
    subnets = all.filter((one) => one.network === network.externalId && !one.prefix.includes(":")).slice(0, 2);
    expect([network.state, ...subnets.map(({ state }) => state)]).toEqual(["importable", "blocked", "blocked"]);
    expect(all.some(({ isDefault }) => isDefault)).toBe(true);
    const open = await openDrift();
    expect(open).toContain(`unmanaged ${network.prefix}`);
    const ofDefault = all.filter(({ isDefault }) => isDefault).map(({ prefix }) => prefix);
    expect(open.filter((one) => ofDefault.some((prefix) => one.endsWith(` ${prefix}`)))).toEqual([]);
  });

  test("a batch is shown, refused while anything in it cannot be, and taken over as a whole", async () => {
    const short = (one: Discovered) => one.externalId.slice(one.externalId.lastIndexOf("/") + 1);
    const refused = await runHere(world, ["discovered", "import", ...subnets.map(short), "--space", "production"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("comes first (discovered.refused)")]);
    const batch = [network, ...subnets].map(short);
    const shown = await inSpace<Discovered[]>("discovered", "import", ...batch, "--dry-run");
    expect(new Set(shown.map(({ state }) => state))).toEqual(new Set(["importable"]));
    expect(await inSpace<Ip[]>("prefixes", "list")).toEqual([]);
    const done = await inSpace<Discovered[]>("discovered", "import", ...batch);
    expect(new Set(done.map(({ state }) => state))).toEqual(new Set(["linked"]));
    const ips = await inSpace<Ip[]>("prefixes", "list", "--within", network.prefix);
    expect(ips.map(({ prefix, syncStatus, source }) => `${prefix} ${syncStatus} ${source}`)).toEqual(
      [network, ...subnets].map(({ prefix }) => `${prefix} synced discovered`),
    );
    expect(await openDrift()).not.toContain(`unmanaged ${network.prefix}`);
  });

  test("drift comes and goes with the cloud, and is ignored by people", async () => {
    const [subnet, other] = subnets as [Discovered, Discovered];
    const id = (one: Discovered) => one.externalId.slice(one.externalId.lastIndexOf("/") + 1);
    await runConsumers(world.context, [spacesConsumer]);
    const before = await openDrift();
    estate.mutate.retag(id(subnet), { Name: "renamed" });
    await collect();
    const opened = (await openDrift()).filter((one) => !before.includes(one));
    expect(opened).toContain(`name_differs ${subnet.prefix}`);
    // One for each of its blocks.
    expect(opened.every((one) => one.startsWith("name_differs "))).toBe(true);
    const [found] = await inSpace<Drift[]>("drift", "list", "--kind", "name_differs");
    expect(found?.evidence).toMatchObject({ planned: subnet.name, observed: "renamed" });
    await inSpace("drift", "acknowledge", found?.id as string, "--reason", "asked them");
    const ignored = await inSpace<Drift>("drift", "ignore", found?.id as string, "--reason", "a joke");
    expect(ignored).toMatchObject({ state: "ignored", reason: "a joke" });
    estate.mutate.retag(id(subnet), { Name: subnet.name });
    estate.mutate.retag(id(other), { Name: other.name });
    await collect();
    expect(await inSpace<Drift[]>("drift", "list", "--state", "resolved", "--kind", "name_differs")).toHaveLength(
      opened.length,
    );
    expect(await openDrift()).toEqual(before);
  });
});
