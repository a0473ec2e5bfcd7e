import { observeAws } from "@cadastre/collectors/aws/observe";
import type { Observe } from "@cadastre/collectors/observe";
import { aTestRun } from "@cadastre/collectors/testing-recorder";
import type { Units } from "@cadastre/store/table";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { afterEach, expect, it, vi } from "vitest";
import { observeEstate } from "../bench/estate.ts";
import { createTestContext } from "../support/context.ts";
import { aRun, type Raw, type SeenScope } from "../support/estate.ts";

const MOST_UNITS = 12;
/** Each signed request writes a nonce; they are the uploads, an opening and a completion. */
const SIGNED_REQUEST = 1;

afterEach(() => vi.unstubAllEnvs());

async function seenBy(observe: Observe): Promise<SeenScope[]> {
  const run = aTestRun();
  await observe(run.context);
  return [...run.scopes.values()].map(({ key, status = "failed", resources }) => {
    expect([key, status]).toEqual([key, "complete"]);
    return { key, status, resources: [...resources.values()] as unknown as Raw[] };
  });
}

/** What a first ingest of these scopes writes, by the resource. */
async function unitsEach(scopes: readonly SeenScope[]): Promise<{ resources: number; units: Units["write"] }> {
  const { context } = await createTestContext();
  const { result, units } = await context.table.meter.measure(() => aRun(scopes).deliver(context));
  const { created = 0 } = result.completed?.totals ?? {};
  return { resources: created, units: (units.write + (result.uploads + 2) * SIGNED_REQUEST) / created };
}

it("of an estate of instances costs at most 12 write units a resource", async () => {
  const { resources, units } = await unitsEach(await seenBy(observeEstate(2000, 0)));
  expect(resources).toBe(2000);
  console.info("write units a resource, instances:", units);
  expect(units).toBeLessThanOrEqual(MOST_UNITS);
});

it("of simulated AWS accounts costs at most 12 write units a resource", async () => {
  const estate = createAwsEstate({
    seed: "first ingest",
    accounts: 3,
    suspendedAccounts: 0,
    instancesPerAccountRegion: 20,
  });
  const simulator = await startAwsSimulator({ estate, faults: createFaults() });
  try {
    for (const [name, value] of Object.entries(awsEnvironment(simulator))) vi.stubEnv(name, value);
    const { name: roleName, externalId } = estate.role;
    const scopes = await seenBy(observeAws({ accounts: { organization: { roleName, externalId } } }));
    const { resources, units } = await unitsEach(scopes);
    console.info("write units a resource, AWS accounts:", units, resources);
    expect(resources).toBeGreaterThan(300);
    expect(units).toBeLessThanOrEqual(MOST_UNITS);
  } finally {
    await simulator.stop();
  }
});
