import type { Process } from "./scheduler.ts";

const sizes = new WeakMap<Process, number>();

/** The process is a collector that cuts its scopes into shards of about so many resources. */
export function cutFine(process: Process, resources: number): void {
  sizes.set(process, resources);
}

/** Into how many shards the process cuts a scope of so many resources; nothing when it cuts as the contract proposes. */
export function shardCountOf(process: Process | undefined, resources: number): number | undefined {
  const size = process && sizes.get(process);
  return size === undefined ? undefined : 2 ** Math.ceil(Math.log2(Math.max(1, resources / size)));
}
