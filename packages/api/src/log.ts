import type { ProblemError } from "@cadastre/contract/errors";
import type { LogLine } from "@cadastre/contract/log";

interface LoggedError {
  readonly name: string;
  readonly stack: readonly string[];
  readonly message?: string;
  readonly cause?: LoggedError;
}

const MOST_CAUSES = 4;

/** An error for the log: its stack frames, and its message unless the request had a secret that the message may repeat. */
export function toLoggedError(error: unknown, hasSecret: boolean, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { name: typeof error, stack: [] };
  // The message comes first in `stack`, and may have lines that look like frames.
  const frames = (error.stack ?? "").replace(error.message, () => "").split("\n");
  const stack = frames.filter((line) => /^\s+at /.test(line));
  const isMore = error.cause !== undefined && depth < MOST_CAUSES;
  return {
    name: error.name,
    ...(hasSecret ? {} : { message: error.message }),
    stack: stack.map((line) => line.trim()),
    ...(isMore ? { cause: toLoggedError(error.cause, hasSecret, depth + 1) } : {}),
  };
}

/** The line of a request that failed by our own fault: what is answered shows nothing of it. */
export function faultLine(error: ProblemError, requestId: string, hasSecret: boolean): LogLine {
  return {
    level: "error",
    message: "fault",
    requestId,
    code: error.code,
    error: toLoggedError(error.cause ?? error, hasSecret),
  };
}
