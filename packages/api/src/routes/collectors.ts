import { collectors } from "@cadastre/contract/endpoints/collectors";
import { getCollector, type LastSeen, listCollectors } from "@cadastre/core/access/collectors";
import {
  approveCollector,
  patchCollector,
  rejectCollector,
  revokeCollector,
} from "@cadastre/core/access/decide-collector";
import { registerCollector } from "@cadastre/core/access/register-collector";
import type { Actor, Context } from "@cadastre/core/context";
import { lastReportAt } from "@cadastre/core/ledger/read";
import { mayAlso } from "@cadastre/core/policies/authorize";
import { implement, type Operator } from "./route.ts";

/** A collector is the source of what it sees by its name. */
const lastSeenIn =
  (context: Context): LastSeen =>
  ({ name }) =>
    lastReportAt(context, name);

const read = (context: Context, id: string) => getCollector(context, id, lastSeenIn(context));
/** Who binds a credential to a collector must be one who may reveal it. */
const mayReveal = async (context: Context, actor: Actor, id: string | null | undefined) =>
  typeof id === "string" && (await mayAlso(context, actor, "credentials:reveal", { type: "credential", id }));

type Decide = (context: Context, actor: Actor, id: string, version?: number) => Promise<unknown>;

const decision =
  (decide: Decide) =>
  async (request: Operator & { context: Context; params: { id: string }; version: number | undefined }) => {
    const { context, actor, params, version } = request;
    await decide(context, actor, params.id, version);
    return read(context, params.id);
  };

export const COLLECTOR_ROUTES = implement(collectors, {
  register: {
    handle: async ({ context, actor, body }) =>
      registerCollector(context, actor, body, { mayReveal: await mayReveal(context, actor, body.credential) }),
    replay: ({ context }, claim) => read(context, claim.target),
  },
  list: ({ context, query }) => listCollectors(context, { ...query, lastSeen: lastSeenIn(context) }),
  get: ({ context, params }) => read(context, params.id),
  async patch({ context, actor, params: { id }, body, version }) {
    await patchCollector(context, actor, id, body, {
      version,
      mayReveal: await mayReveal(context, actor, body.credential),
    });
    return read(context, id);
  },
  approve: decision(approveCollector),
  reject: decision(rejectCollector),
  revoke: decision(revokeCollector),
});
