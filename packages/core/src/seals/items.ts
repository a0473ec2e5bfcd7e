import { checkpoint } from "@cadastre/contract/audit/checkpoint";
import { KEY_ALGORITHMS } from "@cadastre/contract/keys";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

/** So that texts compare as sequences do. */
const padded = (sequence: number): string => String(sequence).padStart(12, "0");

export const CHECKPOINTS_PARTITION = "audit-checkpoints";

export const AuditCheckpointItem = defineEntity({
  type: "audit-checkpoint",
  about: "A signed checkpoint of the audit log, by its sequence. Created, and never written again",
  schema: checkpoint,
  key: { partition: () => CHECKPOINTS_PARTITION, sort: (of: { sequence: number }) => padded(of.sequence) },
});

export const SealHeadItem = defineEntity({
  type: "audit-seal",
  about: "How far the audit log is sealed. Every checkpoint replaces it, so that there is one chain",
  schema: z.object({
    /** Of the last checkpoint, and its hash. */
    sequence: z.int(),
    hash: z.string(),
    keyId: z.string(),
    to: z.iso.datetime(),
    sealedAt: z.iso.datetime(),
    lookedAt: z.iso.datetime(),
    /** Open items of the last checkpoint are not removed yet. */
    isOpen: z.boolean(),
    /** The next one to be copied to the archive. */
    copyNext: z.int(),
    /** What retention wants to remove; only what a checkpoint has announced goes. */
    removeThrough: z.int().optional(),
    /** What the last checkpoint that says so has announced. */
    announcedThrough: z.int().optional(),
    /** The first checkpoint that says so. */
    announcedIn: z.int().optional(),
  }),
  key: { partition: () => "audit-seal", sort: () => "head" },
});
export type SealHeadItem = ItemOf<typeof SealHeadItem>;

export const LEAVES_PARTITION = "audit-leaves";

export const AuditLeavesItem = defineEntity({
  type: "audit-leaves",
  about: "The leaves of a checkpoint in their order, by the end of its time: for proofs, exports and retention",
  schema: z.object({
    sequence: z.int(),
    to: z.iso.datetime(),
    /** The records' ids without their prefix, one after the other. */
    ids: z.string(),
    hashes: z.instanceof(Uint8Array),
  }),
  key: {
    partition: () => LEAVES_PARTITION,
    sort: (of: { to: string; sequence: number }) => `${of.to}#${padded(of.sequence)}`,
  },
});
export type AuditLeavesItem = ItemOf<typeof AuditLeavesItem>;

export const AuditLateItem = defineEntity({
  type: "audit-late",
  about: "Which checkpoint has a record that was committed after its time was sealed",
  schema: z.object({ id: z.string(), sequence: z.int() }),
  key: { partition: (of: { id: string }) => `audit-late#${of.id}`, sort: () => "late" },
});

export const AUDIT_KEYS_PARTITION = "audit-keys";

export const AuditKeyItem = defineEntity({
  type: "audit-key",
  about: "The public halves of all keys that checkpoints were signed by. Written once for each",
  schema: z.object({
    fingerprint: z.string(),
    algorithm: z.enum(KEY_ALGORITHMS),
    pem: z.string(),
    createdAt: z.iso.datetime(),
  }),
  key: { partition: () => AUDIT_KEYS_PARTITION, sort: (of: { fingerprint: string }) => of.fingerprint },
});
