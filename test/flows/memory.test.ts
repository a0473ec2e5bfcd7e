import { afterEach, expect, it } from "vitest";
import { type ApiProcess, aTestCollector, startApiProcess } from "../support/api-process.ts";
import { ACCOUNT, instanceScope } from "../support/estate.ts";
import { aSession } from "../support/reporting.ts";

const collector = aTestCollector("aws-main");
const MEGABYTE = 1024 * 1024;

let api: ApiProcess;
afterEach(() => api.remove());

/** Delivers so many addresses of one region; none of them is kept here. */
async function ingest(count: number, region: string): Promise<void> {
  const result = await aSession(api, collector).run([
    async ({ recorder }) => {
      const scope = recorder.start({ ...instanceScope({ region }), kind: "address" });
      for (let n = 0; n < count; n++) {
        scope.add({
          id: `arn:aws:ec2:${region}:${ACCOUNT}:elastic-ip/eipalloc-${n.toString(16).padStart(17, "0")}`,
          tags: { team: `team-${n % 20}` },
          attributes: { type: "external", address: `52.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}` },
        });
      }
      scope.finish("complete");
    },
  ]);
  expect(result).toMatchObject({ delivered: true, totals: { created: count } });
}

it("the memory of the API is that of the shards on their way, not of the estate", { timeout: 180_000 }, async () => {
  // The heap of the process has no room for the estate beside the program.
  api = await startApiProcess({
    collectors: [collector],
    nodeOptions: ["--max-old-space-size=96", "--expose-gc"],
  });
  await ingest(2000, "us-east-1");
  const small = await api.measure();
  await ingest(20_000, "us-west-2");
  const large = await api.measure();
  const grown = large.heapBytes + large.arrayBytes - small.heapBytes - small.arrayBytes;
  console.info("API memory after 2,000 and after 20,000 more:", { small, large });
  expect(grown).toBeLessThan(4 * MEGABYTE);
});
