import { createInterrupts } from "./interrupts.ts";
import { createScreen } from "./output/screen.ts";
import { run } from "./run.ts";

// Whoever reads may have seen enough (`| head`): that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const stdout = createScreen(process.stdout, process.env);
const stderr = createScreen(process.stderr, process.env);
const exitCode = await run(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout,
  stderr,
  now: () => new Date(),
  onInterrupt: createInterrupts({ process, now: () => performance.now() }),
});
await Promise.all([stdout.write(""), stderr.write("")]);
// Connections that were left behind, to a cloud that hangs for example, must not keep the process.
process.exit(exitCode);
