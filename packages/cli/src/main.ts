import { setTimeout as pause } from "node:timers/promises";
import { createInterrupts } from "./interrupts.ts";
import { createPagedScreens } from "./output/pager.ts";
import { createScreen } from "./output/screen.ts";
import { run } from "./run.ts";

// Whoever reads may have seen enough (`| head`): that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`cadastre: the output cannot be written: ${error.message}\n`, () => process.exit(1));
});

const { stdout, stderr, end } = createPagedScreens({
  stdout: createScreen(process.stdout, process.env),
  stderr: createScreen(process.stderr, process.env),
  env: process.env,
  onOpen: () => process.on("SIGINT", () => undefined),
});
const exitCode = await run(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout,
  stderr,
  now: () => new Date(),
  pause,
  node: process.version,
  onInterrupt: createInterrupts({ process, now: () => performance.now() }),
});
await end();
await Promise.all([stdout.write(""), stderr.write("")]);
// Connections that were left behind, to a cloud that hangs for example, must not keep the process.
process.exit(exitCode);
