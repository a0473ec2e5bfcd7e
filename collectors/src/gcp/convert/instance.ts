import type { AttributesInput } from "@cadastre/contract/kinds/registry";
import type { ResourceInput } from "@cadastre/contract/resource";
import { parseAddress } from "@cadastre/net/address";
import { formatPrefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import { MalformedError, present, required, toAddress, toPrefix, unique } from "../../values.ts";
import type { ComputeInstance, ComputeInterface } from "../compute.ts";
import { type GcpPlace, lastPart, ownId, toReference } from "./place.ts";
import { toDescription, toId, toTimestamp, toWord } from "./values.ts";

type Interface = NonNullable<AttributesInput<"instance">["interfaces"]>[number];

/**
 * An instance in any state. A TERMINATED one is stopped and can be started again: it keeps its interfaces and internal
 * addresses, and has no ephemeral external one. Its image is not known to Compute Engine, its system by the boot disk's licence.
 * Throws MalformedError.
 */
export function toInstance(instance: ComputeInstance, place: GcpPlace): ResourceInput<"instance"> {
  const name = required(instance.name, "name");
  const boot = instance.disks?.find((disk) => disk.boot);
  const interfaces = (instance.networkInterfaces ?? []).map((of) => toInterface(of, place));
  return {
    id: ownId(instance.selfLink, place, "instances"),
    name,
    tags: { ...instance.labels },
    attributes: {
      instanceId: name,
      state: required(toWord(instance.status), "status"),
      type: required(lastPart(instance.machineType), "machineType"),
      zone: lastPart(instance.zone),
      launchTime:
        toTimestamp(instance.lastStartTimestamp, "lastStartTimestamp") ??
        toTimestamp(instance.creationTimestamp, "creationTimestamp"),
      network: interfaces[0]?.network,
      hostName: present(instance.hostname),
      publicHostName: instance.networkInterfaces?.[0]?.accessConfigs?.[0]?.publicPtrDomainName?.replace(/\.$/, ""),
      platform: lastPart(boot?.licenses?.[0]),
      architecture: boot?.architecture?.toLowerCase(),
      role: present(instance.serviceAccounts?.[0]?.email),
      description: toDescription(instance.description),
      providerId: toId(instance.id),
      interfaces,
    },
  };
}

function toInterface(of: ComputeInterface, place: GcpPlace): Interface {
  const natIps = (of.accessConfigs ?? []).flatMap((config) => (config.natIP ? [toAddress(config.natIP)] : []));
  const ipv6 = ipv6Of(of);
  const index = /^nic(\d{1,3})$/.exec(of.name ?? "")?.[1];
  return {
    interfaceId: present(of.name),
    deviceIndex: index === undefined ? undefined : Number(index),
    network: toReference(of.network, place),
    subnet: toReference(of.subnetwork, place),
    privateAddresses: of.networkIP
      ? [
          {
            address: toAddress(of.networkIP),
            primary: true,
            publicAddress: natIps[0],
          },
        ]
      : [],
    publicAddresses: natIps,
    ipv6Addresses: unique(ipv6.map(({ address }) => toAddress(address))),
    delegatedPrefixes: unique([
      ...ipv6.flatMap(({ address, length }) => wholeRange(address, length)),
      ...[...(of.aliasIpRanges ?? []), ...(of.aliasIpv6Ranges ?? [])].flatMap((range) => aliasRange(range.ipCidrRange)),
    ]),
  };
}

/** IPv6 addresses, internal and external, each with the length of the range that it begins. */
function ipv6Of(of: ComputeInterface): { readonly address: string; readonly length: number | undefined }[] {
  return [
    ...(of.ipv6Address ? [{ address: of.ipv6Address, length: present(of.internalIpv6PrefixLength) }] : []),
    ...(of.ipv6AccessConfigs ?? []).flatMap(({ externalIpv6, externalIpv6PrefixLength }) =>
      externalIpv6 ? [{ address: externalIpv6, length: present(externalIpv6PrefixLength) }] : [],
    ),
  ];
}

/** The /96 that an interface is given, of which its guest uses the first address. */
function wholeRange(address: string, length: number | undefined): string[] {
  if (!length || length >= 128) return [];
  return [formatPrefix(prefixOf(parseAddress(address), length))];
}

/** A CIDR or a single address; a bare length (`/24`) is a wish that has not been granted yet. */
function aliasRange(range: string | null | undefined): string[] {
  if (!range || range.startsWith("/")) return [];
  if (range.includes("/")) return [toPrefix(range)];
  try {
    return [formatPrefix(parsePrefix(range, { allowAddress: true }))];
  } catch (error) {
    throw new MalformedError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
