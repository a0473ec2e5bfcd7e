import { clientLogins } from "@cadastre/contract/endpoints/client-logins";
import { requireSession } from "../services.ts";
import type { Operator } from "./route.ts";
import { implement } from "./route.ts";

/** Few requests need it: a cold start does not load it. */
const deciding = () => import("@cadastre/core/login/clients/decide-device");

const byOf = ({ actor, session }: Operator) => ({ actor, session: requireSession(session).item });

export const CLIENT_LOGIN_ROUTES = implement(clientLogins, {
  async read({ context, session, query }) {
    const { readDeviceLogin } = await deciding();
    return readDeviceLogin(context, requireSession(session).item, query.code);
  },
  async approve({ context, body, ...caller }) {
    const { decideDevice } = await deciding();
    await decideDevice(context, byOf(caller), body.code, "approve");
    return undefined;
  },
  async deny({ context, body, ...caller }) {
    const { decideDevice } = await deciding();
    await decideDevice(context, byOf(caller), body.code, "deny");
    return undefined;
  },
  async authorize({ context, body, ...caller }) {
    const { authorizeClient } = await import("@cadastre/core/login/clients/authorize");
    return { redirectTo: await authorizeClient(context, byOf(caller), body) };
  },
  async refuse({ context, actor, body }) {
    const { refuseClient } = await import("@cadastre/core/login/clients/authorize");
    return { redirectTo: await refuseClient(context, actor, body) };
  },
});
