import type { ResourceInput } from "@cadastre/contract/resource";
import { present, required, toPrefix } from "../../values.ts";
import type { ComputeNetwork } from "../compute.ts";
import { type GcpPlace, ownId, toReference } from "./place.ts";
import { toDescription, toId } from "./values.ts";

/**
 * A network of any mode. A legacy network alone has IPv4Range and no subnets; the others have no IPv4 block of their own, at
 * most the /48 that their internal IPv6 subnets are cut from. `sharedVpcHost` is the project's, undefined when it is not known:
 * the network then says so, since not to know it is no change.
 * Throws MalformedError.
 */
export function toNetwork(
  network: ComputeNetwork,
  place: GcpPlace,
  sharedVpcHost: boolean | undefined,
): ResourceInput<"network"> {
  const name = required(network.name, "name");
  const legacyRange = present(network.IPv4Range);
  const ipv6 = present(network.internalIpv6Range);
  const auto = network.autoCreateSubnetworks ?? false;
  return {
    id: ownId(network.selfLink, place, "networks"),
    name,
    attributes: {
      networkId: name,
      blocks: ipv6 ? [{ prefix: toPrefix(ipv6), role: "ipv6" }] : [],
      // Every new project is given one under this name; Compute Engine does not mark it in any other way.
      isDefault: name === "default",
      mode: legacyRange ? "legacy" : auto ? "auto" : "custom",
      legacyRange: legacyRange && toPrefix(legacyRange),
      gatewayAddress: present(network.gatewayIPv4),
      description: toDescription(network.description),
      routingMode: present(network.routingConfig?.routingMode),
      mtuBytes: present(network.mtu),
      peerNetworks: peersOf(network, place),
      sharedVpcHost,
      providerId: toId(network.id),
    },
    ...(sharedVpcHost === undefined ? { unknown: ["sharedVpcHost"] as const } : {}),
  };
}

/** A peering that only this side has made is INACTIVE, and the network is not peered. */
function peersOf(network: ComputeNetwork, place: GcpPlace): string[] | undefined {
  const peers = (network.peerings ?? [])
    .filter((peering) => peering.state !== "INACTIVE")
    .flatMap((peering) => toReference(peering.network, place) ?? []);
  return peers.length > 0 ? [...new Set(peers)] : undefined;
}
