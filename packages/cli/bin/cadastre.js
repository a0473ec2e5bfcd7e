#!/usr/bin/env node
// Plain JavaScript for any Node: finds one that can run the TypeScript beside it, and stays out of its way.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const LEAST_MAJOR = 24;
const main = join(dirname(dirname(realpathSync(fileURLToPath(import.meta.url)))), "src", "main.ts");

const majorOf = (version) => Number.parseInt(version.replace(/^v/, ""), 10);

/** The Node that the package `node` brought, in this folder's node_modules or one above it. */
function findNode() {
  for (let folder = dirname(main); ; folder = dirname(folder)) {
    const brought = join(folder, "node_modules", "node", "package.json");
    const executable = join(folder, "node_modules", ".bin", "node");
    if (existsSync(brought) && existsSync(executable)) {
      if (majorOf(JSON.parse(readFileSync(brought, "utf8")).version) >= LEAST_MAJOR) return executable;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** Runs it with another Node. Signals are passed on; how it ends is how this process ends. */
function runWith(executable) {
  const child = spawn(executable, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const passOn = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, passOn);
  child.on("error", (error) => {
    process.stderr.write(`cadastre: ${executable} cannot be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
    for (const name of signals) process.off(name, passOn);
  });
}

if (majorOf(process.version) >= LEAST_MAJOR) {
  await import(main);
} else {
  const executable = findNode();
  if (executable) {
    runWith(executable);
  } else {
    process.stderr.write(
      `cadastre: Node ${LEAST_MAJOR} or newer is needed; this is ${process.version}, and there is no node_modules/node ` +
        "beside the package. Run `npm ci` where the package is, or use a newer Node.\n",
    );
    process.exitCode = 1;
  }
}
