import type { ChangeEntry } from "@cadastre/contract/changes";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Subject } from "../subject.ts";
import { EventItem, FeedItem } from "./items.ts";

/** A subject's key as people may use it elsewhere. */
const keyOf = ({ type, key }: Subject): string => (type === "resource" ? `res_${key}` : key);

/** The id of a change: its place in the feed, safe in a header and in a URL. */
export const idOfChange = (sk: string): string => Buffer.from(sk).toString("base64url");

/** The place in the feed that an id names; undefined for what is no id. */
export function placeOfChange(id: string): string | undefined {
  const sk = Buffer.from(id, "base64url").toString("utf8");
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z#[os]\d{9}#\S+$/.test(sk) && idOfChange(sk) === id ? sk : undefined;
}

/**
 * Feed items as the API shows them, with the values before and after of their events. Reads an event for each that has one.
 * What is read right after it was committed needs a consistent read: a replica may have the change and not yet its event.
 */
export async function toChangeEntries(
  context: Context,
  items: readonly Stored<FeedItem>[],
  { consistent }: { consistent: boolean },
): Promise<ChangeEntry[]> {
  const detailed = items.filter((item) => item.detailed);
  const events = await context.table.getMany(EventItem, detailed, { consistent });
  const changes = new Map(detailed.map((item, at) => [FeedItem.keyOf(item).sk, events[at]?.changes ?? []]));
  return items.map((item) => {
    const { subject, id, stream: _, sequence: __, detailed: ____, version, expiresAtSeconds, ...rest } = item;
    const { sk } = FeedItem.keyOf(item);
    return {
      ...rest,
      id: idOfChange(sk),
      subject: { type: subject.type, id, key: keyOf(subject) },
      changes: changes.get(sk) ?? [],
    } as ChangeEntry;
  });
}
