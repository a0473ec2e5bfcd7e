import type { StreamRun } from "@cadastre/core/feed/handle-changes";
import type { WriteLine } from "./log.ts";
import { writeMetrics } from "./metric-line.ts";

/** Writes how many changes were told, and how many set aside. */
export function writeFeedMetrics(options: {
  readonly deployment: string;
  readonly run: StreamRun;
  readonly now: Date;
  readonly write: WriteLine;
}): void {
  const { deployment, run, now, write } = options;
  writeMetrics({ deployment, figures: { ChangesTold: run.handled, ChangesSetAside: run.setAside }, now, write });
}
