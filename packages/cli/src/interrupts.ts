import { EXIT } from "./exit-codes.ts";

/** What of a process is used. */
interface Signalled {
  on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  exit(code: number): unknown;
}

/**
 * One Ctrl-C may come several times: from the terminal to every process of the group, and passed on again by each of those
 * that started this one (npx, a shell, the launcher). Nobody presses it twice within this time.
 */
const SAME_MILLISECONDS = 250;

/** Answers the function that registers what the first interrupt does. The second one ends the process at once. */
export function createInterrupts(options: {
  readonly process: Signalled;
  /** Milliseconds from any point. */
  readonly now: () => number;
}): (first: () => void) => void {
  const { process, now } = options;
  return function onInterrupt(first) {
    let firstAt: number | undefined;
    const interrupt = () => {
      if (firstAt === undefined) {
        firstAt = now();
        first();
      } else if (now() - firstAt >= SAME_MILLISECONDS) {
        process.exit(EXIT.interrupted);
      }
    };
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", interrupt);
  };
}
