import { existsSync, readFileSync, writeFileSync } from "node:fs";

export interface Spent {
  readonly seconds: number;
  /** User and system time of this process, all threads. */
  readonly cpuSeconds: number;
  /** Largest resident set while it was measured; since the process began where the system cannot start it anew. */
  readonly peakBytes: number;
}

const CLEAR = "/proc/self/clear_refs";
const STATUS = "/proc/self/status";

/** Writing 5 sets the peak to the present size (proc(5)). */
function resetPeak(): void {
  if (existsSync(CLEAR)) writeFileSync(CLEAR, "5");
}

function peakBytes(): number {
  const found = existsSync(STATUS) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, "utf8")) : null;
  return 1024 * (found ? Number(found[1]) : process.resourceUsage().maxRSS);
}

/** Begins to measure this process; what is answered tells what was spent since. */
export function beginGauge(): () => Spent {
  resetPeak();
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return {
      seconds: (performance.now() - started) / 1000,
      cpuSeconds: (user + system) / 1e6,
      peakBytes: peakBytes(),
    };
  };
}
