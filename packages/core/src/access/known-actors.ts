import { fromAccountName } from "@cadastre/contract/account";
import { mayReport } from "@cadastre/contract/collector";
import type { Context } from "../context.ts";
import { CollectorItem } from "./items.ts";

interface Happened {
  readonly actor: string;
  readonly run?: string | undefined;
}

const COLLECTOR = "collector:";

/**
 * What happened, as the caller may know of it: a collector that reports none of the caller's accounts stands there as `collector`,
 * and without its run. Reads those collectors, for a caller who may not see all. Writes nothing.
 */
export async function withKnownActors<Event extends Happened>(
  { table, restriction }: Context,
  events: readonly Event[],
): Promise<Event[]> {
  if (restriction === undefined) return [...events];
  const ids = events.flatMap(({ actor }) => (actor.startsWith(COLLECTOR) ? [actor.slice(COLLECTOR.length)] : []));
  const keys = [...new Set(ids)].map((id) => ({ id }));
  const collectors = await table.getMany(CollectorItem, keys);
  const own = restriction.accounts.map(fromAccountName);
  const isKnown = (collector: CollectorItem) => own.some((account) => mayReport(collector, account));
  const known = new Set(collectors.flatMap((one) => (one && isKnown(one) ? [`${COLLECTOR}${one.id}`] : [])));
  return events.map((event) =>
    !event.actor.startsWith(COLLECTOR) || known.has(event.actor)
      ? event
      : { ...event, actor: "collector", run: undefined },
  );
}
