import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { App } from "aws-cdk-lib";
import { FUNCTIONS } from "./function-names.ts";
import { createInfrastructure } from "./infrastructure.ts";
import { CONTEXT, readDeployment, SettingsError } from "./read-deployment.ts";

const bundles = fileURLToPath(new URL("../dist", import.meta.url));
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
}
