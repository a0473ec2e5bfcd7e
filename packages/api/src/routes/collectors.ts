import { type Collector, collector, collectorPatch, collectorState, newCollector } from "@cadastre/contract/collector";
import { idSchema } from "@cadastre/contract/ids";
import { page } from "@cadastre/contract/view";
import { getCollector, type LastSeen, listCollectors } from "@cadastre/core/access/collectors";
import {
  approveCollector,
  patchCollector,
  rejectCollector,
  revokeCollector,
} from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import { hasScope } from "@cadastre/core/access/scopes";
import type { Actor, Context } from "@cadastre/core/context";
import { lastReportAt } from "@cadastre/core/scopes/status";
import * as z from "zod";
import { keepWanted, paging } from "./lists.ts";
import { operatorRoute, type Route } from "./route.ts";

const byId = z.object({ id: idSchema("collector") });

/** A collector is the source of what it sees by its name. */
const lastSeenIn =
  (context: Context): LastSeen =>
  ({ name }) =>
    lastReportAt(context, name);

const read = (context: Context, id: string) => getCollector(context, id, lastSeenIn(context));

function decision(
  verb: "approve" | "reject" | "revoke",
  summary: string,
  decide: (context: Context, actor: Actor, id: string, version?: number) => Promise<Collector>,
): Route {
  return operatorRoute({
    method: "POST",
    path: `/api/v1/collectors/{id}/${verb}`,
    scope: "collectors:write",
    name: `${verb}Collector`,
    summary,
    params: byId,
    body: z.object({}),
    bodyOptional: true,
    ifMatch: "optional",
    answer: collector,
    etag: true,
    mutates: true,
    errors: ["collector.not_found", "collector.state", "request.conflict"],
    async handle({ context, actor, params: { id }, version }) {
      await decide(context, actor, id, version);
      return read(context, id);
    },
  });
}

export const COLLECTORS_ROUTES: readonly Route[] = [
  operatorRoute({
    method: "POST",
    path: "/api/v1/collectors",
    scope: "collectors:write",
    name: "registerCollector",
    summary: "Register a collector's public key; it waits for approval",
    body: newCollector,
    status: 201,
    answer: collector,
    etag: true,
    mutates: true,
    errors: [
      "collector.name_taken",
      "collector.key_taken",
      "credential.not_found",
      "credential.revoked",
      "request.conflict",
    ],
    handle: ({ context, actor, scopes, body }) =>
      registerCollector(context, actor, body, { mayReveal: hasScope(scopes, "credentials:reveal") }),
    replay: ({ context }, claim) => read(context, claim.target),
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/collectors",
    scope: "collectors:read",
    name: "listCollectors",
    summary: "All collectors, oldest first, with when each was last seen",
    description: "A filter may leave a page short; there is more as long as it has a cursor.",
    query: z.strictObject({ ...paging, state: collectorState.optional() }),
    answer: page(collector),
    handle: async ({ context, query: { limit, cursor, state } }) =>
      keepWanted(await listCollectors(context, { limit, cursor, lastSeen: lastSeenIn(context) }), { state }),
  }),
  operatorRoute({
    method: "GET",
    path: "/api/v1/collectors/{id}",
    scope: "collectors:read",
    name: "getCollector",
    summary: "One collector",
    params: byId,
    answer: collector,
    etag: true,
    errors: ["collector.not_found"],
    handle: ({ context, params }) => read(context, params.id),
  }),
  operatorRoute({
    method: "PATCH",
    path: "/api/v1/collectors/{id}",
    scope: "collectors:write",
    name: "patchCollector",
    summary: "Change the accounts of a collector, or the credential that it is bound to",
    params: byId,
    body: collectorPatch,
    ifMatch: "required",
    answer: collector,
    etag: true,
    mutates: true,
    errors: [
      "collector.not_found",
      "collector.state",
      "credential.not_found",
      "credential.revoked",
      "request.conflict",
    ],
    async handle({ context, actor, scopes, params: { id }, body, version }) {
      await patchCollector(context, actor, id, body, {
        version: version ?? (await read(context, id)).version,
        mayReveal: hasScope(scopes, "credentials:reveal"),
      });
      return read(context, id);
    },
  }),
  decision("approve", "Let a pending collector deliver", approveCollector),
  decision("reject", "Refuse a pending collector for good", rejectCollector),
  decision("revoke", "End a collector at once and for good", revokeCollector),
];
