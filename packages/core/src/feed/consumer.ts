import type { ChangeEntry } from "@cadastre/contract/changes";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";
import { type ChangePlace, changePlace, FeedItem } from "./items.ts";

/** Somebody who wants to know of changes, by a name that stays. */
export interface Consumer {
  readonly name: string;
  readonly about: string;
  /** Told of each change at least once, of those of one subject in their order. Throws to be told again later. */
  readonly handle: (change: ChangeEntry) => Promise<void>;
}

const failure = z.object({
  /** Sort key of the change in the feed. */
  sk: z.string(),
  attempts: z.int(),
  retryAt: z.string(),
  /** Of the last error. Its message is not kept: it may repeat what the consumer was told. */
  code: z.string(),
});

export const CheckpointItem = defineEntity({
  type: "checkpoint",
  about: "How far a consumer is in one partition of the feed",
  schema: z.object({
    consumer: z.string(),
    slot: z.int(),
    /** Everything before this time was handled. */
    at: z.string(),
    /** Sort keys of what was handled from that time on. */
    handled: z.array(z.string()),
    failure: failure.optional(),
  }),
  key: {
    partition: (of: { consumer: string }) => `consumer#${of.consumer}`,
    sort: (of: { consumer: string; slot: number }) => `checkpoint#${String(of.slot).padStart(2, "0")}`,
  },
});
export type CheckpointItem = ItemOf<typeof CheckpointItem>;

export const DeadLetterItem = defineEntity({
  type: "dead-letter",
  about: "A change that a consumer could not take after all attempts, until somebody has it replayed or drops it",
  schema: z.object({
    consumer: z.string(),
    place: changePlace,
    /** Natural id or name of what changed. */
    id: z.string(),
    type: z.string(),
    failedAt: z.string(),
    attempts: z.int(),
    code: z.string(),
    state: z.enum(["waiting", "replaying"]),
    expiresAtSeconds: z.int(),
  }),
  key: {
    partition: (of: { consumer: string }) => `dead-letters#${of.consumer}`,
    sort: (of: { consumer: string; place: ChangePlace }) => FeedItem.keyOf(of.place).sk,
  },
  expires: "expiresAtSeconds",
});
export type DeadLetterItem = ItemOf<typeof DeadLetterItem>;
