import { hash } from "node:crypto";
import { identityProvider } from "@cadastre/contract/identity-provider";
import { idSchema } from "@cadastre/contract/ids";
import { returnTo } from "@cadastre/contract/oidc";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

export const IdentityProviderItem = defineEntity({
  type: "identity-provider",
  about: "An OpenID Connect provider of an organization, with its sealed secret. Read strongly with each login by it",
  schema: identityProvider.omit({ version: true, redirectUri: true }).extend({
    sealedSecret: bytes.meta({ description: "Bound to its id and to whose it is" }),
  }),
  key: { partition: (of: { id: string }) => `identity-provider#${of.id}`, sort: () => "provider" },
  global: true,
  erased: true,
});
export type IdentityProviderItem = ItemOf<typeof IdentityProviderItem>;

export const IDENTITY_PROVIDERS_PARTITION = "identity-providers";

export const IdentityProviderListItem = defineEntity({
  type: "identity-provider-list",
  about: "The ids of all identity providers of an organization, oldest first. Written once for each",
  schema: z.object({ id: z.string() }),
  key: { partition: () => IDENTITY_PROVIDERS_PARTITION, sort: (of: { id: string }) => of.id },
});

/** Who somebody is to an issuer. */
export interface Subject {
  readonly issuer: string;
  readonly subject: string;
}

/** The digest of texts, however long they are and whatever is in them. */
const digestOf = (...texts: readonly string[]): string => hash("sha256", JSON.stringify(texts), "hex");

export const IdentityItem = defineEntity({
  type: "identity",
  about:
    "Which user of an organization an issuer knows as a subject, by the digest of both: two users cannot have one, and one subject no two users",
  schema: z.object({ issuer: z.string(), subject: z.string(), user: z.string(), id: idSchema("identity") }),
  key: { partition: (of: Subject) => `identity#${digestOf(of.issuer, of.subject)}`, sort: () => "identity" },
});
export type IdentityItem = ItemOf<typeof IdentityItem>;

export const identitiesPartition = (user: string): string => `identities#${user}`;

export const UserIdentityItem = defineEntity({
  type: "user-identity",
  about: "The identities of a user, oldest first, each with the groups that it gave: only those it takes away again",
  schema: z.object({
    user: z.string(),
    id: idSchema("identity"),
    issuer: z.string(),
    subject: z.string(),
    groups: z.array(z.string()),
    createdAt: z.string(),
    createdBy: z.string(),
    usedAt: z.string().optional(),
  }),
  key: {
    partition: (of: { user: string; id: string }) => identitiesPartition(of.user),
    sort: (of: { user: string; id: string }) => of.id,
  },
});
export type UserIdentityItem = ItemOf<typeof UserIdentityItem>;

export const LoginItem = defineEntity({
  type: "login",
  about:
    "A login by an identity provider that is under way: what its answer must have. Bound to a browser by the hash of its cookie's text, and removed with the first answer",
  schema: z.object({
    id: idSchema("login"),
    secretHash: z.string(),
    organization: z.string(),
    provider: z.string(),
    issuer: z.string().meta({ description: "The provider's, as it was then" }),
    state: z.string(),
    nonce: z.string(),
    verifier: z.string().meta({ description: "Of PKCE (RFC 7636)" }),
    redirectUri: z.string(),
    returnTo: returnTo.optional(),
    maxAgeSeconds: z.int().optional(),
    session: z.string().optional().meta({ description: "Whose user is to have the identity, of one that adds one" }),
    expiresAt: z.int(),
  }),
  key: { partition: (of: { id: string }) => `login#${of.id}`, sort: () => "login" },
  expires: "expiresAt",
  global: true,
  erased: true,
});
export type LoginItem = ItemOf<typeof LoginItem>;

export const ProviderSessionItem = defineEntity({
  type: "provider-session",
  about: "By which provider a session logged in, and the ID token that the provider is shown when it ends there, too",
  schema: z.object({
    session: z.string(),
    provider: z.string(),
    idToken: z.string().optional(),
    expiresAt: z.int(),
  }),
  key: { partition: (of: { session: string }) => `provider-session#${of.session}`, sort: () => "session" },
  expires: "expiresAt",
  erased: true,
});

interface SessionPlace {
  readonly provider: string;
  /** A subject, or a session of the provider. */
  readonly by: "sub" | "sid";
  readonly value: string;
}

export const placesPartition = ({ provider, by, value }: SessionPlace): string =>
  `provider-sessions#${provider}#${digestOf(by, value)}`;

export const SessionPlaceItem = defineEntity({
  type: "session-place",
  about:
    "Which sessions came of a subject, and of a session, of a provider, which may end them. Written with each login by it",
  schema: z.object({
    provider: z.string(),
    by: z.enum(["sub", "sid"]),
    value: z.string(),
    session: z.string(),
    user: z.string(),
    expiresAt: z.int(),
  }),
  key: {
    partition: (of: SessionPlace & { session: string }) => placesPartition(of),
    sort: (of: SessionPlace & { session: string }) => of.session,
  },
  expires: "expiresAt",
});

export type SessionPlaceItem = ItemOf<typeof SessionPlaceItem>;

export const LogoutTokenItem = defineEntity({
  type: "logout-token",
  about: "That a provider's logout token was used, until it is too old anyway",
  schema: z.object({ provider: z.string(), jti: z.string(), expiresAt: z.int() }),
  key: {
    partition: (of: { provider: string; jti: string }) => `logout-token#${of.provider}#${digestOf(of.jti)}`,
    sort: () => "token",
  },
  expires: "expiresAt",
});
