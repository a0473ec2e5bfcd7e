import { ENDPOINTS } from "@cadastre/contract/endpoints/all";
import { policies } from "@cadastre/contract/endpoints/policies";
import {
  createPolicy,
  deletePolicy,
  getPolicy,
  listPolicies,
  listRevisions,
  replacePolicy,
} from "@cadastre/core/policies/policies";
import { type DecidedBy, simulate } from "@cadastre/core/policies/simulate";
import { implement } from "./route.ts";

/** What an endpoint asks for, by what the audit log calls it. */
const decidedBy: DecidedBy = (recorded) => {
  const access = ENDPOINTS.find(({ mutates }) => mutates === recorded)?.access;
  return access?.kind === "operator" ? access : undefined;
};

export const POLICY_ROUTES = implement(policies, {
  simulate: ({ context, actor, body }) => simulate(context, actor, body, decidedBy),
  create: {
    handle: ({ context, actor, body }) => createPolicy(context, actor, body),
    replay: ({ context }, { target }) => getPolicy(context, target),
  },
  list: ({ context, query }) => listPolicies(context, query),
  revisions: ({ context, params, query }) => listRevisions(context, params.id, query),
  get: ({ context, params }) => getPolicy(context, params.id),
  replace: ({ context, actor, params, body, version }) => replacePolicy(context, actor, params.id, body, { version }),
  async delete({ context, actor, params, version }) {
    await deletePolicy(context, actor, params.id, { version });
    return undefined;
  },
});
