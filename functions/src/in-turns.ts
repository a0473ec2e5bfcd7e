import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "@cadastre/contract/log";

interface TurnsOptions<Part> {
  readonly parts: readonly Part[];
  /** Where it is kept which part is next, for as long as the runtime keeps files. */
  readonly directory: string;
  readonly now: () => Date;
  /** When the runtime ends this process. */
  readonly deadline: Date;
  readonly log: Log;
  /** One run over a part; rejects when it was not delivered. */
  readonly run: (part: Part) => Promise<void>;
}

/** A part is begun only when this share of the whole time is left, so that it has time to be seen and delivered. */
const LEAST_SHARE = 0.25;
const HOUR_MILLISECONDS = 3_600_000;

/**
 * Runs one part after the other until the time is nearly up, and begins the next time where it stopped. Where nobody remembers
 * that (a new instance), the hour says where to begin, so that each part comes first once in so many hours as there are parts.
 * A part that fails does not hold up the others; the first failure is thrown at the end.
 */
export async function runInTurns<Part>(options: TurnsOptions<Part>): Promise<void> {
  const { parts, now, deadline, log } = options;
  const whole = deadline.getTime() - now().getTime();
  const first = readNext(options);
  let failure: { readonly error: unknown } | undefined;
  for (let turn = 0; turn < parts.length; turn++) {
    const left = deadline.getTime() - now().getTime();
    if (turn > 0 && left < whole * LEAST_SHARE) {
      const message = "the time is nearly up: the next run goes on with the other parts";
      log({ level: "info", message, done: turn, parts: parts.length });
      break;
    }
    const at = (first + turn) % parts.length;
    // Before it is run: a part that the runtime is killed over must not be the first one for ever.
    writeNext(options, (at + 1) % parts.length);
    try {
      await options.run(parts[at] as Part);
    } catch (error) {
      failure ??= { error };
      log({ level: "error", message: "a part of the run failed", part: at + 1, parts: parts.length });
    }
  }
  if (failure) throw failure.error;
}

const fileIn = (directory: string) => join(directory, "next-part.json");

type Place = Pick<TurnsOptions<unknown>, "parts" | "directory" | "now">;

function readNext({ parts, directory, now }: Place): number {
  if (parts.length < 2) return 0;
  try {
    const kept = JSON.parse(readFileSync(fileIn(directory), "utf8")) as { parts?: unknown; next?: unknown };
    if (kept.parts === parts.length && Number.isSafeInteger(kept.next)) return Number(kept.next) % parts.length;
  } catch {
    // Nobody was here before, or what was kept is no use: the hour decides.
  }
  return Math.floor(now().getTime() / HOUR_MILLISECONDS) % parts.length;
}

function writeNext({ parts, directory }: Place, next: number): void {
  if (parts.length < 2) return;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = fileIn(directory);
  writeFileSync(`${path}.new`, JSON.stringify({ parts: parts.length, next }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
