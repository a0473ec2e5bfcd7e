import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Everything that must hold before a change lands, one after the other; the last line counts checks and tests. */
const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name: string) => join(root, "node_modules/.bin", name);
const scratch = mkdtempSync(join(tmpdir(), "cadastre-test-"));
const results = join(scratch, "results.json");

const STEPS: readonly { readonly name: string; readonly command: readonly [string, ...string[]] }[] = [
  { name: "format and lint", command: [bin("biome"), "ci", "--error-on-warnings", "."] },
  { name: "lint with types", command: [bin("oxlint"), "--type-aware", "--deny-warnings"] },
  { name: "unused code and dependencies", command: [bin("knip"), "--no-progress", "--treat-config-hints-as-errors"] },
  { name: "types", command: [bin("tsc"), "--noEmit"] },
  {
    name: "tests",
    command: [
      process.execPath,
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${results}`,
      ...process.argv.slice(2),
    ],
  },
];

function run([command, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code === 0));
  });
}

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
}

let passed = 0;
let failed = 0;
for (const { name, command } of STEPS) {
  const startedAt = performance.now();
  process.stdout.write(`\n== ${name}\n`);
  const isRight = await run(command);
  process.stdout.write(
    `== ${name}: ${isRight ? "passed" : "failed"} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`,
  );
  if (isRight) passed++;
  else failed++;
}
try {
  const counts = JSON.parse(readFileSync(results, "utf8")) as Results;
  passed += counts.numPassedTests;
  failed += counts.numFailedTests;
} catch {
  failed++;
}
rmSync(scratch, { recursive: true });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
