import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { startBench } from "./test-clients.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const megabyte = 2 ** 20;

function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test("100,000 instances are paged through with a heap that does not grow", { timeout: 300_000 }, async () => {
  const bench = await startBench({ accounts: 1, regions: ["eu-west-1"], instancesPerAccountRegion: 100_000 });
  const { endpoint, credentials } = bench.settings();
  const scope = `${credentials.accessKeyId}/20260105/eu-west-1/ec2/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=${"0".repeat(64)}`;
  // The wire without an SDK: its parsing takes longer than everything that is tested here.
  const page = async (token: string | undefined): Promise<string> => {
    const body = new URLSearchParams({ Action: "DescribeInstances", Version: "2016-11-15", MaxResults: "1000" });
    if (token !== undefined) body.set("NextToken", token);
    return (await fetch(endpoint, { method: "POST", headers: { authorization }, body })).text();
  };
  let instances = 0;
  let pages = 0;
  let token: string | undefined;
  let settled = 0;
  do {
    const xml = await page(token);
    instances += xml.split("<instanceType>").length - 1;
    token = /<nextToken>([^<]+)<\/nextToken>/.exec(xml)?.[1];
    pages += 1;
    if (pages === 5) settled = heapInUse();
  } while (token !== undefined);
  const grownBy = heapInUse() - settled;
  await bench.stop();
  expect(instances).toBe(100_000);
  expect(pages).toBeGreaterThan(60);
  expect(grownBy).toBeLessThan(8 * megabyte);
});
