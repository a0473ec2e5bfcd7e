import type { SweepItem } from "../scopes/items.ts";

/** A run that opens more scopes than this marks a sweep's every scope, by this name. */
export const MOST_MARKS = 100;
export const EVERY_SCOPE = "*";

/** Scopes that are open, each with the run that opened it last. */
export type Marks = SweepItem["dirty"];

/** The run that may have written to a scope since the sweep. */
export function markOn(marks: Marks, name: string): string | undefined {
  return marks[name] ?? marks[EVERY_SCOPE];
}

/**
 * The marks once a run has opened these scopes of the sweep. The run takes them over from whoever had them, so its marks stand
 * in the place of theirs; those of all scopes at once go only when it has opened `whole` the set.
 */
export function addMarks(before: Marks, names: readonly string[], run: string, whole: boolean): Marks {
  const taken = new Set([...names, ...(whole ? [EVERY_SCOPE] : [])]);
  const kept = Object.entries(before).filter(([name]) => !taken.has(name));
  const own = names.length > MOST_MARKS ? [EVERY_SCOPE] : names;
  return Object.fromEntries([...kept, ...own.map((name) => [name, run])]);
}

/** The marks once a run is the known state of these scopes. A scope that another run has opened meanwhile keeps its mark. */
export function settleMarks(before: Marks, settled: (name: string) => boolean, run: string): Marks {
  const clean = (name: string, by: string) => by === run && (name === EVERY_SCOPE || settled(name));
  return Object.fromEntries(Object.entries(before).filter(([name, by]) => !clean(name, by)));
}
