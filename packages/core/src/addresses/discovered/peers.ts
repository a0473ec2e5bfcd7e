import { parsePrefix } from "@cadastre/net/prefix";
import type { Context } from "../../context.ts";
import type { ObservedItem } from "../tree/items.ts";
import { readPeerNetworks } from "./blocks.ts";
import { readSeenAround, readSeenWithin } from "./seen.ts";

/** A block of a subnet, wherever it stands or stood. */
type Place = Pick<ObservedItem, "space" | "prefix" | "kind" | "provider" | "network">;

/**
 * Blocks in the same space that overlap one of a subnet and are of networks that its own is a peer of. The register knows of peers in GCP; of
 * VPC peerings and transit gateways of AWS it knows nothing. One read where a network has no peers.
 */
export async function readOverlappingPeers(context: Context, one: Place): Promise<ObservedItem[]> {
  const { space, prefix, kind, provider, network } = one;
  if (provider !== "gcp" || kind !== "subnet" || network === undefined) return [];
  const peers = await readPeerNetworks(context, network);
  if (peers.length === 0) return [];
  const at = parsePrefix(prefix);
  const all = await Promise.all([readSeenWithin(context.table, space, at), readSeenAround(context.table, space, at)]);
  return all.flat().filter((other) => other.network !== undefined && peers.includes(other.network));
}
