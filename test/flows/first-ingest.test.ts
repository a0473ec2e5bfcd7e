import { observeAws } from "@cadastre/collectors/aws/testing";
import { observed } from "@cadastre/collectors/gcp/testing";
import { aTestRun, type TestRun } from "@cadastre/collectors/testing-recorder";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { startGcpSimulator } from "@cadastre/simulator/gcp/server";
import type { Units } from "@cadastre/store/table";
import { afterEach, expect, it, vi } from "vitest";
import { observeEstate } from "../bench/estate.ts";
import { createTestContext } from "../support/context.ts";
import { aRun, type Raw, type SeenScope } from "../support/estate.ts";

/** Many small scopes have their own ledger entries, counts and manifests beside what their resources take. */
const MOST_UNITS = { instances: 11, clouds: 12 };
/** Each signed request writes a nonce; they are the uploads, an opening and a completion. */
const SIGNED_REQUEST = 1;
/** Each account of a cloud is its organization's own from its first sight on, in the commit that makes it. */
const OWNER = 2;

afterEach(() => vi.unstubAllEnvs());

function scopesOf(run: TestRun): SeenScope[] {
  return [...run.scopes.values()].map(({ key, status = "failed", errors, resources }) => ({
    key,
    status,
    errors: [...errors],
    resources: [...resources.values()] as unknown as Raw[],
  }));
}

/** What a first ingest of these scopes writes, by the resource. */
async function unitsEach(scopes: readonly SeenScope[]): Promise<{ resources: number; units: Units["write"] }> {
  const { context } = await createTestContext();
  const { result, units } = await context.table.meter.measure(() => aRun(scopes).deliver(context));
  const { created = 0 } = result.completed?.totals ?? {};
  const accounts = new Set(scopes.map(({ key }) => key.account)).size;
  const more = (result.uploads + 2) * SIGNED_REQUEST - accounts * OWNER;
  return { resources: created, units: (units.write + more) / created };
}

it("of an estate of instances costs at most 11 write units a resource", async () => {
  const run = aTestRun();
  await observeEstate(2000, 0)(run.context);
  const { resources, units } = await unitsEach(scopesOf(run));
  expect(resources).toBe(2000);
  console.info("write units a resource, instances:", units);
  expect(units).toBeLessThanOrEqual(MOST_UNITS.instances);
});

it("of the simulated clouds that a local run begins with costs at most 12 write units a resource", async () => {
  const estate = createAwsEstate({ seed: "cadastre", accounts: 3, instancesPerAccountRegion: 25 });
  const gcpEstate = createGcpEstate({ seed: "cadastre", projects: 5, instances: 125 });
  const faults = createFaults();
  const aws = await startAwsSimulator({ estate, faults });
  const gcp = await startGcpSimulator({ estate: gcpEstate, faults, now: () => new Date() });
  try {
    for (const [name, value] of Object.entries(awsEnvironment(aws))) vi.stubEnv(name, value);
    const { name: roleName, externalId } = estate.role;
    const inAws = aTestRun();
    await observeAws({ accounts: { organization: { roleName, externalId } } })(inAws.context);
    const inGcp = await observed(gcp, { organization: gcpEstate.organization });
    const { resources, units } = await unitsEach([...scopesOf(inAws), ...scopesOf(inGcp)]);
    console.info(`write units a resource, ${resources} in simulated clouds:`, units);
    expect(resources).toBeGreaterThan(1000);
    expect(units).toBeLessThanOrEqual(MOST_UNITS.clouds);
  } finally {
    await Promise.all([aws.stop(), gcp.stop()]);
  }
});
