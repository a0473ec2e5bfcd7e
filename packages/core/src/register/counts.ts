import type { KindName } from "@cadastre/contract/kinds/names";
import { kindName, PROVIDERS, type Provider, provider } from "@cadastre/contract/scope";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import { increment, type Write } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../context.ts";

const STATUSES = ["active", "retired"] as const;
type Status = (typeof STATUSES)[number];
const FAMILIES = ["region", "account", "place"] as const;
type Family = (typeof FAMILIES)[number];

/** One count is the sum of this many items, so that writers of one place do not all wait for one item. */
const SLOTS = 4;

const counter = z.object({
  family: z.enum(FAMILIES),
  status: z.enum(STATUSES),
  /** `provider/region`, `provider/account` or `provider/region/account`. */
  place: z.string(),
  kind: kindName,
  /** `shared`: seen by the account, owned by another. */
  whose: z.enum(["own", "shared"]),
  slot: z.int(),
});
type CounterKey = z.output<typeof counter>;

/**
 * How many resources there are, kept by increments in the change's own commit: by region, by account, and by place (an account
 * in a region). Three writes a commit, however many resources of one place it makes; what filters by status, kind, provider,
 * account and region is then a sum over few items, at any size. The places also are the directory of where a region is used.
 */
export const CountItem = defineEntity({
  type: "count",
  about: "How many resources of a kind a region, an account or a place has; changed in the commits of the changes",
  schema: counter.extend({ n: z.int() }),
  key: {
    partition: (of: CounterKey) => `count#${of.family}#${of.status}`,
    sort: (of: CounterKey) => `${of.place}/${of.kind}/${of.whose}/${of.slot}`,
  },
});
type CountItem = ItemOf<typeof CountItem>;

/** What of a resource is counted: once for its owner, and apart for each further account that sees it. */
export interface Counted {
  readonly idHash: string;
  readonly status: Status;
  readonly kind: KindName;
  readonly provider: Provider;
  readonly account: string;
  readonly region: string;
  readonly sharedWith: readonly string[];
}

function countersOf({ status, kind, provider, account, region, sharedWith }: Counted): Omit<CounterKey, "slot">[] {
  const of = (family: Family, place: string, whose: "own" | "shared") => ({ family, status, place, kind, whose });
  return [
    of("region", `${provider}/${region}`, "own"),
    of("account", `${provider}/${account}`, "own"),
    of("place", `${provider}/${region}/${account}`, "own"),
    ...sharedWith.flatMap((guest) => [
      of("account", `${provider}/${guest}`, "shared"),
      of("place", `${provider}/${region}/${guest}`, "shared"),
    ]),
  ];
}

/** A change, as far as it counts: what is new has nothing before, what is removed nothing after. */
export type CountedChange =
  | { readonly before?: Counted | undefined; readonly after: Counted }
  | { readonly before: Counted; readonly after?: undefined };

/** What changes count for together, as it grows. */
export interface CountSums {
  add(change: CountedChange): void;
  /** Undoes an `add`. */
  remove(change: CountedChange): void;
  /** How many writes there are: none for changes that leave all counts as they are, three for any number of new resources of one kind in one place. */
  size(): number;
  /** The writes, to be in the commit of the changes. */
  writes(): Write[];
}

/** Sums for one commit, in one slot. Writes nothing. */
export function createCountSums(): CountSums {
  const sums = new Map<string, { key: Omit<CounterKey, "slot">; by: number }>();
  let slot = 0;
  let size = 0;
  function add(counted: Counted, by: number): void {
    for (const key of countersOf(counted)) {
      const text = `${key.family} ${key.status} ${key.place} ${key.kind} ${key.whose}`;
      const sum = sums.get(text) ?? { key, by: 0 };
      if (sum.by === 0) size += 1;
      sum.by += by;
      if (sum.by === 0) size -= 1;
      sums.set(text, sum);
    }
  }
  function addChange({ before, after }: CountedChange, sign: 1 | -1): void {
    if (before) add(before, -sign);
    if (after) add(after, sign);
  }
  return {
    add(change) {
      const { idHash } = change.after ?? change.before;
      if (sums.size === 0) slot = Number.parseInt(idHash.slice(0, 4), 16) % SLOTS;
      addChange(change, 1);
    },
    remove: (change) => addChange(change, -1),
    size: () => size,
    writes: () =>
      [...sums.values()]
        .filter(({ by }) => by !== 0)
        .map(({ key, by }) => increment(CountItem, { ...key, slot }, "n", by)),
  };
}

