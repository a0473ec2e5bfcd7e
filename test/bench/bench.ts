import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { allocation } from "./allocation.ts";
import { audit } from "./audit.ts";
import { bundle } from "./bundle.ts";
import type { Benchmark, Figure } from "./figure.ts";
import { ingest, ingestDynamo } from "./ingest.ts";
import { login } from "./login.ts";
import { lookup } from "./lookup.ts";
import { opening } from "./opening.ts";
import { policies } from "./policies.ts";
import { machine, printFigures, printMachine } from "./report.ts";
import { requests } from "./requests.ts";
import { scim } from "./scim.ts";
import { store } from "./store.ts";

/*
 * `npm run bench -- [--quick] [--json] [--only NAME]…`: measures and prints, asserts nothing about speed. What is measured runs
 * in processes of its own; progress goes to stderr.
 */

const BENCHMARKS: readonly Benchmark[] = [
  ingest,
  ingestDynamo,
  store,
  lookup,
  bundle,
  requests,
  opening,
  login,
  policies,
  audit,
  scim,
  allocation,
];

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
  },
});
const names = BENCHMARKS.map((benchmark) => benchmark.name);
const unknown = values.only?.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`there is no benchmark ${unknown}; there are ${names.join(", ")}`);

const started = performance.now();
const say = (line: string) =>
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}\n`);
const found = machine();
if (!values.json) printMachine(found, values.quick);

const results: { name: string; about: string; figures: Figure[] }[] = [];
for (const { name, about, run } of BENCHMARKS) {
  if (values.only && !values.only.includes(name)) continue;
  const directory = mkdtempSync(join(tmpdir(), `cadastre-bench-${name}-`));
  try {
    const figures = await run({ isQuick: values.quick, directory, say: (line) => say(`${name}: ${line}`) });
    results.push({ name, about, figures });
    if (!values.json) printFigures(name, about, figures);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ machine: found, quick: values.quick, benchmarks: results }, undefined, 2)}\n`,
  );
}
