import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { awsEnvironment } from "@cadastre/simulator/aws/environment";
import { startAwsSimulator } from "@cadastre/simulator/aws/server";
import { createAwsEstate } from "@cadastre/simulator/estate-aws";
import { createFaults } from "@cadastre/simulator/faults";
import { expect, test } from "vitest";

/** 100,000 instances are 250 MB and more as the SDK's objects: a collector that kept them would end at this limit. */
const HEAP_MEGABYTES = 96;

test("100,000 instances are seen in a heap that could not hold them", { timeout: 300_000 }, async () => {
  const estate = createAwsEstate({
    seed: "memory",
    accounts: 1,
    regions: ["eu-west-1"],
    instancesPerAccountRegion: 100_000,
  });
  const simulator = await startAwsSimulator({ estate, faults: createFaults() });
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [`--max-old-space-size=${HEAP_MEGABYTES}`, new URL("testing-memory.ts", import.meta.url).pathname],
      { env: { ...process.env, ...awsEnvironment(simulator) } },
    );
    const { scopes } = JSON.parse(stdout) as { scopes: { kind: string; status: string; count: number }[] };
    expect(scopes.map(({ status }) => status)).toEqual(Array(5).fill("complete"));
    expect(scopes.find(({ kind }) => kind === "instance")?.count).toBe(100_000);
  } finally {
    await simulator.stop();
  }
});
