import { identityProviders } from "@cadastre/contract/endpoints/identity-providers";
import { contextIn } from "@cadastre/core/access/act-in";
import { linkIdentity, listIdentities, unlinkIdentity } from "@cadastre/core/login/oidc/identities";
import {
  createProvider,
  deleteProvider,
  listProviders,
  patchProvider,
  requireProvider,
  toIdentityProvider,
} from "@cadastre/core/login/oidc/providers";
import { portOf, requireSession, type Services } from "../services.ts";
import { implement } from "./route.ts";

const storing = (services: Services) => ({
  sealer: portOf(services, "sealer"),
  reach: services.providers.outside,
});

const originOf = ({ relyingParty }: Services): string | undefined => relyingParty?.origins[0];

export const IDENTITY_PROVIDER_ROUTES = implement(identityProviders, {
  create: {
    async handle({ context, services, actor, body }) {
      const own = await contextIn(context, actor.principal, body.organization);
      return toIdentityProvider(await createProvider(own, storing(services), actor, body), originOf(services));
    },
    async replay({ context, services, actor, body }, { target }) {
      const own = await contextIn(context, actor.principal, body.organization);
      return toIdentityProvider(await requireProvider(own, target), originOf(services));
    },
  },
  async list({ context, services, query }) {
    const { items, ...page } = await listProviders(context, query);
    return { ...page, items: items.map((one) => toIdentityProvider(one, originOf(services))) };
  },
  async get({ context, services, params }) {
    return toIdentityProvider(await requireProvider(context, params.id), originOf(services));
  },
  async patch({ context, services, actor, params, body, version }) {
    const patched = await patchProvider(context, storing(services), actor, params.id, body, { version });
    return toIdentityProvider(patched, originOf(services));
  },
  async delete({ context, actor, params, version }) {
    await deleteProvider(context, actor, params.id, { version });
    return undefined;
  },
  identities: ({ context, params }) => listIdentities(context, params.id),
  linkIdentity: ({ context, actor, params, body }) => linkIdentity(context, actor, params.id, body),
  async unlinkIdentity({ context, actor, params: { id, identity } }) {
    await unlinkIdentity(context, actor, { user: id, identity });
    return undefined;
  },
  ownIdentities: ({ context, session }) => listIdentities(context, requireSession(session).item.user),
});
