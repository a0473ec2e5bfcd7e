import type { Change } from "@cadastre/contract/change";
import { parsePrefix } from "@cadastre/net/prefix";
import { create, put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { recordChange } from "../../feed/record-change.ts";
import { indexWrites } from "../../subjects/index-writes.ts";
import { plannedLengthWrite } from "../../subjects/prefix-lengths.ts";
import { tagUseWrites } from "../tags/tag-use.ts";
import { vlanUseWrites } from "../vlans/vlan-use.ts";
import { indexEntriesOf } from "./index-entry.ts";
import { IpIdItem, IpItem, IpLengthsItem, IpPastItem, PendingItem, ReservationEndItem } from "./items.ts";

const DAY_SECONDS = 86_400;

/** Who changed what of a prefix, for those who follow changes. */
interface Told {
  readonly actor: string;
  readonly changes: readonly Change[];
}

function tell(
  context: Context,
  item: IpItem,
  type: "created" | "updated" | "deleted",
  at: string,
  told: Told,
): Write[] {
  const slash = item.account?.indexOf("/") ?? -1;
  const place = item.account === undefined ? {} : { account: item.account.slice(slash + 1) };
  return recordChange(context, {
    subject: { type: "ip", key: item.id },
    id: item.prefix,
    type,
    at,
    stream: "o",
    sequence: item.revision,
    actor: told.actor,
    changes: told.changes,
    place: { ...place, region: item.region },
  });
}

/** What has a reservation end by itself: when somebody asks for its space, or when nobody does. */
function endWrites({ id, space, status, reserveUntil: until }: IpItem, actor: string): Write[] {
  if (status !== "reserved" || until === undefined) return [];
  return [
    put(PendingItem, { id, space, due: until, actor, work: { kind: "end" } }),
    put(ReservationEndItem, { until, space, id }),
  ];
}

/** The writes of a new prefix: itself, where it is, how it is found among those of all spaces, and that it was made. */
export function creationWrites(context: Context, item: IpItem, actor: string): Write[] {
  const { id, space, prefix } = item;
  return [
    create(IpItem, item),
    create(IpIdItem, { id, space, prefix }),
    ...indexWrites([], indexEntriesOf(item)),
    ...tagUseWrites(space, undefined, item),
    ...vlanUseWrites(space, undefined, item),
    ...endWrites(item, actor),
    ...tell(context, item, "created", item.createdOn, { actor, changes: [] }),
  ];
}

function pastWrite(context: Context, { version: _, ...was }: Stored<IpItem>, until: string): Write {
  const expiresAtSeconds = Math.floor(Date.parse(until) / 1000) + context.retentionDays * DAY_SECONDS;
  const { space, prefix, modifiedOn: from } = was;
  return put(IpPastItem, { space, prefix, from, until, was, expiresAtSeconds });
}

/** The writes of a prefix that is said otherwise, at the version that was read; in another place when its prefix is another. */
export function replacementWrites(context: Context, stored: Stored<IpItem>, next: IpItem, told: Told): Write[] {
  const { id, space, prefix } = next;
  const written =
    prefix === stored.prefix
      ? [replace(IpItem, next, stored.version)]
      : [remove(IpItem, stored, stored.version), create(IpItem, next), put(IpIdItem, { id, space, prefix })];
  const isOtherwise = next.reserveUntil !== stored.reserveUntil || next.status !== stored.status;
  return [
    ...written,
    ...tagUseWrites(space, stored, next),
    ...vlanUseWrites(space, stored, next),
    ...(isOtherwise ? endWrites(next, told.actor) : []),
    ...indexWrites(indexEntriesOf(stored), indexEntriesOf(next)),
    pastWrite(context, stored, next.modifiedOn),
    ...tell(context, next, "updated", next.modifiedOn, told),
  ];
}

/** Where it was and what it stood for: afterwards nothing else says that. */
const goneFrom = ({ space, externalId }: IpItem): Change[] => [
  { path: "space", before: space },
  ...(externalId === undefined ? [] : [{ path: "externalId", before: externalId }]),
];

/** The writes of a prefix that is no more. */
export function deletionWrites(context: Context, stored: Stored<IpItem>, at: string, told: Told): Write[] {
  return [
    remove(IpItem, stored, stored.version),
    remove(IpIdItem, stored),
    ...indexWrites(indexEntriesOf(stored), []),
    ...tagUseWrites(stored.space, stored, undefined),
    ...vlanUseWrites(stored.space, stored, undefined),
    pastWrite(context, stored, at),
    ...tell(context, { ...stored, revision: stored.revision + 1 }, "deleted", at, {
      actor: told.actor,
      changes: [...goneFrom(stored), ...told.changes],
    }),
  ];
}

/** That prefixes of these lengths can be found, in their space and among those of all, where a length is new to the space. */
export function lengthWrites(
  space: string,
  prefixes: readonly string[],
  known: { readonly lengths: readonly number[]; readonly stored: Stored<IpLengthsItem> | undefined },
): Write[] {
  const [first] = prefixes;
  if (first === undefined) return [];
  const { family } = parsePrefix(first);
  const all = new Set([...known.lengths, ...prefixes.map((prefix) => parsePrefix(prefix).length)]);
  if (all.size === known.lengths.length) return [];
  const item = { space, family, lengths: [...all].sort((one, other) => one - other) };
  const isNew = (prefix: string) => !known.lengths.includes(parsePrefix(prefix).length);
  const fresh = new Map(prefixes.filter(isNew).map((prefix) => [parsePrefix(prefix).length, prefix]));
  return [
    known.stored ? replace(IpLengthsItem, item, known.stored.version) : create(IpLengthsItem, item),
    ...[...fresh.values()].map(plannedLengthWrite),
  ];
}
