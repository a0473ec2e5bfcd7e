import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { aWorkplace, type Workplace } from "./testing/builders.ts";

let workplace: Workplace;
beforeEach(() => {
  workplace = aWorkplace();
});
afterEach(() => workplace.remove());

interface Measured {
  readonly heapBytes: number;
  readonly arrayBytes: number;
  readonly delivered: number;
  readonly spooledBytes: number;
}

function measure(resources: number): Measured {
  const script = join(import.meta.dirname, "testing", "measure.ts");
  // The whole heap of the process, API stand-in included, may not be larger than this: an estate held in memory would be.
  const limits = ["--max-old-space-size=64", "--expose-gc"];
  return JSON.parse(
    execFileSync(process.execPath, [...limits, script, String(resources), workplace.spoolDirectory], {
      encoding: "utf8",
    }),
  );
}

test("100,000 resources in one scope pass through a collector whose memory is that of their hashes", () => {
  const small = measure(1000);
  const large = measure(100_000);
  const perResource = (large.heapBytes + large.arrayBytes - small.heapBytes - small.arrayBytes) / 99_000;
  console.info("collector memory, 100,000 resources in one scope:", {
    ...large,
    bytesPerResource: Math.round(perResource),
  });
  expect(large.delivered).toBe(100_000);
  expect(large.heapBytes - small.heapBytes).toBeLessThan(8 * 1024 * 1024);
  expect(perResource).toBeLessThan(120);
});
