import { isValues } from "./attribute.ts";
import type { BulkEntry } from "./bulk-request.ts";

const PREFIX = "bulkId:";

/** The name of what a text stands for, when it stands for what another operation makes. */
export const referred = (text: string): string | undefined =>
  text.startsWith(PREFIX) ? text.slice(PREFIX.length) : undefined;

/** Every bulkId that a value refers to. Values are not deeper than a body may be. */
export function referencesIn(value: unknown): ReadonlySet<string> {
  if (typeof value === "string") {
    const name = referred(value);
    return new Set(name === undefined ? [] : [name]);
  }
  if (Array.isArray(value)) return new Set(value.flatMap((one) => [...referencesIn(one)]));
  return isValues(value) ? referencesIn(Object.values(value)) : new Set();
}

/** A value with the ids of what was made in the place of references to it; others stay as they are. */
export function withIds(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return ids.get(referred(value) ?? "") ?? value;
  if (Array.isArray(value)) return value.map((one) => withIds(one, ids));
  if (!isValues(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withIds(one, ids)]));
}

/** Everything that an operation refers to. */
function needsOf({ read }: BulkEntry): readonly string[] {
  if (read instanceof Error) return [];
  const own = read.id === undefined ? undefined : referred(read.id);
  return [...referencesIn(read.data), ...(own === undefined ? [] : [own])];
}

/**
 * The order in which operations are done (RFC 7644 §3.7.2): as they were sent, but each after those that make what it refers to. `circular`
 * are those that wait for each other, and so for themselves.
 */
export function inOrder(entries: readonly BulkEntry[]): {
  readonly order: readonly BulkEntry[];
  readonly circular: ReadonlySet<BulkEntry>;
} {
  const makers = new Map(
    entries.flatMap((entry) => (entry.bulkId === undefined ? [] : [[entry.bulkId, entry] as const])),
  );
  const needs = new Map(entries.map((entry) => [entry, needsOf(entry)]));
  const order = new Set<BulkEntry>();
  let waiting = [...entries];
  while (waiting.length > 0) {
    const ready = new Set<BulkEntry>();
    for (const entry of waiting) {
      const isReady = (needs.get(entry) ?? []).every((name) => {
        const maker = makers.get(name);
        return maker === undefined || order.has(maker) || ready.has(maker);
      });
      if (isReady) ready.add(entry);
    }
    if (ready.size === 0) break;
    for (const entry of ready) order.add(entry);
    waiting = waiting.filter((entry) => !ready.has(entry));
  }
  return { order: [...order, ...waiting], circular: new Set(waiting) };
}
