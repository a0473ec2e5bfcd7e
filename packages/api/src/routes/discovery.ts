import type { Collector } from "@cadastre/contract/collector";
import { hold, holdDecision, scopeState, type Trigger, trigger, triggerRequest } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { idSchema } from "@cadastre/contract/ids";
import { accountId, kindName, provider, regionName, scopeStatus } from "@cadastre/contract/scope";
import { page } from "@cadastre/contract/view";
import { getCollector, listCollectors } from "@cadastre/core/access/collectors";
import type { ClaimItem } from "@cadastre/core/audit/claim";
import { actorName, type Context } from "@cadastre/core/context";
import { approveHold, listHolds, rejectHold } from "@cadastre/core/discovery/holds";
import { listTriggers, requestRuns } from "@cadastre/core/discovery/triggers";
import { listScopes } from "@cadastre/core/scopes/status";
import * as z from "zod";
import { allOf, keepWanted, paging } from "./lists.ts";
import { operatorRoute, type Route } from "./route.ts";

const neverSeen = async () => undefined;

/** The approved collectors that are meant: the one of an id or name, or all. */
async function meantCollectors(context: Context, wanted: string | undefined): Promise<Collector[]> {
  if (wanted !== undefined && idSchema("collector").safeParse(wanted).success) {
    return [requireApproved(await getCollector(context, wanted, neverSeen))];
  }
  const found: Collector[] = [];
  for await (const one of allOf((options) => listCollectors(context, { ...options, lastSeen: neverSeen }))) {
    if (wanted === undefined ? one.state === "approved" : one.name === wanted) found.push(one);
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

const holdParams = z.object({ id: idSchema("hold") });
const holdErrors = ["hold.not_found", "hold.decided", "hold.changed", "request.conflict"] as const;

export const DISCOVERY_ROUTES: readonly Route[] = [
  operatorRoute({
    method: "GET",
    path: "/api/v1/discovery/status",
    scope: "discovery:read",
    name: "listScopes",
    summary: "The state of every scope: last run, last success, counts, errors, age",
    description: "Filters may leave a page short; there is more as long as it has a cursor.",
    query: z.strictObject({
      ...paging,
      source: z.string().max(128).optional(),
      provider: provider.optional(),
      account: accountId.optional(),
      region: regionName.optional(),
      kind: kindName.optional(),
      status: scopeStatus.optional(),
    }),
    answer: page(scopeState),
    handle: async ({ context, query: { limit, cursor, source, ...wanted } }) =>
      keepWanted(await listScopes(context, { limit, cursor, source }), wanted),
  }),
  operatorRoute({
    method: "POST",
    path: "/api/v1/discovery/trigger",
    scope: "discovery:write",
    name: "triggerRuns",
    summary: "Ask a collector, or all that are approved, to run now",
    body: triggerRequest,
    bodyOptional: true,
    status: 202,
    answer: page(trigger),
    mutates: true,
    errors: ["collector.not_found", "collector.state"],
    handle: async ({ context, services, actor, body }) => ({
      items: await requestRuns(
        context,
        actor,
        await meantCollectors(context, body.collector),
        services.publishTriggers,
      ),
    }),
    async replay({ context, services, actor, body }, claim) {
      const items = await triggersOf(context, await meantCollectors(context, body.collector), claim, actorName(actor));
      // Told again: the first request may have ended before it could tell, and a run too many finds nothing changed.
      await services.publishTriggers(items);
      return { items };
    },
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/discovery/holds",
    scope: "discovery:read",
    name: "listHolds",
    summary: "Losses that wait, or waited, for an operator's decision, newest first",
    query: z.strictObject({ ...paging, state: hold.shape.state.optional() }),
    answer: page(hold),
    handle: ({ context, query }) => listHolds(context, query),
  }),
  operatorRoute({
    method: "POST",
    path: "/api/v1/discovery/holds/{id}/approve",
    scope: "discovery:write",
    name: "approveHold",
    summary: "Retire the resources that a hold is about",
    params: holdParams,
    body: holdDecision,
    bodyOptional: true,
    ifMatch: "optional",
    answer: hold,
    etag: true,
    mutates: true,
    errors: holdErrors,
    handle: ({ context, actor, params, body, version }) =>
      approveHold(context, actor, params.id, { reason: body.reason, version }),
  }),
  operatorRoute({
    method: "POST",
    path: "/api/v1/discovery/holds/{id}/reject",
    scope: "discovery:write",
    name: "rejectHold",
    summary: "Keep the resources that a hold is about",
    params: holdParams,
    body: holdDecision,
    bodyOptional: true,
    ifMatch: "optional",
    answer: hold,
    etag: true,
    mutates: true,
    errors: holdErrors,
    handle: ({ context, actor, params, body, version }) =>
      rejectHold(context, actor, params.id, { reason: body.reason, version }),
  }),
];
