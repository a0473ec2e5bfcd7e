import { AsyncLocalStorage } from "node:async_hooks";
import type { Meter, Units } from "./table.ts";

interface Tally {
  read: number;
  write: number;
  calls: number;
  readonly outer: Tally | undefined;
}

/** A meter, and the way to charge it. A charge counts for every `measure` that it happens in. */
export interface ChargeableMeter extends Meter {
  charge(spent: { read?: number; write?: number; calls: number }): void;
}

/** Makes a meter that starts at zero. */
export function createMeter(): ChargeableMeter {
  const total: Tally = { read: 0, write: 0, calls: 0, outer: undefined };
  const current = new AsyncLocalStorage<Tally>();
  return {
    get units(): Units {
      return { read: total.read, write: total.write };
    },
    charge({ read = 0, write = 0, calls }) {
      for (let tally: Tally | undefined = current.getStore() ?? total; tally !== undefined; tally = tally.outer) {
        tally.read += read;
        tally.write += write;
        tally.calls += calls;
      }
    },
    async measure(work) {
      const tally: Tally = { read: 0, write: 0, calls: 0, outer: current.getStore() ?? total };
      const result = await current.run(tally, work);
      return { result, units: { read: tally.read, write: tally.write }, calls: tally.calls };
    },
  };
}
