import { neutralise } from "@cadastre/cli/output/text";
import type { Log, LogLine } from "@cadastre/contract/log";
import { describeFolderFault, folderFaultOf } from "./data-folder.ts";

export interface TerminalLogOptions {
  readonly directory: string;
  readonly logPath: string;
  /** Says a line to the person before the terminal. */
  readonly say: (line: string) => void;
}

const textOf = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** The messages of an error and its causes, as the log has them. */
function messagesOf(error: unknown): string[] {
  if (typeof error === "string") return [error];
  const { message, cause } = (error ?? {}) as { message?: unknown; cause?: unknown };
  return typeof message === "string" ? [message, ...messagesOf(cause)] : [];
}

/** What went wrong, on one line: what of it there is of a collector, a method and route, a status, a code and an error. */
function sentenceOf(line: LogLine): string {
  const { message, collector, method, route, status, code, error, problem } = line;
  const words = [collector, message, method, route, status, code].map(textOf).filter((word) => word !== "");
  const [why] = [...messagesOf(error), ...messagesOf(problem)];
  return why === undefined ? words.join(" ") : `${words.join(" ")}: ${why}`;
}

/**
 * Shows warnings and errors to a person: one line for each, the whole of it is in the log. What is wrong with the data folder is
 * said in one sentence, with what to do, and once.
 */
export function createTerminalLog({ directory, logPath, say }: TerminalLogOptions): Log {
  const told = new Set<string>();
  return function show(line) {
    if (line.level !== "warn" && line.level !== "error") return;
    for (const message of [...messagesOf(line.error), ...messagesOf(line.problem)]) {
      const fault = folderFaultOf(new Error(message), directory);
      if (fault === undefined) continue;
      const sentence = describeFolderFault(fault, directory);
      if (!told.has(sentence)) say(sentence);
      told.add(sentence);
      return;
    }
    say(neutralise(`${line.level === "warn" ? "warning" : "error"}: ${sentenceOf(line)} (${logPath} says more)`));
  };
}
