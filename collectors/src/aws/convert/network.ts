import type { Vpc } from "@aws-sdk/client-ec2";
import type { Block } from "@cadastre/contract/kinds/kind";
import type { ResourceInput } from "@cadastre/contract/resource";
import { present, required, toPrefix } from "../../values.ts";
import { toBlock, toIpv6Blocks } from "./block.ts";
import { type AwsPlace, ec2Arn } from "./place.ts";
import { toTags } from "./tags.ts";

/** A VPC of the place's own account, as one is that names no owner. Throws MalformedError. */
export function toNetwork(vpc: Vpc, place: AwsPlace): ResourceInput<"network"> {
  const networkId = required(vpc.VpcId, "VpcId");
  return {
    id: ec2Arn(place, "vpc", networkId, present(vpc.OwnerId)),
    ...toTags(vpc.Tags),
    attributes: {
      networkId,
      blocks: [...ipv4Blocks(vpc, place), ...toIpv6Blocks(vpc.Ipv6CidrBlockAssociationSet, place.report)],
      isDefault: vpc.IsDefault ?? false,
      state: present(vpc.State),
      tenancy: present(vpc.InstanceTenancy),
      dhcpOptionsId: present(vpc.DhcpOptionsId),
    },
  };
}

/**
 * `CidrBlock` names the primary block alone; the secondary ones, and the state of all, are in the association set. A block that
 * was taken away and associated again is in the set twice for a while, so the primary one is the first that is in force.
 */
function ipv4Blocks(vpc: Vpc, { report }: AwsPlace): Block[] {
  const set = vpc.CidrBlockAssociationSet ?? [];
  if (set.length === 0) {
    return vpc.CidrBlock ? [{ prefix: toPrefix(vpc.CidrBlock), role: "primary", state: "associated" }] : [];
  }
  const candidates = set.filter((a) => a.CidrBlock === vpc.CidrBlock);
  const primary = candidates.find((a) => a.CidrBlockState?.State === "associated") ?? candidates[0];
  return set.flatMap(
    (a) =>
      toBlock(
        a === primary ? "primary" : "secondary",
        { prefix: a.CidrBlock, state: a.CidrBlockState?.State, associationId: a.AssociationId },
        report,
      ) ?? [],
  );
}
