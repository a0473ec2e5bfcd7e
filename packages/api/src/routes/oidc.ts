import { oidc } from "@cadastre/contract/endpoints/oidc";
import { beginLink, beginLogin } from "@cadastre/core/login/oidc/begin";
import { finishLink, finishLogin } from "@cadastre/core/login/oidc/finish";
import { endBoth, endBySid, endByToken } from "@cadastre/core/login/oidc/logout";
import { listLoginProviders } from "@cadastre/core/login/oidc/providers";
import { isManagedGroup } from "@cadastre/core/scim/managed";
import { portOf, requireSession, type Services } from "../services.ts";
import { toLoggedIn } from "./logged-in.ts";
import { implement } from "./route.ts";

const originOf = ({ relyingParty }: Services): string | undefined => relyingParty?.origins[0];

const beginPorts = (services: Services) => ({ ...services.providers, origin: originOf(services) ?? "" });

const finishPorts = (services: Services) => ({
  ...services.providers,
  opener: portOf(services, "opener"),
  isManaged: isManagedGroup,
});

export const OIDC_ROUTES = implement(oidc, {
  async providers({ context, services, query }) {
    const origin = originOf(services);
    const items = await listLoginProviders(context, query.organization);
    return { items, ...(origin === undefined ? {} : { origin }) };
  },
  async begin({ context, services, params, body, requestId, loginCookie }) {
    const asked = { ...body, provider: params.id };
    const { url, text } = await beginLogin(context, beginPorts(services), asked, { requestId });
    loginCookie.set(text);
    return { url };
  },
  async finish({ context, services, params, body, from, requestId, cookie, loginCookie }) {
    const answer = { ...body, provider: params.id, text: loginCookie.text };
    const loggedIn = await finishLogin(context, finishPorts(services), answer, { ...from, requestId });
    cookie.set(loggedIn.text);
    loginCookie.forget();
    const { returnTo } = loggedIn;
    return { ...toLoggedIn(loggedIn), ...(returnTo === undefined ? {} : { returnTo }) };
  },
  async beginLink({ context, services, actor, params, body, loginCookie }) {
    const { url, text } = await beginLink(context, beginPorts(services), actor, { ...body, provider: params.id });
    loginCookie.set(text);
    return { url };
  },
  async finishLink({ context, services, actor, session, params, body, loginCookie }) {
    const { id, user } = requireSession(session).item;
    const answer = { ...body, provider: params.id, text: loginCookie.text };
    const { identity, returnTo } = await finishLink(
      context,
      finishPorts(services),
      { actor, session: id, user },
      answer,
    );
    loginCookie.forget();
    return { identity, ...(returnTo === undefined ? {} : { returnTo }) };
  },
  async logout({ context, services, actor, session, cookie }) {
    const origin = originOf(services);
    const ports = origin === undefined ? undefined : { ...services.providers, origin };
    const url = await endBoth(context, ports, actor, requireSession(session).item);
    cookie.forget();
    return url === undefined ? {} : { url };
  },
  async backChannelLogout({ context, services, params, body, requestId }) {
    const asked = { provider: params.id, token: body.logout_token, requestId };
    await endByToken(context, services.providers, asked);
    return undefined;
  },
  async frontChannelLogout({ context, params, query, requestId }) {
    await endBySid(context, { ...query, provider: params.id, requestId });
    return undefined;
  },
});
