import type { GcpSimulator } from "@cadastre/simulator/gcp/server";
import type { Observe } from "../observe.ts";
import { allParts, aTestRun, type TestRun } from "../testing-recorder.ts";
import { splitGcp } from "./observe.ts";
import type { GcpOptions } from "./options.ts";

export interface GcpSetting extends Partial<GcpOptions> {
  readonly deadlineMilliseconds?: number;
  readonly signal?: AbortSignal;
}

/** The collector, all of its parts into one recorder. */
export const observeGcp = (options: GcpOptions): Observe => allParts(splitGcp(options));

/** What the collector needs to look at a simulator. Waits between attempts take no time; how long they would be is in `waits`. */
export function aimedAt(simulator: GcpSimulator, waits: number[] = []) {
  return {
    auth: { serviceAccountKey: simulator.serviceAccountKey },
    endpoints: { compute: simulator.url, resourceManager: simulator.url },
    delay: async (milliseconds: number) => void waits.push(milliseconds),
    random: () => 0.5,
  } satisfies Partial<GcpOptions>;
}

/** Runs the collector once against the simulator. */
export async function observed(
  simulator: GcpSimulator,
  projects: GcpOptions["projects"],
  setting: GcpSetting = {},
): Promise<TestRun> {
  const { deadlineMilliseconds, signal, ...options } = setting;
  const run = aTestRun({
    ...(deadlineMilliseconds === undefined ? {} : { deadlineMilliseconds }),
    ...(signal ? { signal } : {}),
  });
  await observeGcp({ projects, ...aimedAt(simulator), ...options })(run.context);
  return run;
}
