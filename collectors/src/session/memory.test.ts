import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKeyFile } from "../keys.ts";
import { startApi, type TestApi } from "./testing/api.ts";
import { aWorkplace, NOW, SWALLOWED, type Workplace } from "./testing/builders.ts";

let workplace: Workplace;
let keyFile: string;
let api: TestApi;
const uploaded = new Set<string>();

beforeEach(async () => {
  workplace = aWorkplace();
  keyFile = join(workplace.spoolDirectory, "key.pem");
  api = await startApi({ now: () => NOW, key: createKeyFile(keyFile, "ed25519") });
  // The API says which shards it wants; that it takes 100,000 resources in is not what is measured.
  api.faults.request = ({ method, type }, body) => {
    if (method !== "PUT") return undefined;
    const text = (type === "application/gzip" ? gunzipSync(body) : Buffer.from(body)).toString();
    const { resources } = JSON.parse(text) as { resources: { id: string }[] };
    for (const { id } of resources) uploaded.add(id);
    return SWALLOWED;
  };
});
afterEach(async () => {
  await api.end();
  workplace.remove();
});

interface Measured {
  readonly heapBytes: number;
  readonly arrayBytes: number;
  readonly spooledBytes: number;
  readonly uploaded: number;
}

async function measure(resources: number): Promise<Measured> {
  uploaded.clear();
  const script = join(import.meta.dirname, "testing", "measure.ts");
  const spool = join(workplace.spoolDirectory, String(resources));
  // The whole heap of the collector's process may not be larger than this: an estate held in memory would be.
  const limits = ["--max-old-space-size=64", "--expose-gc"];
  const args = [...limits, script, api.url, spool, keyFile, String(resources)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return { ...(JSON.parse(stdout) as Omit<Measured, "uploaded">), uploaded: uploaded.size };
}

test("100,000 resources in one scope pass through a collector whose memory is that of their hashes", async () => {
  const small = await measure(1000);
  const large = await measure(100_000);
  const perResource = (large.heapBytes + large.arrayBytes - small.heapBytes - small.arrayBytes) / 99_000;
  console.info("collector memory, 100,000 resources in one scope:", {
    ...large,
    bytesPerResource: Math.round(perResource),
  });
  expect([small.uploaded, large.uploaded]).toEqual([1000, 100_000]);
  expect(large.heapBytes - small.heapBytes).toBeLessThan(8 * 1024 * 1024);
  expect(perResource).toBeLessThan(120);
});
