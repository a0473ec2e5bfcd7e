import type { Instance, InstanceNetworkInterface } from "@aws-sdk/client-ec2";
import type { AttributesInput } from "@cadastre/contract/kinds/registry";
import type { ResourceInput } from "@cadastre/contract/resource";
import { present, required, toAddress } from "../../values.ts";
import { toInterfaceAddresses } from "./interface-addresses.ts";
import { type AwsPlace, ec2Arn, networkArn, subnetArn } from "./place.ts";
import { toTags } from "./tags.ts";

type Interface = NonNullable<AttributesInput<"instance">["interfaces"]>[number];

/**
 * An instance in any state. EC2 lists a terminated one for about an hour more; it is recorded with that state and without
 * interfaces, so that its addresses are free for whoever gets them next. Throws MalformedError.
 */
export function toInstance(instance: Instance, place: AwsPlace): ResourceInput<"instance"> {
  const instanceId = required(instance.InstanceId, "InstanceId");
  const state = required(instance.State?.Name, "State.Name");
  return {
    id: ec2Arn(place, "instance", instanceId),
    ...toTags(instance.Tags),
    attributes: {
      instanceId,
      state,
      type: required(instance.InstanceType, "InstanceType"),
      image: present(instance.ImageId),
      zone: present(instance.Placement?.AvailabilityZone),
      launchTime: instance.LaunchTime?.toISOString(),
      network: networkArn(place, instance.VpcId),
      hostName: present(instance.PrivateDnsName),
      publicHostName: present(instance.PublicDnsName),
      platform: present(instance.PlatformDetails) ?? present(instance.Platform),
      architecture: present(instance.Architecture),
      keyName: present(instance.KeyName),
      role: present(instance.IamInstanceProfile?.Arn),
      interfaces: state === "terminated" ? [] : toInterfaces(instance, place),
    },
  };
}

function toInterfaces(instance: Instance, place: AwsPlace): Interface[] {
  const interfaces = instance.NetworkInterfaces ?? [];
  return interfaces.length > 0 ? interfaces.map((of) => toInterface(of, place)) : ownAddresses(instance, place);
}

function toInterface(of: InstanceNetworkInterface, place: AwsPlace): Interface {
  return {
    interfaceId: present(of.NetworkInterfaceId),
    deviceIndex: of.Attachment?.DeviceIndex,
    network: networkArn(place, of.VpcId),
    subnet: subnetArn(place, of.SubnetId, of.VpcId),
    macAddress: present(of.MacAddress),
    ...toInterfaceAddresses(of),
  };
}

/** Servers that speak EC2's interface do not all list interfaces; then the instance's own members have its addresses. */
function ownAddresses(instance: Instance, place: AwsPlace): Interface[] {
  const { PrivateIpAddress, PublicIpAddress, Ipv6Address } = instance;
  if (!PrivateIpAddress && !PublicIpAddress && !Ipv6Address) return [];
  const publicAddress = PublicIpAddress ? toAddress(PublicIpAddress) : undefined;
  return [
    {
      network: networkArn(place, instance.VpcId),
      subnet: subnetArn(place, instance.SubnetId, instance.VpcId),
      privateAddresses: PrivateIpAddress
        ? [{ address: toAddress(PrivateIpAddress), primary: true, publicAddress }]
        : [],
      publicAddresses: publicAddress ? [publicAddress] : [],
      ipv6Addresses: Ipv6Address ? [toAddress(Ipv6Address)] : [],
    },
  ];
}
