import { factors } from "@cadastre/contract/endpoints/factors";
import type { Actor, Context } from "@cadastre/core/context";
import { beginPasskey, confirmTotp, createPasskey, createRecoveryCodes, createTotp } from "@cadastre/core/login/enrol";
import { listFactors, removeFactor } from "@cadastre/core/login/factors";
import { requireMayEnrol, requireStepUp } from "@cadastre/core/login/step-up";
import type { SessionItem } from "@cadastre/core/sessions/items";
import { portOf, requireSession } from "../services.ts";
import { implement } from "./route.ts";

/** Who enrols a factor, and what guards it. */
const enroller = (context: Context, actor: Actor, { item: session }: { readonly item: SessionItem }) => ({
  actor,
  session,
  guard: () => requireMayEnrol(context, actor),
});

export const FACTOR_ROUTES = implement(factors, {
  list: ({ context, session }) => listFactors(context, requireSession(session).item.user),
  createTotp: ({ context, services, actor, session, body }) =>
    createTotp(context, portOf(services, "sealer"), enroller(context, actor, requireSession(session)), body),
  async confirmTotp({ context, services, actor, session, params, body, cookie }) {
    const ports = { opener: portOf(services, "opener"), loginKey: services.login.key };
    const { id } = params;
    const by = enroller(context, actor, requireSession(session));
    const { text, csrf } = await confirmTotp(context, ports, by, { id, code: body.code });
    cookie.set(text);
    return { csrf };
  },
  async passkeyOptions({ context, services, actor, session }) {
    const by = enroller(context, actor, requireSession(session));
    return { ...(await beginPasskey(context, portOf(services, "relyingParty"), by)) };
  },
  async createPasskey({ context, services, actor, session, body, cookie }) {
    const by = enroller(context, actor, requireSession(session));
    const { text, csrf, factor } = await createPasskey(context, portOf(services, "relyingParty"), by, body);
    cookie.set(text);
    return { csrf, factor };
  },
  createRecoveryCodes: ({ context, actor, session }) =>
    createRecoveryCodes(context, enroller(context, actor, requireSession(session))),
  async remove({ context, actor, session, params: { id } }) {
    const { user } = requireSession(session).item;
    const guard = () => requireStepUp(context, actor, { action: "factor:remove", resource: `factor/${id}` });
    await removeFactor(context, actor, { user, id }, guard);
    return undefined;
  },
});