/** The filters that counts know. `any` and absent status: active ones are meant when it is absent. */
export interface CountFilters {
  readonly status?: Status | "any" | undefined;
  readonly kind?: KindName | undefined;
  readonly provider?: Provider | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}

export interface Count {
  readonly status: Status;
  readonly kind: KindName;
  readonly provider: Provider;
  readonly account?: string;
  readonly region?: string;
  /** Resources that the account owns. */
  readonly own: number;
  /** Resources that the account sees and another one owns. */
  readonly shared: number;
}

const statusesOf = ({ status = "active" }: CountFilters): readonly Status[] => (status === "any" ? STATUSES : [status]);

async function readCounters(
  context: Context,
  family: Family,
  status: Status,
  beginnings: readonly string[],
): Promise<CountItem[]> {
  const read = async (beginning: string) => {
    const items: CountItem[] = [];
    let cursor: string | undefined;
    do {
      const page = await context.table.query(CountItem, {
        partition: `count#${family}#${status}`,
        ...(beginning === "" ? {} : { sort: { beginsWith: beginning } }),
        cursor,
      });
      items.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return items;
  };
  return (await Promise.all(beginnings.map(read))).flat();
}

/** Where the counters of these filters stand among those of regions, or of accounts. */
function beginningsIn(family: "region" | "account", { provider: one, account, region }: CountFilters): string[] {
  const part = family === "region" ? region : account;
  if (part === undefined) return one === undefined ? [""] : [`${one}/`];
  return (one === undefined ? PROVIDERS : [one]).map((provider) => `${provider}/${part}/`);
}

/** The same among those of places. They are in the order of regions, so the regions of an account are looked up first. */
async function placeBeginnings(context: Context, filters: CountFilters): Promise<string[]> {
  const { account, region } = filters;
  if (region !== undefined) {
    const within = account === undefined ? "" : `${account}/`;
    return beginningsIn("region", filters).map((beginning) => `${beginning}${within}`);
  }
  const regions = await readCounts(context, { ...filters, account: undefined });
  const places = new Set(regions.map((at) => `${at.provider}/${at.region}/${account}/`));
  return [...places];
}

function toCount(item: CountItem): Count {
  const [first, second = "", third = ""] = item.place.split("/");
  const at = {
    region: { region: second },
    account: { account: second },
    place: { region: second, account: third },
  }[item.family];
  return {
    status: item.status,
    kind: item.kind,
    provider: provider.parse(first),
    ...at,
    own: item.whose === "own" ? item.n : 0,
    shared: item.whose === "shared" ? item.n : 0,
  };
}

/**
 * How many resources the filters have, one row for each status, kind, provider and (as asked by `by`, or as far as it is
 * filtered) account and region; rows of none are left out. Costs half a unit for each provider and status when the account
 * or the region is given, and otherwise by how many regions (or, `by` accounts, accounts) there are.
 */
export async function readCounts(
  context: Context,
  filters: CountFilters,
  by: readonly ("account" | "region")[] = [],
): Promise<Count[]> {
  const wants = (part: "account" | "region") => by.includes(part) || filters[part] !== undefined;
  const family: Family = !wants("account") ? "region" : wants("region") ? "place" : "account";
  const beginnings = family === "place" ? await placeBeginnings(context, filters) : beginningsIn(family, filters);
  const items = await Promise.all(
    statusesOf(filters).map((status) => readCounters(context, family, status, beginnings)),
  );
  const rows = new Map<string, Count>();
  for (const count of items.flat().map(toCount)) {
    if (filters.kind !== undefined && count.kind !== filters.kind) continue;
    if (filters.account !== undefined && count.account !== filters.account) continue;
    const key = [count.status, count.kind, count.provider, count.account, count.region].join("/");
    const row = rows.get(key);
    rows.set(key, row ? { ...row, own: row.own + count.own, shared: row.shared + count.shared } : count);
  }
  return [...rows.values()].filter(({ own, shared }) => own !== 0 || shared !== 0);
}

/** How many resources a list with these filters has: of an account, also those that others share with it. */
export async function countListed(context: Context, filters: CountFilters): Promise<number> {
  const counts = await readCounts(context, filters);
  return counts.reduce((sum, { own, shared }) => sum + own + shared, 0);
}
