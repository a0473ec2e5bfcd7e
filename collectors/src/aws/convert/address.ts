import type { Address } from "@aws-sdk/client-ec2";
import type { ResourceInput } from "@cadastre/contract/resource";
import { present, required, toAddress } from "../../values.ts";
import { mapped } from "./interface-addresses.ts";
import { type AwsPlace, ec2Arn, isAccount } from "./place.ts";
import { toTags } from "./tags.ts";

/** An Elastic IP. EC2 gives it no state: it is `in-use` while it is associated, else `reserved`. Throws MalformedError. */
export function toElasticIp(of: Address, place: AwsPlace): ResourceInput<"address"> {
  const allocationId = required(of.AllocationId, "AllocationId");
  const attachedTo = attachments(of, place);
  return {
    id: ec2Arn(place, "elastic-ip", allocationId),
    ...toTags(of.Tags),
    attributes: {
      address: mapped(of),
      type: "external",
      state: of.AssociationId || attachedTo.length > 0 ? "in-use" : "reserved",
      allocationId,
      associationId: present(of.AssociationId),
      attachedTo,
      privateAddress: of.PrivateIpAddress ? toAddress(of.PrivateIpAddress) : undefined,
      pool: present(of.PublicIpv4Pool) ?? present(of.CustomerOwnedIpv4Pool),
      networkBorderGroup: present(of.NetworkBorderGroup),
    },
  };
}

function attachments(of: Address, place: AwsPlace): string[] {
  const owner = present(of.NetworkInterfaceOwnerId) ?? place.account;
  return [
    ...(of.InstanceId ? [ec2Arn(place, "instance", of.InstanceId)] : []),
    ...(of.NetworkInterfaceId && isAccount(owner)
      ? [ec2Arn(place, "network-interface", of.NetworkInterfaceId, owner)]
      : []),
  ];
}
