import type { NetworkInterface, NetworkInterfaceAttachment } from "@aws-sdk/client-ec2";
import type { AttributesInput } from "@cadastre/contract/kinds/registry";
import type { ResourceInput } from "@cadastre/contract/resource";
import { present, required } from "../../values.ts";
import { toInterfaceAddresses } from "./interface-addresses.ts";
import { type AwsPlace, ec2Arn, isAccount, networkArn, subnetArn } from "./place.ts";
import { toTags } from "./tags.ts";

/** A network interface, whoever made it. Its tags are in `TagSet`, unlike those of all others. Throws MalformedError. */
export function toInterface(of: NetworkInterface, place: AwsPlace): ResourceInput<"interface"> {
  const interfaceId = required(of.NetworkInterfaceId, "NetworkInterfaceId");
  return {
    id: ec2Arn(place, "network-interface", interfaceId),
    ...toTags(of.TagSet),
    attributes: {
      interfaceId,
      network: networkArn(place, of.VpcId),
      subnet: subnetArn(place, of.SubnetId, of.VpcId),
      zone: present(of.AvailabilityZone),
      state: required(of.Status, "Status"),
      type: present(of.InterfaceType),
      description: present(of.Description),
      macAddress: present(of.MacAddress),
      requesterManaged: of.RequesterManaged ?? false,
      requesterId: present(of.RequesterId),
      hostName: present(of.PrivateDnsName),
      securityGroups: (of.Groups ?? []).flatMap((group) => (group.GroupId ? [group.GroupId] : [])),
      attachment: of.Attachment ? toAttachment(of.Attachment, place) : undefined,
      ...toInterfaceAddresses(of),
    },
  };
}

/** What an AWS service owns (`amazon-elb`) has no ARN in any account; then only the owner's name is kept. */
function toAttachment(
  attachment: NetworkInterfaceAttachment,
  place: AwsPlace,
): NonNullable<AttributesInput<"interface">["attachment"]> {
  const { InstanceId, InstanceOwnerId } = attachment;
  const owner = present(InstanceOwnerId) ?? place.account;
  return {
    attachmentId: present(attachment.AttachmentId),
    instance: InstanceId && isAccount(owner) ? ec2Arn(place, "instance", InstanceId, owner) : undefined,
    instanceOwner: present(InstanceOwnerId),
    deviceIndex: attachment.DeviceIndex,
    state: present(attachment.Status),
  };
}
