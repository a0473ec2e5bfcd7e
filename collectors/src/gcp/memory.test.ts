import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createGcpEstate } from "@cadastre/simulator/estate-gcp";
import { createFaults } from "@cadastre/simulator/faults";
import { startGcpSimulator } from "@cadastre/simulator/gcp/server";
import { expect, test } from "vitest";

/** The client and its messages' descriptions take about 75 MB of it; 100,000 instances as its objects would take 380 MB. */
const HEAP_MEGABYTES = 192;

test("100,000 instances are seen in a heap that could not hold them", { timeout: 300_000 }, async () => {
  const estate = createGcpEstate({
    seed: "memory",
    projects: 1,
    instances: 100_000,
    regions: ["us-central1", "us-east1"],
  });
  const simulator = await startGcpSimulator({ estate, faults: createFaults(), now: () => new Date() });
  const directory = await mkdtemp(join(tmpdir(), "cadastre-gcp-"));
  try {
    const key = join(directory, "key.json");
    await writeFile(key, JSON.stringify(simulator.serviceAccountKey));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        `--max-old-space-size=${HEAP_MEGABYTES}`,
        new URL("testing-memory.ts", import.meta.url).pathname,
        estate.projects[0]?.projectId ?? "",
      ],
      {
        env: {
          ...process.env,
          GOOGLE_APPLICATION_CREDENTIALS: key,
          CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: simulator.url,
        },
      },
    );
    const { scopes, peakMegabytes } = JSON.parse(stdout) as {
      scopes: { kind: string; status: string; count: number }[];
      peakMegabytes: number;
    };
    console.info(`100,000 instances: at most ${peakMegabytes} MB resident`);
    expect(scopes.every(({ status }) => status === "complete")).toBe(true);
    const instances = scopes.filter(({ kind }) => kind === "instance");
    expect(instances.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
  } finally {
    await simulator.stop();
    await rm(directory, { recursive: true });
  }
});
