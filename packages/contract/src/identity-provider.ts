import * as z from "zod";
import { idSchema } from "./ids.ts";
import { organizationName } from "./organization.ts";

/** What one login changes fits in one commit. */
const MOST_MAPPED_GROUPS = 40;
const MOST_MAPPINGS = 100;

const name = z.string().trim().min(1).max(100).meta({ description: "As it stands on the button to log in by" });

/** As the provider's discovery document has it, to the letter: it is compared as a text (OpenID Connect Discovery 1.0 §4.3). */
const issuer = z
  .url({ protocol: /^https?$/, error: "an address such as https://login.example.org" })
  .max(512)
  .refine((text) => !/[?#@]/.test(text), "has no query, no fragment and no user")
  .meta({ description: "https://…; http://127.0.0.1 and http://localhost where the service is told so" });

const clientId = z.string().min(1).max(512);
const clientSecret = z.string().min(1).max(2048);
const scope = z
  .string()
  .max(128)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, "a scope of OAuth 2.0");
const claimName = z.string().min(1).max(128);

const scopes = z.array(scope).max(20).meta({ description: "Beside `openid`" });

/** From which claims the names of a user come who is made at the first login. */
const claims = z.strictObject({
  userName: claimName.default("preferred_username"),
  displayName: claimName.default("name"),
  email: claimName.default("email"),
});

const groupMapping = z.strictObject({
  value: z.string().min(1).max(256).meta({ description: "Of the claim, to the letter" }),
  group: idSchema("group"),
});
const groups = z
  .array(groupMapping)
  .max(MOST_MAPPINGS)
  .refine((all) => new Set(all.map((one) => one.group)).size <= MOST_MAPPED_GROUPS, {
    error: `maps to at most ${MOST_MAPPED_GROUPS} groups`,
  })
  .meta({ description: "Who has the value is in the group; looked at with each login" });

const groupsClaim = claimName.meta({ description: "A text or a list of texts, such as `groups`" });
const createsUsers = z
  .boolean()
  .meta({ description: "Whether a user, who may do nothing yet, is made for who is not known; no when absent" });
const clockToleranceSeconds = z.int().min(0).max(300).meta({ description: "How far its clock may be off" });

export const newIdentityProvider = z.strictObject({
  name,
  organization: organizationName.optional().meta({ description: "The caller's own when absent" }),
  issuer,
  clientId,
  clientSecret,
  scopes: scopes.default(["profile", "email"]),
  claims: claims.prefault({}),
  groupsClaim: groupsClaim.optional(),
  groups: groups.default([]),
  createsUsers: createsUsers.default(false),
  clockToleranceSeconds: clockToleranceSeconds.default(30),
});
export type NewIdentityProvider = z.output<typeof newIdentityProvider>;

export const identityProviderPatch = z.strictObject({
  name: name.optional(),
  issuer: issuer.optional(),
  clientId: clientId.optional(),
  clientSecret: clientSecret.optional(),
  scopes: scopes.optional(),
  claims: claims.optional(),
  groupsClaim: groupsClaim.nullable().optional(),
  groups: groups.optional(),
  createsUsers: createsUsers.optional(),
  clockToleranceSeconds: clockToleranceSeconds.optional(),
});
export type IdentityProviderPatch = z.output<typeof identityProviderPatch>;

/** Who proves over OpenID Connect who somebody is. Its secret is in no answer. */
export const identityProvider = z.object({
  id: idSchema("identityProvider"),
  organization: idSchema("organization"),
  name,
  issuer: z.string(),
  clientId,
  scopes: z.array(z.string()),
  claims: z.object({ userName: z.string(), displayName: z.string(), email: z.string() }),
  groupsClaim: z.string().optional(),
  groups: z.array(z.object({ value: z.string(), group: idSchema("group") })),
  createsUsers: z.boolean(),
  clockToleranceSeconds: z.int(),
  redirectUri: z.string().optional().meta({
    description: "To be registered at the provider; absent where the service is not told where people log in",
  }),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type IdentityProvider = z.output<typeof identityProvider>;

/** OpenID Connect Core 1.0 §2. */
export const subject = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x20-\x7e]+$/, "a subject of an ID token: ASCII");

/** That a user is known at a provider as a subject: an admin's word, since no name and no address says who somebody is. */
export const newIdentity = z.strictObject({
  provider: idSchema("identityProvider").meta({ description: "Whose issuer it is" }),
  subject,
});
export type NewIdentity = z.output<typeof newIdentity>;

export const identity = z.object({
  id: idSchema("identity"),
  issuer: z.string(),
  subject: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  usedAt: z.iso.datetime().optional().meta({ description: "When somebody last logged in by it" }),
});
export type Identity = z.output<typeof identity>;
