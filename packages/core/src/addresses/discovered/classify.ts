import type { DiscoveredState } from "@cadastre/contract/addresses/discovered";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { above, readChain } from "../tree/chain.ts";
import { IpItem, type ObservedItem, spacePartition } from "../tree/items.ts";
import { boundsWithin } from "../tree/ranges.ts";
import { isThere } from "../tree/view.ts";
import { called, chooseSeen, networkOf } from "./link.ts";
import { readSeenAt } from "./seen.ts";

/** What is planned around a block that is seen. */
export interface Surroundings {
  /** Planned at just this prefix. */
  readonly node: IpItem | undefined;
  /** What contains it, nearest first, as it is stored. */
  readonly containing: readonly Stored<IpItem>[];
  /** One that is planned inside it. */
  readonly inside: IpItem | undefined;
  /** All that is seen at just this prefix. */
  readonly seen: readonly ObservedItem[];
}

export interface Classified {
  readonly state: DiscoveredState;
  readonly reason: string;
  readonly ip?: string | undefined;
}

const named = ({ prefix, id }: Pick<IpItem, "prefix" | "id">): string => `${prefix} (${id})`;

const networkOfNode = ({ externalId, externalNetwork }: IpItem) => networkOf({ externalId, network: externalNetwork });

function ofPlanned(node: IpItem, one: ObservedItem, seen: readonly ObservedItem[]): Classified {
  const { id: ip, externalId } = node;
  if (chooseSeen(node, seen)?.resource === one.resource)
    return { state: "linked", reason: `${named(node)} stands for it`, ip };
  const whose = externalId === undefined ? "" : ` for ${called(externalId)}`;
  return { state: "conflict", reason: `${named(node)} is planned${whose}`, ip };
}

/**
 * What can be done with a block that is seen. `imported` are the natural ids of networks that come with it. Pure. A block over what is planned
 * already is a conflict, and so is one inside another network; a subnet of AWS comes after its network.
 */
export function classify(
  one: ObservedItem,
  { node, containing, inside, seen }: Surroundings,
  imported: ReadonlySet<string> = new Set(),
): Classified {
  if (node) return ofPlanned(node, one, seen);
  if (inside) return { state: "conflict", reason: `${named(inside)} is planned inside it` };
  const linked = containing.filter(({ syncStatus }) => syncStatus !== undefined);
  const foreign = linked.find((node) => networkOfNode(node) !== networkOf(one));
  if (foreign)
    return {
      state: "conflict",
      reason: `it is inside ${named(foreign)}, which is ${called(foreign.externalId ?? "")}`,
    };
  const { kind, provider, network = "" } = one;
  // A network of GCP has no prefix that its subnets could be in.
  const needsNetwork = kind === "subnet" && provider === "aws";
  if (needsNetwork && linked.length === 0 && !imported.has(network))
    return { state: "blocked", reason: `its network ${called(network)} comes first` };
  return { state: "importable", reason: "nothing is planned there" };
}

/** One that is planned inside a prefix: a query. */
async function readInside({ table, now }: Context, space: string, at: Prefix): Promise<IpItem | undefined> {
  let cursor: string | undefined;
  do {
    const page = await table.query(IpItem, {
      partition: spacePartition(space),
      sort: boundsWithin(at, { itself: false }),
      limit: 10,
      cursor,
      consistent: true,
    });
    const found = page.items.find((item) => isThere(item, now()));
    if (found) return found;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return undefined;
}

/** Reads what is planned around a block that is seen: three queries and the lengths of its space. */
export async function readSurroundings(context: Context, { space, prefix }: ObservedItem): Promise<Surroundings> {
  const at = parsePrefix(prefix);
  const [chain, inside, seen] = await Promise.all([
    readChain(context.table, space, at),
    readInside(context, space, at),
    readSeenAt(context.table, space, at),
  ]);
  const containing = above(chain, at);
  const node = chain.length > containing.length ? chain[0] : undefined;
  return { node, containing, inside, seen };
}
