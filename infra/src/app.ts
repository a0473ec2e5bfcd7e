import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { App } from "aws-cdk-lib";
import { FUNCTIONS } from "./function-names.ts";
import { createInfrastructure } from "./infrastructure.ts";
import { CONTEXT, readDeployment, SettingsError } from "./read-deployment.ts";

// The assembly has copies: two that are made at the same time are not in each other's way.
const bundles = mkdtempSync(join(tmpdir(), "cadastre-bundles-"));
const build = fileURLToPath(new URL("../../functions/src/build.ts", import.meta.url));

try {
  // Another app only to be told what the CDK's command hands over.
  const deployment = readDeployment(new App({ autoSynth: false }).node.tryGetContext(CONTEXT));
  // The functions are packed by a process of their own: infrastructure code runs none of the product's.
  execFileSync(process.execPath, [build, bundles, ...FUNCTIONS], { stdio: ["ignore", "inherit", "inherit"] });
  createInfrastructure({ deployment, bundles }).synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
} finally {
  rmSync(bundles, { recursive: true });
}
