import type { FoundSubject } from "@cadastre/contract/subject";
import { fromPrefixKey } from "@cadastre/net/key";
import { formatPrefix, type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { mayKnowOfSpace } from "../../restriction.ts";
import { partitions } from "../../subjects/keys.ts";
import type { Facts } from "../../subjects/match.ts";
import type { Field, TextField } from "../../subjects/query.ts";
import { defineSubject, type IndexRange } from "../../subjects/subject.ts";
import { AddressSpaceItem } from "../spaces/items.ts";
import { fromSearchKey, indexEntriesOf } from "../tree/index-entry.ts";
import { IpItem } from "../tree/items.ts";
import { isThere } from "../tree/view.ts";

const IP = "ip" as const;

type FoundIp = Extract<FoundSubject, { type: "ip" }>;

/** Of all spaces prefixes are found by addresses alone: words, names and tags are in the lists of one space. */
const ANSWERED: readonly Field[] = ["subject", "address"];

/** A caller who may read no more spaces than this is looked for in each of them. */
const MOST_SPACES = 16;

const PARTITIONS = ([4, 6] as const).map((family) => partitions.prefix("active", family, "planned"));

function textsOf(item: IpItem, field: TextField): readonly string[] {
  if (field === "name" || field === "owner" || field === "id") return item[field] === "" ? [] : [item[field]];
  return field === "account" || field === "region" ? [item[field] ?? ""].filter((text) => text !== "") : [];
}

function factsOf(item: IpItem): Facts {
  return {
    subject: IP,
    status: "active",
    name: item.name,
    tags: item.tags,
    prefixes: [parsePrefix(item.prefix)],
    texts: (field) => textsOf(item, field),
    time: (field) => ({ changed: item.modifiedOn, created: item.createdOn })[field as string],
    has: () => false,
    is: () => false,
    refersTo: () => false,
    answers: ANSWERED,
  };
}

/** Of what has one prefix, or is anywhere: that in the few spaces that the caller may read, instead of in all. */
function narrowed({ spaces }: Context, range: IndexRange): readonly IndexRange[] {
  if (spaces === undefined || spaces.isDefault || spaces.except.length > MOST_SPACES) return [range];
  if (!PARTITIONS.includes(range.partition) || !range.sort || !("beginsWith" in range.sort)) return [range];
  const at = fromPrefixKey(range.sort.beginsWith.slice(0, -1));
  const entries = spaces.except.toSorted().map((space) => ({ space, entry: entryOf(space, at) }));
  return entries.map(({ space, entry }) => ({ ...range, sort: { beginsWith: entry }, rank: `${range.rank}${space}` }));
}

/** The sort key of a space's prefix in the index. */
const entryOf = (space: string, at: Prefix): string => indexEntriesOf({ space, prefix: formatPrefix(at) })[0]?.s ?? "";

async function namesOf({ table }: Context, items: readonly IpItem[]): Promise<Map<string, string>> {
  const ids = [...new Set(items.map(({ space }) => space))];
  const spaces = await table.getMany(
    AddressSpaceItem,
    ids.map((id) => ({ id })),
  );
  return new Map(spaces.flatMap((space) => (space ? [[space.id, space.name] as const] : [])));
}

/** Prefixes that are planned in any address space that the caller may read, as a search finds them. */
export const IpSubject = defineSubject<Stored<IpItem>, FoundIp>({
  type: IP,
  answers: ANSWERED,
  entries: indexEntriesOf,
  mayKnow: (context, key) => mayKnowOfSpace(context, fromSearchKey(key).space),
  narrowed,
  read: (context, keys) => context.table.getMany(IpItem, keys.map(fromSearchKey)),
  isVisible: (context, item) => mayKnowOfSpace(context, item.space) && isThere(item, context.now()),
  facts: factsOf,
  list: async (_, __, standing) =>
    standing === "retired" ? [] : PARTITIONS.map((partition) => ({ partition, rank: partition })),
  named: () => [],
  async view(context, items) {
    const names = await namesOf(context, items);
    return items.map((item) => ({
      ...item,
      type: IP,
      family: parsePrefix(item.prefix).family,
      spaceName: names.get(item.space) ?? "",
    }));
  },
});
