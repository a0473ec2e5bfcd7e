import * as z from "zod";
import {
  identity,
  identityProvider,
  identityProviderPatch,
  newIdentity,
  newIdentityProvider,
} from "../identity-provider.ts";
import { idSchema } from "../ids.ts";
import { page } from "../view.ts";
import { defineArea, defineEndpoint, oneself, operator } from "./endpoint.ts";
import { exampleId } from "./examples.ts";
import { pagingQuery } from "./query.ts";

const PATH = "/api/v1/identity-providers/{id}";
const byId = z.object({ id: idSchema("identityProvider") });
const example = { id: exampleId("identityProvider") };
const ofUser = z.object({ id: idSchema("user") });

export const identityProviders = defineArea("identityProviders", {
  create: defineEndpoint({
    method: "POST",
    path: "/api/v1/identity-providers",
    access: operator("identity-providers:write", "identity-provider"),
    summary: "Have people log in by an OpenID Connect provider",
    description:
      "Nothing is asked of the provider yet. Its secret is sealed and answered by nothing. Who maps claims to groups must hold what these groups give.",
    body: newIdentityProvider,
    idempotent: true,
    status: 201,
    answer: identityProvider,
    etag: true,
    mutates: "identity-provider.create",
    needs: "sealer",
    secret: "request",
    errors: ["organization.not_found", "access.exceeds", "request.conflict"],
    example: {
      body: {
        name: "Example",
        issuer: "https://login.example.org",
        clientId: "cadastre",
        clientSecret: "the provider has made it",
      },
    },
  }),
  list: defineEndpoint({
    method: "GET",
    path: "/api/v1/identity-providers",
    access: operator("identity-providers:read", "identity-provider"),
    summary: "Identity providers, oldest first",
    query: pagingQuery,
    answer: page(identityProvider),
  }),
  get: defineEndpoint({
    method: "GET",
    path: PATH,
    access: operator("identity-providers:read", "identity-provider"),
    summary: "One identity provider",
    params: byId,
    answer: identityProvider,
    etag: true,
    errors: ["identity-provider.not_found"],
    example: { params: example },
  }),
  patch: defineEndpoint({
    method: "PATCH",
    path: PATH,
    access: operator("identity-providers:write", "identity-provider"),
    summary: "Change an identity provider; null takes the claim of groups away",
    params: byId,
    body: identityProviderPatch,
    ifMatch: "optional",
    answer: identityProvider,
    etag: true,
    mutates: "identity-provider.patch",
    needs: "sealer",
    secret: "request",
    errors: ["identity-provider.not_found", "access.exceeds", "request.conflict"],
    example: { params: example, body: { createsUsers: true } },
  }),
  delete: defineEndpoint({
    method: "DELETE",
    path: PATH,
    access: operator("identity-providers:write", "identity-provider"),
    summary:
      "Remove an identity provider: nobody logs in by it any more, and its sessions end; users and identities stay",
    params: byId,
    ifMatch: "optional",
    status: 204,
    mutates: "identity-provider.delete",
    errors: ["identity-provider.not_found", "request.conflict"],
    example: { params: example },
  }),
  identities: defineEndpoint({
    method: "GET",
    path: "/api/v1/users/{id}/identities",
    access: operator("directory:read", "user"),
    summary: "As whom identity providers know a user",
    params: ofUser,
    answer: z.object({ items: z.array(identity) }),
    errors: ["user.not_found"],
    example: { params: { id: exampleId("user") } },
  }),
  linkIdentity: defineEndpoint({
    method: "POST",
    path: "/api/v1/users/{id}/identities",
    access: operator("directory:write", "user"),
    summary: "Say that a user is known as a subject at an identity provider, and logs in by it",
    description: "It is for who may do all that the user may. One that the user has stays as it is.",
    params: ofUser,
    body: newIdentity,
    status: 201,
    answer: identity,
    mutates: "identity.link",
    errors: [
      "user.not_found",
      "identity-provider.not_found",
      "identity.taken",
      "identity.too_many",
      "access.exceeds",
      "request.conflict",
    ],
    example: {
      params: { id: exampleId("user") },
      body: { provider: exampleId("identityProvider"), subject: "248289761001" },
    },
  }),
  unlinkIdentity: defineEndpoint({
    method: "DELETE",
    path: "/api/v1/users/{id}/identities/{identity}",
    access: operator("directory:write", "user"),
    summary:
      "Take an identity from a user, who logs in by it no more; sessions go on, and so do the groups that it gave",
    params: ofUser.extend({ identity: idSchema("identity") }),
    status: 204,
    mutates: "identity.unlink",
    errors: ["user.not_found", "identity.not_found", "access.exceeds", "request.conflict"],
    example: { params: { id: exampleId("user"), identity: exampleId("identity") } },
  }),
  ownIdentities: defineEndpoint({
    method: "GET",
    path: "/api/v1/identities",
    access: oneself("self:read", "user", { by: "session" }),
    summary: "As whom identity providers know you",
    answer: z.object({ items: z.array(identity) }),
  }),
});
