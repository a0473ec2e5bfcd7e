import { auth } from "@cadastre/contract/endpoints/auth";
import { removeAllFactors } from "@cadastre/core/login/factors";
import { createLoginLink, linkTo, useLoginLink } from "@cadastre/core/login/login-links";
import { describeMe } from "@cadastre/core/login/me";
import { csrfOf } from "@cadastre/core/login/secret-text";
import { endSession } from "@cadastre/core/login/sessions";
import { changePassword } from "@cadastre/core/login/set-password";
import { beginProof, stepUp } from "@cadastre/core/login/step-up";
import { unlockUser } from "@cadastre/core/login/unlock";
import { portOf, requireSession, type Services } from "../services.ts";
import { toLoggedIn } from "./logged-in.ts";
import { implement } from "./route.ts";

const stepUpPorts = (services: Services) => ({
  opener: portOf(services, "opener"),
  relyingParty: services.relyingParty,
  passwords: services.login.passwords,
  loginKey: services.login.key,
});

export const AUTH_ROUTES = implement(auth, {
  async login({ services, context, body, from, requestId, cookie }) {
    const call = { ...from, requestId };
    const loggedIn = await services.login.logIn(context, stepUpPorts(services), body, call);
    cookie.set(loggedIn.text);
    return toLoggedIn(loggedIn);
  },
  async logout({ context, actor, session, cookie }) {
    const { user, id } = requireSession(session).item;
    await endSession(context, actor, user, id);
    cookie.forget();
    return undefined;
  },
  async setup({ context, services, body, requestId }) {
    const { user, userName, organization } = await useLoginLink(context, services.login.passwords, body, { requestId });
    return { user: { id: user, userName, organization } };
  },
  async stepUp({ context, services, actor, session, body, cookie }) {
    const { item } = requireSession(session);
    const { strength, expiresAt, csrf, text } = await stepUp(
      context,
      stepUpPorts(services),
      { actor, session: item },
      body,
    );
    if (text !== undefined) cookie.set(text);
    return { strength, expiresAt, ...(csrf === undefined ? {} : { csrf }) };
  },
  async passkeyChallenge({ context, services, actor, session }) {
    const { item } = requireSession(session);
    return { ...(await beginProof(context, portOf(services, "relyingParty"), { actor, session: item })) };
  },
  async changePassword({ context, services, actor, session, body, cookie }) {
    const { passwords, key: loginKey } = services.login;
    const { item } = requireSession(session);
    const { text, csrf } = await changePassword(context, { passwords, loginKey }, { actor, session: item }, body);
    cookie.set(text);
    return { csrf };
  },
  async me({ context, actor, session }) {
    const described = await describeMe(context, actor, session?.item);
    return { ...described, ...(session === undefined ? {} : { csrf: csrfOf(session.text) }) };
  },
  async unlock({ context, services, actor, params }) {
    await unlockUser(context, services.login.key, actor, params.id);
    return undefined;
  },
  async passwordLink({ context, services, actor, params }) {
    const { secret, expiresAt } = await createLoginLink(context, actor, { user: params.id, purpose: "reset" });
    const [origin] = services.relyingParty?.origins ?? [];
    return { secret, expiresAt, ...(origin === undefined ? {} : { link: linkTo(origin, secret) }) };
  },
  async resetFactors({ context, actor, params }) {
    await removeAllFactors(context, actor, params.id);
    return undefined;
  },
});
