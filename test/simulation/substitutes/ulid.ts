import { ulid as ofAnyProcess, monotonicFactory as ofOneProcess } from "ulid";
import { currentProcess, type Process } from "../scheduler.ts";

export * from "ulid";

const factories = new WeakMap<Process, (time?: number) => string>();
const outside = ofOneProcess();

/** Ids grow within a process, and each simulated one is a process of its own: one with a wrong clock moves no other's ids. */
export function monotonicFactory(): (time?: number) => string {
  return (time) => {
    const process = currentProcess();
    if (process === undefined) return outside(time);
    const known = factories.get(process);
    if (known !== undefined) return known(time);
    const made = ofOneProcess(() => process.random.next());
    factories.set(process, made);
    return made(time);
  };
}

/** An id that need not come after the one before it. */
export function ulid(time?: number): string {
  const process = currentProcess();
  return process === undefined ? ofAnyProcess(time) : ofAnyProcess(time, () => process.random.next());
}
