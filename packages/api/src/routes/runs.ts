import type { Collector } from "@cadastre/contract/collector";
import type { Trigger } from "@cadastre/contract/discovery";
import { MOST_LIMIT } from "@cadastre/contract/endpoints/query";
import { runs } from "@cadastre/contract/endpoints/runs";
import { ProblemError } from "@cadastre/contract/errors";
import { idSchema } from "@cadastre/contract/ids";
import { getCollector, listCollectors } from "@cadastre/core/access/collectors";
import type { ClaimItem } from "@cadastre/core/audit/claim";
import { actorName, type Context } from "@cadastre/core/context";
import { listTriggers, requestRuns } from "@cadastre/core/discovery/triggers";
import { implement } from "./route.ts";

const neverSeen = async () => undefined;

async function* allCollectors(context: Context, state: Collector["state"] | undefined): AsyncGenerator<Collector> {
  let cursor: string | undefined;
  do {
    const page = await listCollectors(context, { limit: MOST_LIMIT, cursor, state, lastSeen: neverSeen });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The approved collectors that are meant: the one of an id or name, or all. */
async function meantCollectors(context: Context, wanted: string | undefined): Promise<Collector[]> {
  if (wanted !== undefined && idSchema("collector").safeParse(wanted).success) {
    return [requireApproved(await getCollector(context, wanted, neverSeen))];
  }
  const found: Collector[] = [];
  for await (const one of allCollectors(context, wanted === undefined ? "approved" : undefined)) {
    if (wanted === undefined || one.name === wanted) found.push(one);
  }
  if (wanted === undefined) return found;
  // A name that was freed and taken again belongs to several; the last one has it now.
  const last = found.findLast((one) => one.state === "approved") ?? found.at(-1);
  if (!last) throw new ProblemError("collector.not_found", `no collector has the name ${wanted}`);
  return [requireApproved(last)];
}

function requireApproved(collector: Collector): Collector {
  if (collector.state === "approved") return collector;
  throw new ProblemError("collector.state", `the collector is ${collector.state}; only approved ones can be triggered`);
}

/** The triggers that a request with the same key made: they have its time and its actor. */
async function triggersOf(context: Context, collectors: readonly Collector[], claim: ClaimItem, actor: string) {
  const found: (Trigger & { readonly name: string })[] = [];
  for (const { id, name } of collectors) {
    let after: string | undefined;
    let some: Trigger[];
    do {
      some = await listTriggers(context, id, after);
      for (const one of some) {
        if (one.requestedAt === claim.at && one.requestedBy === actor) found.push({ ...one, name });
      }
      after = some.at(-1)?.id;
    } while (some.length > 0);
  }
  return found;
}

export const RUN_ROUTES = implement(runs, {
  trigger: {
    async handle({ context, services, actor, body }) {
      const meant = await meantCollectors(context, body.collector);
      return { items: await requestRuns(context, actor, meant, services.publishTriggers) };
    },
    async replay({ context, services, actor, body }, claim) {
      const items = await triggersOf(context, await meantCollectors(context, body.collector), claim, actorName(actor));
      // Told again: the first request may have ended before it could tell, and a run too many finds nothing changed.
      await services.publishTriggers(items);
      return { items };
    },
  },
});
