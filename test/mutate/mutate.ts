import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";
import { AREAS, type Area } from "./areas.ts";

type Options = ConstructorParameters<typeof Stryker>[0];
type Mutant = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

/**
 * Breaks the code in small ways, one at a time, and says which of them no test notices: `npm run mutate -- net digest`, or all
 * areas; `npm run mutate -- net --only packages/net/src/key.ts:42-50` for a part of one, `--tests 'packages/net/src/key.test.ts'` to
 * have fewer tests look at it, `--quick` to leave out what runs once when a file is loaded: each of those costs all tests,
 * `--patience 15` to take a run for endless that lasts so many seconds longer than it should: what was taken for it is named, and
 * has to have a reason in the code. The tree itself is not changed. Takes minutes to hours; ends with the score of each area, and
 * fails for nothing.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const ALIVE = new Set(["Survived", "NoCoverage"]);
const DEAD = new Set(["Killed", "Timeout"]);
const NOTES: Partial<Record<Mutant["status"], string>> = {
  NoCoverage: " (no test comes here)",
  Timeout: " (never ended)",
};

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", multiple: true },
    tests: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
    patience: { type: "string", default: "60" },
  },
});
const patienceSeconds = Number(values.patience);
if (!(patienceSeconds > 0)) {
  process.stderr.write(`--patience ${values.patience}: a number of seconds is expected\n`);
  process.exit(2);
}
const unknown = wanted.filter((name) => AREAS[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(`no area ${unknown.join(", ")}; there are ${Object.keys(AREAS).join(", ")}\n`);
  process.exit(2);
}

async function tryMutants(area: Area): Promise<Mutant[]> {
  const scratch = mkdtempSync(join(tmpdir(), "cadastre-mutate-"));
  // Not the option `testFiles`: with it Stryker switches mutants of top-level code on too late, and all of them survive.
  process.env.MUTATED_TESTS = JSON.stringify(values.tests ?? area.tests);
  try {
    return await new Stryker({
      mutate: [...(values.only ?? area.sources), "!**/*.test.ts", "!**/testing*", "!**/testing/**"],
      plugins: ["@stryker-mutator/vitest-runner", fileURLToPath(new URL("not-run.ts", import.meta.url))],
      ignorers: ["documentation"],
      testRunner: "vitest",
      vitest: { configFile: "test/mutate/vitest.config.ts" },
      coverageAnalysis: "perTest",
      ignoreStatic: values.quick,
      concurrency: Math.max(1, availableParallelism() - 1),
      dryRunTimeoutMinutes: 30,
      // On a busy machine a slow run must not pass for an endless one; those are mostly found by counting.
      timeoutMS: patienceSeconds * 1000,
      // There is none: rewriting the project's would need the API of an older TypeScript.
      tsconfigFile: "none.json",
      tempDirName: scratch,
      reporters: ["progress-append-only"],
      logLevel: "error" as Options["logLevel"] & string,
    }).runMutationTest();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function place({ fileName, location }: Mutant): string {
  return `${relative(root, fileName)}:${location.start.line}:${location.start.column}`;
}

/** A mutant: where it is, the text that was there and what stood in its place. */
function describeMutant(mutant: Mutant): string {
  const { start, end } = mutant.location;
  const lines = readFileSync(mutant.fileName, "utf8").split("\n");
  const line = lines[start.line - 1] as string;
  const text =
    start.line === end.line ? line.slice(start.column - 1, end.column - 1) : `${line.slice(start.column - 1)} …`;
  return `  ${place(mutant)} ${mutant.mutatorName}${NOTES[mutant.status] ?? ""}\n    ${text.trim()}\n    → ${mutant.replacement?.replaceAll(/\s+/g, " ")}\n`;
}

const scores: string[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(AREAS)) {
  process.stdout.write(`\n== ${name}\n`);
  const startedAt = performance.now();
  const mutants = await tryMutants(AREAS[name] as Area);
  const alive = mutants.filter(({ status }) => ALIVE.has(status)).sort((a, b) => (place(a) < place(b) ? -1 : 1));
  const dead = mutants.filter(({ status }) => DEAD.has(status)).length;
  const endless = mutants.filter(({ status }) => status === "Timeout");
  for (const mutant of [...endless, ...alive]) process.stdout.write(describeMutant(mutant));
  const share = ((100 * dead) / Math.max(1, dead + alive.length)).toFixed(1);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  scores.push(
    `${name}: ${share} % of ${dead + alive.length} killed (${endless.length} of them never ended), ${alive.length} survived, in ${minutes} min\n`,
  );
  process.stdout.write(`== ${scores.at(-1)}`);
}
process.stdout.write(`\n${scores.join("")}`);
