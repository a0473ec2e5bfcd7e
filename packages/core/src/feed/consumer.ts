import type { ChangeEntry } from "@cadastre/contract/changes";
import { defineEntity, type ItemOf, type Key } from "@cadastre/store/entity";
import * as z from "zod";
import type { Context } from "../context.ts";
import { type ChangePlace, changePlace, FeedItem, toPlace } from "./items.ts";

/** Somebody who wants to know of changes, by a name that stays. */
export interface Consumer {
  readonly name: string;
  readonly about: string;
  /**
   * Told of each change at least once, of those of one subject in their order, with the context of the organization that it is of. Throws to
   * be told again later.
   */
  readonly handle: (change: ChangeEntry, context: Context) => Promise<void>;
  /**
   * For a consumer that takes several changes, each of another subject, at less than their sum. Throws when it did not take all
   * of them; each is then told by itself, those that it took once more.
   */
  readonly together?: { readonly most: number; readonly handle: (changes: readonly ChangeEntry[]) => Promise<void> };
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

const LETTERS = "dead-letters#";

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
    partition: (of: { consumer: string }) => `${LETTERS}${of.consumer}`,
    sort: (of: { consumer: string; place: ChangePlace }) => FeedItem.keyOf(of.place).sk,
  },
  expires: "expiresAtSeconds",
});
export type DeadLetterItem = ItemOf<typeof DeadLetterItem>;

/** Whose letter it is and of which change, of its key; undefined for keys of other items. Throws an Error for a key that is none. */
export function placeOfLetter({ pk, sk }: Key): { consumer: string; place: ChangePlace } | undefined {
  return pk.startsWith(LETTERS) ? { consumer: pk.slice(LETTERS.length), place: toPlace(sk) } : undefined;
}
