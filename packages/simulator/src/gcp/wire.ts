/**
 * The parts of Compute Engine's JSON that the simulator serves, as they are on the wire: 64-bit numbers are decimal
 * strings, absent members are left out. Source: the discovery document of compute v1.
 */
export type ApiVersion = "v1" | "beta";

/** A resource's URL as Compute Engine writes it, whatever host was asked. */
export function computeLink(version: ApiVersion, path: string): string {
  return `https://www.googleapis.com/compute/${version}/${path}`;
}

export interface Network {
  readonly kind: "compute#network";
  readonly id: string;
  readonly creationTimestamp: string;
  readonly name: string;
  readonly description?: string;
  readonly selfLink: string;
  /** Absent on a legacy network, which has no subnetworks at all. */
  readonly autoCreateSubnetworks?: boolean;
  /** Legacy networks alone. */
  readonly IPv4Range?: string;
  /** Legacy networks alone. */
  readonly gatewayIPv4?: string;
  readonly subnetworks?: readonly string[];
  readonly mtu?: number;
  readonly routingConfig?: { readonly routingMode: "REGIONAL" | "GLOBAL" };
  readonly enableUlaInternalIpv6?: boolean;
  readonly internalIpv6Range?: string;
}

export interface Uint128 {
  readonly high: string;
  readonly low: string;
}

export interface Utilization {
  readonly ipv4Utilizations?: readonly {
    /** Absent for the primary range. */
    readonly rangeName?: string;
    readonly totalAllocatedIp: string;
    readonly totalFreeIp: string;
  }[];
  readonly internalIpv6Utilization?: { readonly totalAllocatedIp: Uint128; readonly totalFreeIp: Uint128 };
  readonly externalIpv6InstanceUtilization?: { readonly totalAllocatedIp: Uint128; readonly totalFreeIp: Uint128 };
}

export interface Subnetwork {
  readonly kind: "compute#subnetwork";
  readonly id: string;
  readonly creationTimestamp: string;
  readonly name: string;
  readonly description?: string;
  readonly network: string;
  readonly region: string;
  readonly selfLink: string;
  readonly fingerprint: string;
  /** Absent when the subnet has IPv6 alone. */
  readonly ipCidrRange?: string;
  readonly gatewayAddress?: string;
  readonly privateIpGoogleAccess: boolean;
  readonly purpose: "PRIVATE" | "REGIONAL_MANAGED_PROXY" | "PRIVATE_SERVICE_CONNECT";
  readonly role?: "ACTIVE" | "BACKUP";
  readonly stackType?: "IPV4_ONLY" | "IPV4_IPV6" | "IPV6_ONLY";
  readonly ipv6AccessType?: "INTERNAL" | "EXTERNAL";
  readonly ipv6CidrRange?: string;
  readonly internalIpv6Prefix?: string;
  readonly externalIpv6Prefix?: string;
  readonly secondaryIpRanges?: readonly { readonly rangeName: string; readonly ipCidrRange: string }[];
  readonly utilizationDetails?: Utilization;
}

export interface AccessConfig {
  readonly kind: "compute#accessConfig";
  readonly type: "ONE_TO_ONE_NAT" | "DIRECT_IPV6";
  readonly name: string;
  readonly natIP?: string;
  readonly externalIpv6?: string;
  readonly externalIpv6PrefixLength?: number;
  readonly networkTier: "PREMIUM" | "STANDARD";
}

export interface NetworkInterface {
  readonly kind: "compute#networkInterface";
  readonly name: string;
  readonly network: string;
  /** Absent on a legacy network. */
  readonly subnetwork?: string;
  readonly networkIP?: string;
  readonly ipv6Address?: string;
  readonly internalIpv6PrefixLength?: number;
  readonly ipv6AccessType?: "INTERNAL" | "EXTERNAL";
  readonly stackType: "IPV4_ONLY" | "IPV4_IPV6" | "IPV6_ONLY";
  readonly nicType?: "GVNIC" | "VIRTIO_NET";
  readonly accessConfigs?: readonly AccessConfig[];
  readonly ipv6AccessConfigs?: readonly AccessConfig[];
  readonly aliasIpRanges?: readonly { readonly ipCidrRange: string; readonly subnetworkRangeName?: string }[];
  readonly fingerprint: string;
}

export interface Instance {
  readonly kind: "compute#instance";
  readonly id: string;
  readonly creationTimestamp: string;
  readonly name: string;
  readonly description?: string;
  readonly tags: { readonly items?: readonly string[]; readonly fingerprint: string };
  readonly machineType: string;
  readonly status: "RUNNING" | "TERMINATED" | "STOPPING" | "STAGING" | "PROVISIONING" | "SUSPENDED" | "REPAIRING";
  readonly zone: string;
  readonly canIpForward: boolean;
  readonly networkInterfaces: readonly NetworkInterface[];
  readonly disks: readonly {
    readonly kind: "compute#attachedDisk";
    readonly type: "PERSISTENT";
    readonly mode: "READ_WRITE";
    readonly source: string;
    readonly deviceName: string;
    readonly index: number;
    readonly boot: boolean;
    readonly autoDelete: boolean;
    readonly licenses: readonly string[];
    readonly diskSizeGb: string;
  }[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly labelFingerprint: string;
  readonly lastStartTimestamp?: string;
  readonly lastStopTimestamp?: string;
  readonly cpuPlatform: string;
  readonly deletionProtection: boolean;
  readonly hostname?: string;
  readonly selfLink: string;
}

export interface Address {
  readonly kind: "compute#address";
  readonly id: string;
  readonly creationTimestamp: string;
  readonly name: string;
  readonly description?: string;
  readonly address: string;
  readonly prefixLength?: number;
  readonly status: "RESERVED" | "IN_USE";
  readonly addressType: "EXTERNAL" | "INTERNAL";
  readonly ipVersion?: "IPV4" | "IPV6";
  readonly ipv6EndpointType?: "VM" | "NETLB";
  readonly purpose?: "GCE_ENDPOINT" | "SHARED_LOADBALANCER_VIP" | "NAT_AUTO" | "VPC_PEERING";
  readonly networkTier?: "PREMIUM" | "STANDARD";
  /** Absent on a global address. */
  readonly region?: string;
  readonly network?: string;
  readonly subnetwork?: string;
  readonly users?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly selfLink: string;
}
