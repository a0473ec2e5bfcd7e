import { accountNameOf } from "@cadastre/contract/account";
import { RESERVATION_TAG } from "@cadastre/contract/addresses/discovered";
import { shortId } from "@cadastre/contract/kinds/kind";
import type { IpItem, ObservedItem } from "../tree/items.ts";
import { isCalled } from "./blocks.ts";

/** What has become of the resource that a planned prefix names, where that is not seen at the prefix. */
export type Fate =
  /** It has other blocks in the space. */
  | { readonly is: "elsewhere"; readonly observed: readonly string[] }
  /** It is there, and nothing of it belongs to the space. */
  | { readonly is: "outside" }
  /** Its own account said that it is gone. */
  | { readonly is: "gone" }
  /** Nobody who must know has said anything. */
  | { readonly is: "unknown" };

type Node = Pick<IpItem, "id" | "externalId" | "syncStatus" | "status" | "reserveUntil">;

/** Of several that are seen at one prefix: what it stands for already, then a network before a subnet. */
function byRank(node: Node) {
  const rank = ({ externalId, kind }: ObservedItem) =>
    externalId === node.externalId ? 0 : kind === "network" ? 1 : 2;
  return (one: ObservedItem, other: ObservedItem): number =>
    rank(one) - rank(other) || (one.resource < other.resource ? -1 : 1);
}

/** The one of those seen at a planned prefix that it stands for. Of what people named themselves it is that or nothing. */
export function chooseSeen(node: Node, seen: readonly ObservedItem[]): ObservedItem | undefined {
  const { externalId, syncStatus } = node;
  const named = externalId !== undefined && syncStatus === undefined;
  const all = named ? seen.filter((one) => isCalled(one.externalId, externalId)) : seen;
  return all.toSorted(byRank(node))[0];
}

/** Whether a reservation is fulfilled by what is seen at its prefix: by what names no other reservation. */
function isFulfilled({ id, status }: Node, { tags }: ObservedItem): boolean {
  const named = Object.hasOwn(tags, RESERVATION_TAG) ? tags[RESERVATION_TAG] : undefined;
  return status === "reserved" && (named === undefined || named === id);
}

/** What a cloud says of a prefix that is one of its networks or subnets. */
export function factsOf(seen: ObservedItem) {
  const { externalId, network, region, kind, role, provider } = seen;
  // The clouds keep addresses of subnets for themselves, and none of a secondary range.
  const isSubnet = kind === "subnet" && role !== "secondary";
  return {
    externalId,
    account: accountNameOf(seen),
    region,
    ...(network === undefined ? {} : { externalNetwork: network }),
    ...(isSubnet ? { provider } : {}),
  };
}

const withoutLink = <Item extends IpItem>({ provider: _, syncStatus: __, lastSyncAt: ___, ...kept }: Item) => kept;

/**
 * What a planned prefix is from now on, with what is seen at it: it stands for that, and a reservation is fulfilled by it; or what it stood
 * for is elsewhere, gone, or not of the space any more. The same item when nothing of that changes. Pure.
 */
export function decideLink(node: IpItem, seen: readonly ObservedItem[], fate: Fate | undefined, at: string): IpItem {
  const chosen = chooseSeen(node, seen);
  if (chosen) return linked(node, chosen, at);
  const isLinked = node.syncStatus !== undefined;
  switch (fate?.is) {
    case "gone":
      return node.syncStatus === "orphaned" ? node : { ...node, syncStatus: "orphaned", lastSyncAt: at };
    case "elsewhere":
      return node.syncStatus === "drift" ? node : { ...node, syncStatus: "drift", lastSyncAt: at };
    case "outside":
      return isLinked ? withoutLink(node) : node;
    default:
      return node;
  }
}

function linked(node: IpItem, chosen: ObservedItem, at: string): IpItem {
  const { externalNetwork: _, lastSyncAt, ...kept } = withoutLink(node) as IpItem;
  const { reserveUntil: __, ...fulfilled } = kept;
  const base = isFulfilled(node, chosen) ? { ...fulfilled, status: "active" as const } : kept;
  const next: IpItem = { ...base, ...factsOf(chosen), syncStatus: "synced", lastSyncAt: node.lastSyncAt ?? at };
  const same = Object.entries(next).every(([name, value]) => node[name as keyof IpItem] === value);
  return same && Object.keys(next).length === Object.keys(node).length ? node : { ...next, lastSyncAt: at };
}

/** The network of what is seen, or of what a planned prefix stands for. */
export const networkOf = (of: {
  readonly externalId?: string | undefined;
  readonly network?: string | undefined;
}): string | undefined => of.network ?? of.externalId;

/** How something in a cloud is called in a sentence. */
export const called = (externalId: string): string => shortId(externalId);
