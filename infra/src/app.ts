import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { deployment } from "./deployment.ts";
import { FUNCTIONS } from "./function-names.ts";
import { createInfrastructure } from "./infrastructure.ts";

const bundles = fileURLToPath(new URL("../dist", import.meta.url));
const build = fileURLToPath(new URL("../../functions/src/build.ts", import.meta.url));

// The functions are packed by a process of their own: infrastructure code runs none of the product's.
execFileSync(process.execPath, [build, bundles, ...FUNCTIONS], { stdio: ["ignore", "inherit", "inherit"] });
createInfrastructure({ deployment, bundles }).synth();
