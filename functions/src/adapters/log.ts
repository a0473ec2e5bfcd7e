import type { Log } from "@cadastre/contract/log";

/** What JSON has no form for. An error's cause is kept: it usually is the one that says what happened. */
function toJson(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  const frames = stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return { name, message, ...(cause === undefined ? {} : { cause }), stack: frames.map((line) => line.trim()) };
}

/** Writes one text to where a function's log goes, which is the standard output, a line each. */
export type WriteLine = (line: string) => void;

export const writeToStdout: WriteLine = (line) => void process.stdout.write(`${line}\n`);

/** A log of JSON lines, with the time. */
export function createLog({ now, write }: { now: () => Date; write: WriteLine }): Log {
  return function log(line) {
    write(JSON.stringify({ time: now().toISOString(), ...line }, toJson));
  };
}
