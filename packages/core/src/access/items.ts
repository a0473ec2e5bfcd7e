import { collector } from "@cadastre/contract/collector";
import { KEY_ALGORITHMS } from "@cadastre/contract/keys";
import { token } from "@cadastre/contract/token";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const CollectorItem = defineEntity({
  type: "collector",
  about: "A collector, its binding and its state. Read strongly on every signed request",
  global: true,
  schema: collector.omit({ version: true, lastSeenAt: true }).extend({ organization: z.string() }),
  key: { partition: (of: { id: string }) => `collector#${of.id}`, sort: () => "collector" },
});
export type CollectorItem = ItemOf<typeof CollectorItem>;

export const CollectorKeyItem = defineEntity({
  type: "collector-key",
  about: "A public key and the collector it belongs to. Written once and never changed, so it can be cached",
  global: true,
  schema: z.object({
    fingerprint: z.string(),
    algorithm: z.enum(KEY_ALGORITHMS),
    pem: z.string(),
    collector: z.string(),
  }),
  key: { partition: (of: { fingerprint: string }) => `key#${of.fingerprint}`, sort: () => "key" },
});
export type CollectorKeyItem = ItemOf<typeof CollectorKeyItem>;

export const CollectorNameItem = defineEntity({
  type: "collector-name",
  about: "Holds a collector's name while it is pending or approved, so that two cannot have it",
  schema: z.object({ name: z.string(), collector: z.string() }),
  key: { partition: (of: { name: string }) => `collector-name#${of.name}`, sort: () => "name" },
});

export const COLLECTORS_PARTITION = "collectors";

export const CollectorListItem = defineEntity({
  type: "collector-list",
  about: "The ids of all collectors, oldest first. Written once for each",
  schema: z.object({ id: z.string() }),
  key: { partition: () => COLLECTORS_PARTITION, sort: (of: { id: string }) => of.id },
});

export const NonceItem = defineEntity({
  type: "nonce",
  about: "A signed request that was received, for as long as its signature could pass as fresh",
  global: true,
  schema: z.object({ keyId: z.string(), nonce: z.string(), expiresAt: z.int() }),
  key: {
    partition: (of: { keyId: string; nonce: string }) => `nonce#${of.keyId}#${of.nonce}`,
    sort: () => "nonce",
  },
  expires: "expiresAt",
});

export const TokenItem = defineEntity({
  type: "token",
  about: "An API token with the hash of its secret. Read strongly on every request that carries it",
  global: true,
  schema: token.omit({ version: true, lastUsedAt: true }).extend({
    organization: z.string(),
    epoch: z
      .int()
      .meta({ description: "Of its principal when it was made: of no use once the principal's is another" }),
    secretHash: z.string().meta({ description: "SHA-256 over the token's text, hexadecimal" }),
    cursorKey: z
      .string()
      .optional()
      .meta({ description: "What cursors of lists that it sees a part of are sealed with" }),
    /** The token that it was made with; absent where the service made it. */
    parent: z.string().optional(),
    session: z
      .object({ id: z.string(), organization: z.string(), user: z.string(), loginEpoch: z.int() })
      .optional()
      .meta({ description: "The login session that it ends with, and at which login epoch of its user" }),
    forgottenAt: z
      .int()
      .optional()
      .meta({ description: "Of a short one that is in no list: a day after its end it is gone" }),
    ancestors: z
      .array(z.string())
      .optional()
      .meta({ description: "Of one that was made in another's place: tokens beside `parent` that take it along" }),
  }),
  key: { partition: (of: { id: string }) => `token#${of.id}`, sort: () => "token" },
  expires: "forgottenAt",
});
export type TokenItem = ItemOf<typeof TokenItem>;

export const TokenUseItem = defineEntity({
  type: "token-use",
  about: "When a token was last used. Written at most once an hour, and read for lists",
  global: true,
  schema: z.object({
    id: z.string(),
    usedAt: z.string(),
    expiresAt: z.int().meta({ description: "When the token itself is forgotten" }),
  }),
  key: { partition: (of: { id: string }) => `token#${of.id}`, sort: () => "use" },
  expires: "expiresAt",
});
export type TokenUseItem = ItemOf<typeof TokenUseItem>;

export const TokenChildItem = defineEntity({
  type: "token-child",
  about:
    "That a token was made with another, or in its place, so that it is taken along when that is revoked. Written once for each",
  global: true,
  schema: z.object({
    parent: z.string(),
    id: z.string(),
    expiresAt: z
      .int()
      .optional()
      .meta({ description: "Of one that is not by who made it: when that one is forgotten" }),
  }),
  expires: "expiresAt",
  key: {
    partition: (of: { parent: string; id: string }) => `token#${of.parent}`,
    sort: (of: { parent: string; id: string }) => `child#${of.id}`,
  },
});

export const TOKENS_PARTITION = "tokens";

export const TokenListItem = defineEntity({
  type: "token-list",
  about: "The ids of all tokens, oldest first. Written once for each",
  schema: z.object({ id: z.string() }),
  key: { partition: () => TOKENS_PARTITION, sort: (of: { id: string }) => of.id },
});

export const BootstrapItem = defineEntity({
  type: "bootstrap",
  about:
    "The first user and admin token, and one for each token text that an operator's configuration gave: each is made once",
  global: true,
  schema: z.object({
    source: z.string(),
    token: z.string().optional(),
    user: z.string().optional().meta({ description: "The first user, whose the admin tokens are" }),
    shown: z.boolean().optional().meta({ description: "Somebody was shown its text" }),
  }),
  key: { partition: () => "bootstrap", sort: (of: { source: string }) => of.source },
});
export type BootstrapItem = ItemOf<typeof BootstrapItem>;
