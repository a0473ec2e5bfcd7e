import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { expect, test } from "vitest";

/** 30,000 instances are more than 150 MB as the SDK's objects: a collector that kept them, or let them be kept, ends at this limit. */
const HEAP_MEGABYTES = 80;

test("30,000 instances are seen in a heap that could not hold them", { timeout: 300_000 }, async () => {
  const estate = createAwsEstate({
    seed: "memory",
    accounts: 1,
    regions: ["eu-west-1"],
    instancesPerAccountRegion: 30_000,
  });
  const faults = createFaults();
  // Their interfaces would only make it take twice as long.
  faults.inject({ match: { operation: "DescribeNetworkInterfaces" }, fault: { kind: "deny" } });
  const simulator = await startAwsSimulator({ estate, faults });
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [`--max-old-space-size=${HEAP_MEGABYTES}`, new URL("testing-memory.ts", import.meta.url).pathname],
      { env: { ...process.env, ...awsEnvironment(simulator) } },
    );
    const { scopes } = JSON.parse(stdout) as { scopes: { kind: string; status: string; count: number }[] };
    expect(scopes.find(({ kind }) => kind === "instance")).toMatchObject({ status: "complete", count: 30_000 });
  } finally {
    await simulator.stop();
  }
});
