import { type Address, parseAddress } from "./address.ts";
import { containsAddress, hostPrefix, type Prefix, parsePrefix } from "./prefix.ts";

/*
 * Used to refuse connections to internal addresses, so every predicate also looks at the IPv4 address that an IPv6 address
 * leads to. Ranges: https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry.
 * A NAT64 gateway with a prefix of the network's own choosing cannot be told from an ordinary network.
 */

function prefixes(...texts: string[]): readonly Prefix[] {
  return texts.map((text) => parsePrefix(text));
}

const loopback = prefixes("127.0.0.0/8", "::1/128");
const linkLocal = prefixes("169.254.0.0/16", "fe80::/10");
const multicast = prefixes("224.0.0.0/4", "ff00::/8");
const unspecified = prefixes("0.0.0.0/8", "::/128");
const privateUse = prefixes(
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "fc00::/7",
  "fec0::/10",
  "64:ff9b:1::/48",
);
const carrierNat = prefixes("100.64.0.0/10");
const metadata = [
  // EC2, GCP, Azure, OCI and IBM Cloud: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
  "169.254.169.254",
  "fd00:ec2::254",
  // GCP over IPv6: https://cloud.google.com/compute/docs/metadata/querying-metadata
  "fd20:ce::254",
  // Azure's platform: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  "168.63.129.16",
  // OCI over IPv6: https://docs.oracle.com/iaas/Content/Compute/Tasks/gettingmetadata.htm
  "fd00:c1::a9fe:a9fe",
  // Oracle Cloud's first generation
  "192.0.0.192",
  // OpenStack over IPv6: https://docs.openstack.org/neutron/latest/admin/config-metadata.html
  "fe80::a9fe:a9fe",
  // Tencent Cloud and Scaleway
  "169.254.0.23",
  "169.254.42.42",
  "fd00:42::42",
  // Alibaba Cloud: https://www.alibabacloud.com/help/ecs/user-guide/view-instance-metadata
  "100.100.100.200",
  // Credentials of ECS tasks: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
  "169.254.170.2",
  // Credentials of EKS pods: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
  "169.254.170.23",
  "fd00:ec2::23",
].map((text) => hostPrefix(parseAddress(text)));

/** Prefixes whose addresses hold an IPv4 address, and how to take it out of one. */
const carriers: readonly { readonly prefix: Prefix; readonly take: (value: bigint) => bigint }[] = [
  // IPv4-mapped (RFC 4291 §2.5.5.2), IPv4-compatible (§2.5.5.1, deprecated), IPv4-translated (RFC 2765 §2.1)
  { prefix: parsePrefix("::ffff:0:0/96"), take: lowWord },
  { prefix: parsePrefix("::/96"), take: lowWord },
  { prefix: parsePrefix("::ffff:0:0:0/96"), take: lowWord },
  // NAT64: the well-known prefix (RFC 6052 §2.1) and the one for local use (RFC 8215), read in its /96 form
  { prefix: parsePrefix("64:ff9b::/96"), take: lowWord },
  { prefix: parsePrefix("64:ff9b:1::/48"), take: lowWord },
  // 6to4 (RFC 3056 §2), and Teredo, which stores the client's address inverted (RFC 4380 §4)
  { prefix: parsePrefix("2002::/16"), take: (value) => lowWord(value >> 80n) },
  { prefix: parsePrefix("2001::/32"), take: (value) => lowWord(~value) },
];

function lowWord(value: bigint): bigint {
  return BigInt.asUintN(32, value);
}

/** The IPv4 address that an IPv6 address leads to by way of mapping, translation or a tunnel; undefined when there is none. */
export function embeddedIPv4(address: Address): Address | undefined {
  // :: and ::1 lie in the IPv4-compatible range but are addresses of their own.
  if (address.value <= 1n) return undefined;
  const carrier = carriers.find(({ prefix }) => containsAddress(prefix, address));
  return carrier === undefined ? undefined : { family: 4, value: carrier.take(address.value) };
}

function isIn(ranges: readonly Prefix[], address: Address): boolean {
  const embedded = embeddedIPv4(address);
  return ranges.some(
    (range) => containsAddress(range, address) || (embedded !== undefined && containsAddress(range, embedded)),
  );
}

/** 127.0.0.0/8, ::1. */
export function isLoopback(address: Address): boolean {
  return isIn(loopback, address);
}

/** 169.254.0.0/16, fe80::/10. */
export function isLinkLocal(address: Address): boolean {
  return isIn(linkLocal, address);
}

/**
 * Addresses that only mean something inside an organisation: RFC 1918, unique local (RFC 4193), shared address space behind
 * carriers and in clouds (RFC 6598), the retired site-local range (RFC 3879) and the local NAT64 prefix (RFC 8215).
 */
export function isPrivate(address: Address): boolean {
  return isIn(privateUse, address);
}

/** 100.64.0.0/10 (RFC 6598): behind a carrier's translation, where one address leads elsewhere from each place; clouds put services of theirs there. */
export function isCarrierNat(address: Address): boolean {
  return isIn(carrierNat, address);
}

/** The addresses at which a cloud hands a machine its metadata and credentials. */
export function isMetadataAddress(address: Address): boolean {
  return isIn(metadata, address);
}

/** 224.0.0.0/4, ff00::/8. */
export function isMulticast(address: Address): boolean {
  return isIn(multicast, address);
}

/** `::`, and all of 0.0.0.0/8 ("this host", RFC 1122 §3.2.1.3), because a connection to it can end on the machine itself. */
export function isUnspecified(address: Address): boolean {
  return isIn(unspecified, address);
}
