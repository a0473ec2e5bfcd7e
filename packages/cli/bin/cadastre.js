#!/usr/bin/env node
// Plain JavaScript for any Node: finds one that can run the TypeScript beside it, and stays out of its way.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

const LEAST_MAJOR = 24;
const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
/** As it was packed for a release, or else the sources. */
const main =
  [join(root, "lib", "main.mjs"), join(root, "src", "main.ts")].find(existsSync) ?? join(root, "src", "main.ts");

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
  const child = spawn(executable, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
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

/**
 * What was compiled is kept for the next start, which then takes a third of the time. In the user's own folder: who could write
 * into it could say what is run.
 */
function keepCompiled() {
  const { XDG_CACHE_HOME: cache, HOME: home } = process.env;
  const base = cache && isAbsolute(cache) ? cache : home && join(home, ".cache");
  if (base) module.enableCompileCache?.(join(base, "cadastre", "compiled"));
}

if (majorOf(process.version) >= LEAST_MAJOR) {
  keepCompiled();
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
