import type { Block } from "@cadastre/contract/kinds/kind";
import type { ResourceInput } from "@cadastre/contract/resource";
import { MalformedError, present, required, toAddress, toPrefix, unique } from "../../values.ts";
import type { ComputeSubnetwork } from "../compute.ts";
import { type GcpPlace, ownId, toReference } from "./place.ts";
import { toUtilisation } from "./utilisation.ts";
import { toDescription, toId } from "./values.ts";

/** The first two and the last two addresses of the primary IPv4 range. https://cloud.google.com/vpc/docs/subnets#unusable-ip-addresses-in-every-subnet */
const RESERVED_COUNT = 4;

/** A subnet of any purpose, with its secondary ranges; without IPv4 when it is IPV6_ONLY. Throws MalformedError. */
export function toSubnet(subnet: ComputeSubnetwork, place: GcpPlace): ResourceInput<"subnet"> {
  const name = required(subnet.name, "name");
  const network = toReference(subnet.network, place);
  if (!network) throw new MalformedError("network is missing");
  const blocks = toBlocks(subnet);
  const volatile = toUtilisation(subnet.utilizationDetails, blocks);
  return {
    id: ownId(subnet.selfLink, place, "subnetworks"),
    name,
    attributes: {
      subnetId: name,
      network,
      ownerAccount: place.project,
      blocks,
      ipv6Only: subnet.stackType === "IPV6_ONLY",
      state: present(subnet.state),
      purpose: present(subnet.purpose),
      role: present(subnet.role),
      stackType: present(subnet.stackType),
      ipv6AccessType: present(subnet.ipv6AccessType),
      gatewayAddress: subnet.gatewayAddress ? toAddress(subnet.gatewayAddress) : undefined,
      privateGoogleAccess: present(subnet.privateIpGoogleAccess),
      description: toDescription(subnet.description),
      providerId: toId(subnet.id),
      cloudReservedCount: subnet.ipCidrRange ? RESERVED_COUNT : 0,
    },
    ...(volatile ? { volatile } : {}),
  };
}

/** The IPv6 prefix stands in up to three members: by access type, and in ipv6CidrRange. */
function toBlocks(subnet: ComputeSubnetwork): Block[] {
  const ipv6 = [subnet.ipv6CidrRange, subnet.internalIpv6Prefix, subnet.externalIpv6Prefix].flatMap((prefix) =>
    prefix ? [toPrefix(prefix)] : [],
  );
  return [
    ...(subnet.ipCidrRange
      ? [{ prefix: toPrefix(subnet.ipCidrRange), role: "primary", state: "associated" } as const]
      : []),
    ...(subnet.secondaryIpRanges ?? []).map((range) => ({
      prefix: toPrefix(required(range.ipCidrRange, "secondaryIpRanges.ipCidrRange")),
      role: "secondary" as const,
      state: "associated" as const,
      rangeName: required(range.rangeName, "secondaryIpRanges.rangeName"),
    })),
    ...unique(ipv6).map((prefix) => ({ prefix, role: "ipv6", state: "associated" }) as const),
  ];
}
