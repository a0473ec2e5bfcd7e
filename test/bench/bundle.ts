import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Benchmark } from "./figure.ts";
import { median } from "./statistics.ts";

const BUILD = fileURLToPath(new URL("../../functions/src/build.ts", import.meta.url));
/** What the function reads of its environment when it is loaded; nothing is called. */
const ENVIRONMENT = {
  TABLE_NAME: "cadastre",
  DATA_KEY_ARN: "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000",
  EVENT_BUS_NAME: "cadastre",
  AWS_REGION: "us-east-1",
};

interface Import {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
}

/** What a fresh process takes to import the bundle, without the start of Node itself. */
function measureImport(bundle: string): Import {
  const url = JSON.stringify(pathToFileURL(bundle).href);
  const script = `
    const started = performance.now();
    const before = process.cpuUsage();
    await import(${url});
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ milliseconds: performance.now() - started, cpuMilliseconds: (user + system) / 1000 }));`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    env: { PATH: process.env.PATH ?? "", ...ENVIRONMENT },
    encoding: "utf8",
  });
  return JSON.parse(printed) as Import;
}

export const bundle: Benchmark = {
  name: "bundle",
  about: "the API function as it is deployed (esbuild, minified), imported by fresh processes; the median",
  async run({ directory, isQuick, say }) {
    say("building");
    execFileSync(process.execPath, [BUILD, directory, "api"], { stdio: ["ignore", 2, "inherit"] });
    const folder = join(directory, "api");
    const entry = join(folder, "index.mjs");
    const modules = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
    const bytes = modules.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    say("importing");
    const runs = Array.from({ length: isQuick ? 5 : 21 }, () => measureImport(entry));
    return [
      { name: "API bundle: import", value: median(runs.map((run) => run.milliseconds)), unit: "ms" },
      { name: "API bundle: CPU of the import", value: median(runs.map((run) => run.cpuMilliseconds)), unit: "ms" },
      { name: "API bundle: size of all its modules", value: bytes / 1e3, unit: "KB" },
    ];
  },
};
