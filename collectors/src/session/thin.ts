import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "@cadastre/contract/log";
import { scopeName } from "@cadastre/contract/scope";
import { MANIFEST_FILE, manifest } from "./manifest.ts";
import { runIn } from "./order.ts";
import type { Spool } from "./spool.ts";

/** Of runs over the same scopes that wait so many are kept: each says all that the ones before it said, as it is later. */
export const KEPT_RUNS = 5;

/** What names the scopes of a run, whatever was seen in them; undefined for one that cannot be read, which is not judged here. */
function scopesOf(path: string): string | undefined {
  try {
    const { scopes } = manifest.parse(JSON.parse(readFileSync(join(path, MANIFEST_FILE), "utf8")));
    return scopes.map(scopeName).sort().join("\n");
  } catch {
    return undefined;
  }
}

/**
 * Drops the oldest of the runs that wait when more than a few of them are over the same scopes, so that a spool does not grow for
 * as long as the API is away. Whoever calls it has the delivery's lock: nothing that is dropped is being delivered. Each run goes
 * as a delivered one does, by one rename, so that a crash leaves it whole or gone.
 */
export function thin(spool: Spool, log: Log): void {
  const waiting = spool.waiting();
  if (waiting.length <= KEPT_RUNS) return;
  const groups = Map.groupBy(waiting, (folder) => scopesOf(spool.pathOf(folder)));
  for (const [scopes, folders] of groups) {
    if (scopes === undefined || folders.length <= KEPT_RUNS) continue;
    const dropped = folders.slice(0, -KEPT_RUNS);
    for (const folder of dropped) spool.finish(folder);
    const message = `runs that waited were dropped: of those over the same scopes the newest ${KEPT_RUNS} are kept`;
    log({ level: "warn", message, runs: dropped.map(runIn) });
  }
}
