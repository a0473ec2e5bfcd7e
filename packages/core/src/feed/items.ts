import { hash } from "node:crypto";
import { change } from "@cadastre/contract/change";
import { changeType } from "@cadastre/contract/changes";
import { provider } from "@cadastre/contract/scope";
import { defineEntity, type ItemOf, type Key } from "@cadastre/store/entity";
import * as z from "zod";
import { type Subject, subject, subjectPartition } from "../subject.ts";

/** Number of a change among those of one writer: `o` for what was observed or decided, `s` for what was said. */
const stream = z.enum(["o", "s"]);

/** Where a change stands: its subject and its number there, and its time. */
export const changePlace = z.object({ subject, at: z.string(), stream, sequence: z.int() });
export type ChangePlace = z.output<typeof changePlace>;

/** Times are ISO texts of one length, so that sort keys compare as times do; then the subject, then the number. */
const changeKey = (of: ChangePlace) => `${of.at}#${of.stream}${String(of.sequence).padStart(9, "0")}`;

export const EventItem = defineEntity({
  type: "event",
  about:
    "A change of a subject with the values before and after, oldest first; what was said and what was observed together",
  schema: changePlace.extend({
    type: changeType,
    actor: z.string(),
    run: z.string().optional(),
    changes: z.array(change),
  }),
  key: {
    partition: (of: ChangePlace) => subjectPartition(of.subject),
    sort: (of: ChangePlace) => `event#${changeKey(of)}`,
  },
});
export type EventItem = ItemOf<typeof EventItem>;

/** A partition takes 1,000 writes a second: so many of them share the feed. All changes of one subject are in one. */
const SLOTS = 16;

const slotOf = (of: Subject): number => hash("sha256", subjectPartition(of), "buffer").readUInt8(0) % SLOTS;

export const FEED_PARTITIONS: readonly string[] = Array.from({ length: SLOTS }, (_, slot) => `feed#${slot}`);

export const feedPartition = (of: Subject): string => FEED_PARTITIONS[slotOf(of)] as string;

export const FeedItem = defineEntity({
  type: "feed",
  about:
    "That a subject changed, in the change's own commit: who, what, where; before and after are in its event. Ended by expiry",
  schema: changePlace.extend({
    type: changeType,
    /** Natural id, or name, as people know the subject. */
    id: z.string(),
    kind: z.string().optional(),
    provider: provider.optional(),
    account: z.string().optional(),
    region: z.string().optional(),
    network: z.string().optional(),
    actor: z.string(),
    run: z.string().optional(),
    /** Whether an event has the values before and after; a creation has none. */
    detailed: z.boolean(),
    expiresAtSeconds: z.int(),
  }),
  key: {
    partition: (of: ChangePlace) => feedPartition(of.subject),
    sort: (of: ChangePlace) => `${changeKey(of)}#${subjectPartition(of.subject)}`,
  },
  expires: "expiresAtSeconds",
});
export type FeedItem = ItemOf<typeof FeedItem>;

/** The place of a change in the feed, of its item's key; undefined for keys of other items. Throws an Error for a key that is none. */
export function placeOfFeedKey({ pk, sk }: Key): ChangePlace | undefined {
  return FEED_PARTITIONS.includes(pk) ? toPlace(sk) : undefined;
}

/** The place that a sort key of the feed names. Throws an Error when it is none. */
export function toPlace(sk: string): ChangePlace {
  const [, at, stream, sequence, type, key] = /^([^#]+)#([os])(\d{9,})#([^#]+)#(.*)$/s.exec(sk) ?? [];
  return changePlace.parse({ at, stream, sequence: Number(sequence), subject: { type, key } });
}
