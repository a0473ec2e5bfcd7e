import { toIntervals } from "./interval.ts";
import { addressCount, type Prefix } from "./prefix.ts";

export type Cloud = "aws" | "gcp";

/** GCP hands out every address of a subnet's secondary ranges; AWS makes no such difference. */
export type RangeUse = "primary" | "secondary";

/** How many addresses the prefixes have together, each counted once. Both families, when mixed, are added up. */
export function addressesTotal(prefixes: readonly Prefix[]): bigint {
  return toIntervals(prefixes).reduce((total, interval) => total + interval.last - interval.first + 1n, 0n);
}

/**
 * How many addresses of a subnet can be given to machines, never below 0.
 * Without a cloud: IPv4 without network and broadcast address, except /31 (RFC 3021) and /32; IPv6 without the
 * Subnet-Router anycast address (RFC 4291 §2.6.1), except /127 (RFC 6164) and /128.
 */
export function usableHosts(prefix: Prefix, cloud?: Cloud, use: RangeUse = "primary"): bigint {
  const usable = addressCount(prefix) - reservedAddresses(prefix, cloud, use);
  return usable > 0n ? usable : 0n;
}

function reservedAddresses(prefix: Prefix, cloud: Cloud | undefined, use: RangeUse): bigint {
  switch (cloud) {
    // The first four and the last address of each subnet CIDR block, IPv4 and IPv6 alike:
    // https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    case "aws":
      return 5n;
    // The first two and the last two of a primary IPv4 range, none of a secondary one:
    // https://cloud.google.com/vpc/docs/subnets#unusable-ip-addresses-in-every-subnet
    // What GCP keeps of an IPv6 range is not a fixed number; its API names it (systemReservedInternalIpv6Ranges).
    case "gcp":
      return prefix.family === 4 && use === "primary" ? 4n : 0n;
    case undefined:
      if (prefix.family === 4) return prefix.length < 31 ? 2n : 0n;
      return prefix.length < 127 ? 1n : 0n;
  }
}
