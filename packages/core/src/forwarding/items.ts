import { FORWARDING_FAULTS, forwarder, forwarderLetter, forwarderState } from "@cadastre/contract/forwarder";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import * as z from "zod";

export const FORWARDERS_PARTITION = "forwarders";

export const ForwarderItem = defineEntity({
  type: "forwarder",
  about: "Where an organization's audit log is sent to",
  schema: forwarder.omit({ version: true, state: true }),
  key: { partition: () => FORWARDERS_PARTITION, sort: (of: { id: string }) => of.id },
});
export type ForwarderItem = ItemOf<typeof ForwarderItem>;

const partition = ({ id }: { id: string }) => `forwarder#${id}`;

export const ForwarderSecretItem = defineEntity({
  type: "forwarder-secret",
  about:
    "What a webhook's messages are signed with, and for a while what they were signed with before. Never shown again",
  schema: z.object({
    id: z.string(),
    secret: z.string(),
    old: z.object({ secret: z.string(), until: z.iso.datetime() }).optional(),
  }),
  key: { partition, sort: () => "secret" },
});

/** A record's place in the sealed log: its checkpoint, and how many of that one's records are before it. */
export const sealedPlace = z.object({ sequence: z.int().min(0), index: z.int().min(0) });
export type SealedPlace = z.output<typeof sealedPlace>;

export const ForwardingItem = defineEntity({
  type: "forwarding",
  about: "How far a forwarder is in the sealed log, what went wrong last, and who sends at the moment",
  schema: forwarderState.pick({ delivered: true, until: true, deadLetters: true, retryAt: true, test: true }).extend({
    id: z.string(),
    next: sealedPlace,
    /** Since the last success. */
    failing: z
      .object({ count: z.int(), since: z.iso.datetime(), fault: z.enum(FORWARDING_FAULTS), status: z.int().optional() })
      .optional(),
    /** Of several records one was refused: which one shows when each is sent by itself. */
    isSingle: z.boolean(),
    isReplaying: z.boolean(),
    lease: z.object({ holder: z.string(), until: z.iso.datetime() }).optional(),
  }),
  key: { partition, sort: () => "state" },
});
export type ForwardingItem = ItemOf<typeof ForwardingItem>;

export const lettersPartition = (id: string): string => `forwarder-letters#${id}`;

export const ForwarderLetterItem = defineEntity({
  type: "forwarder-letter",
  about: "A record that a forwarder's receiver refused after all attempts, until somebody has it sent again",
  schema: forwarderLetter.extend({ id: z.string() }),
  key: {
    partition: (of: { id: string; at: string; record: string }) => lettersPartition(of.id),
    sort: (of: { id: string; at: string; record: string }) => `${of.at}#${of.record}`,
  },
});
