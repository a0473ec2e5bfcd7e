import type { Job } from "@cadastre/contract/job";
import type { Screen, Style } from "./screen.ts";
import { clip, neutralise, toCount, toTime } from "./text.ts";

export const JOB_STYLES: Readonly<Record<Job["state"], Style>> = {
  waiting: "yellow",
  running: "cyan",
  done: "green",
  failed: "red",
  cancelled: "dim",
};

/** How far a run is: `1,200 of 40,000 resources (3 %)`. */
export function progressOf({ progress: { done, total, unit } }: Pick<Job, "progress">): string {
  if (total === undefined || total === 0) return `${toCount(done)} ${unit}`;
  return `${toCount(done)} of ${toCount(total)} ${unit} (${Math.floor((100 * done) / total)} %)`;
}

/** What holds a run up, or ended it. */
export function reasonOf({ error, retryAt, cancelling }: Job): string {
  if (cancelling) return "ends after this step";
  if (!error) return "";
  return `${error.code}: ${error.message}${retryAt === undefined ? "" : `; again at ${toTime(retryAt)}`}`;
}

/** A run in one line: its name, state and progress, and what holds it up. */
export function lineOf(job: Job): string {
  const parts = [`${job.name} ${job.state}`, progressOf(job), job.progress.message ?? "", reasonOf(job)];
  return neutralise(parts.filter((part) => part !== "").join(" · "));
}

export interface WatchOptions {
  readonly read: () => Promise<Job>;
  /** For stderr. */
  readonly screen: Screen;
  /** Between two looks; resolves at once when watching is to end. */
  readonly pause: () => Promise<void>;
  readonly isStopped: () => boolean;
}

/**
 * Shows how far a run is until it ends, or watching is stopped: one line that is drawn again on a terminal, elsewhere a line for
 * each change. Answers the run as it was last seen. Throws what `read` throws.
 */
export async function watchJob({ read, screen, pause, isStopped }: WatchOptions): Promise<Job> {
  const live = screen.isTerminal;
  let shown = "";
  for (;;) {
    const job = await read();
    const line = lineOf(job);
    const isEnd = job.endedAt !== undefined || isStopped();
    if (live) await screen.write(`\r\u001b[K${isEnd ? "" : clip(line, (screen.columns ?? 80) - 1)}`);
    else if (line !== shown) await screen.write(`${line}\n`);
    shown = line;
    if (isEnd) return job;
    await pause();
  }
}
