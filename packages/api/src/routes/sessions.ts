import { sessions } from "@cadastre/contract/endpoints/sessions";
import { requireOwnUser } from "@cadastre/core/login/me";
import { endSession, listSessions } from "@cadastre/core/login/sessions";
import { implement } from "./route.ts";

export const SESSION_ROUTES = implement(sessions, {
  async list({ context, actor, session, query }) {
    return listSessions(context, await requireOwnUser(context, actor), { ...query, current: session?.item.id });
  },
  async end({ context, actor, params }) {
    const { user } = await requireOwnUser(context, actor);
    await endSession(context, actor, user, params.id);
    return undefined;
  },
});
