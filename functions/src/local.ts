import { parseArgs } from "node:util";
import { ConfigError, readLocalConfig } from "./local/config.ts";
import { runLocal } from "./local/run.ts";

const USAGE = `npm start -- [--once] [--json] [--verbose]

  --once      run every collector and the jobs that are due once, print a table, and end; 0 only when every scope was seen whole
  --json      with --once: one JSON document on stdout instead of the table
  --verbose   show on stderr what goes to cadastre.log in the data folder: each request, as a line of JSON

The environment says the rest: see README.md.`;

const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => interrupt.abort(new Error(`ended by ${name}`)));
}

try {
  const { values } = parseArgs({
    options: {
      once: { type: "boolean" },
      json: { type: "boolean" },
      verbose: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
  } else {
    const config = readLocalConfig(process.env);
    const { once = false, json = false, verbose = false } = values;
    const options = { once, json, verbose };
    const terminal = {
      stdout: process.stdout,
      stderr: process.stderr,
      environment: process.env,
      now: () => new Date(),
    };
    const code = await runLocal(config, options, terminal, interrupt.signal);
    // An SDK's retry that waits cannot be called off; nothing is left to do for it.
    process.stdout.write("", () => process.exit(code));
  }
} catch (error) {
  const usage = error instanceof ConfigError || (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage ? `\n${USAGE}\n` : ""}`);
  process.exitCode = usage ? 2 : 1;
}
