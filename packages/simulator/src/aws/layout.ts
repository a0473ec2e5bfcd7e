import { formatAddress } from "@cadastre/net/address";
import { type Place, type Plan, placeNumber } from "./plan.ts";

/**
 * How VPCs are cut. A subnet with instances is split into slots of eight IPv4 addresses, one slot for one instance, from the
 * second slot on (the first holds AWS's reserved addresses and those of managed interfaces); its upper half is for delegated
 * /28 prefixes and managed interfaces. So every address follows from an instance's number and no two collide.
 */
export interface Ipv4Block {
  /** The network address as a number. */
  readonly base: number;
  readonly length: number;
}

export interface Ipv6Block {
  /** The network address as a number. */
  readonly base: bigint;
  readonly length: number;
}

export type AssociationState = "associated" | "associating" | "disassociating" | "disassociated" | "failing" | "failed";

export interface Association<Block> {
  readonly block: Block;
  readonly state: AssociationState;
  readonly message?: string;
}

export type SubnetUse = "default" | "private" | "public" | "ipv6" | "pods" | "shared";

export interface SubnetPlan {
  /** Number within the VPC, below 16. */
  readonly index: number;
  readonly use: SubnetUse;
  /** 0 to 2: the zone as a number of its zone id, not its letter (which differs between accounts). */
  readonly zone: number;
  readonly ipv4: Ipv4Block | undefined;
  readonly ipv6: Ipv6Block | undefined;
}

export interface VpcPlan {
  readonly place: Place;
  /** 0 is the default VPC; the one after the last ordinary one is the shared one. */
  readonly index: number;
  readonly use: "default" | "ordinary" | "shared";
  readonly primary: Ipv4Block;
  readonly ipv4: readonly Association<Ipv4Block>[];
  readonly ipv6: readonly Association<Ipv6Block>[];
  readonly subnets: readonly SubnetPlan[];
}

export const zonesPerRegion = 3;
export const slotSize = 8;
/** Numbers of the subnets of an ordinary VPC: 0–2 private, 3–5 public, 6 IPv6-only, 7–9 pods; all but the first six optional. */
export const publicSubnet = 3;
export const ipv6Subnet = 6;
export const podsSubnet = 7;

const zones = [0, 1, 2] as const;

export function formatIpv4(value: number): string {
  return formatAddress({ family: 4, value: BigInt(value >>> 0) });
}

export function formatIpv6(value: bigint): string {
  return formatAddress({ family: 6, value });
}

export function formatIpv4Block(block: Ipv4Block): string {
  return `${formatIpv4(block.base)}/${block.length}`;
}

export function formatIpv6Block(block: Ipv6Block): string {
  return `${formatIpv6(block.base)}/${block.length}`;
}

export function octets(a: number, b: number, c = 0, d = 0): number {
  return a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
}

/** True for the account whose VPC others use, in every region. */
export function ownsSharedVpc(plan: Plan, account: number): boolean {
  return plan.sharing?.owner === account;
}

/** How many VPCs an account has of its own in a region: the default one, the ordinary ones and perhaps the shared one. */
export function vpcCount(plan: Plan, account: number): number {
  return 1 + plan.vpcs + (ownsSharedVpc(plan, account) ? 1 : 0);
}

/** The number of the shared VPC within its owner's place. */
export function sharedVpcIndex(plan: Plan): number {
  return plan.vpcs + 1;
}

/** The plan of one VPC; the same object every time for the same arguments as long as a bounded cache holds it. */
export function createLayout(plan: Plan): (place: Place, index: number) => VpcPlan {
  const cache = new Map<string, VpcPlan>();
  return (place, index) => {
    const key = `${place.account}/${place.region}/${index}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const vpc = planVpc(plan, place, index);
    if (cache.size >= 4_096) cache.clear();
    cache.set(key, vpc);
    return vpc;
  };
}

function planVpc(plan: Plan, place: Place, index: number): VpcPlan {
  if (index === 0) return defaultVpc(place);
  const octet = (plan.random.int(250, "network", place.account, place.region) + index) % 256;
  const primary = { base: octets(10, octet), length: 16 };
  if (index > plan.vpcs) return sharedVpc(place, index, primary);
  return ordinaryVpc(place, index, primary, ipv6BlockOf(plan, place, index));
}

function defaultVpc(place: Place): VpcPlan {
  const primary = { base: octets(172, 31), length: 16 };
  return {
    place,
    index: 0,
    use: "default",
    primary,
    ipv4: [{ block: primary, state: "associated" }],
    ipv6: [],
    subnets: zones.map((zone) => ({
      index: zone,
      use: "default",
      zone,
      ipv4: { base: primary.base + zone * 2 ** 12, length: 20 },
      ipv6: undefined,
    })),
  };
}

function sharedVpc(place: Place, index: number, primary: Ipv4Block): VpcPlan {
  return {
    place,
    index,
    use: "shared",
    primary,
    ipv4: [{ block: primary, state: "associated" }],
    ipv6: [],
    subnets: zones.map((zone) => ({
      index: zone,
      use: "shared",
      zone,
      ipv4: { base: primary.base + zone * 2 ** 14, length: 18 },
      ipv6: undefined,
    })),
  };
}

/** Four kinds in turn: with pods and IPv6, with a block that is leaving, with a block that failed, and with IPv6 given back. */
function ordinaryVpc(place: Place, index: number, primary: Ipv4Block, ipv6: Ipv6Block): VpcPlan {
  const kind = (index - 1) % 4;
  const hasIpv6 = kind === 0 || kind === 2;
  const pods = { base: octets(100, 64), length: 16 };
  const secondary: readonly Association<Ipv4Block>[] = [
    [{ block: pods, state: "associated" as const }],
    [{ block: { base: octets(192, 168), length: 20 }, state: "disassociating" as const }],
    [
      {
        block: { base: octets(100, 96), length: 16 },
        state: "failed" as const,
        message: "The CIDR block conflicts with a route of the VPC's route table.",
      },
    ],
    [],
  ][kind] as readonly Association<Ipv4Block>[];
  const ipv6Of = (subnet: number) =>
    hasIpv6 ? { base: ipv6.base + (BigInt(subnet + 1) << 64n), length: 64 } : undefined;
  const row = (use: SubnetUse, first: number, block: Ipv4Block, length: number, skip = 0) =>
    zones.map((zone) => ({
      index: first + zone,
      use,
      zone,
      ipv4: { base: block.base + (skip + zone) * 2 ** (32 - length), length },
      ipv6: ipv6Of(first + zone),
    }));
  return {
    place,
    index,
    use: "ordinary",
    primary,
    ipv4: [{ block: primary, state: "associated" }, ...secondary],
    ipv6: hasIpv6
      ? [{ block: ipv6, state: "associated" }]
      : kind === 3
        ? [{ block: ipv6, state: "disassociated" }]
        : [],
    subnets: [
      ...row("private", 0, primary, 19),
      ...row("public", publicSubnet, primary, 19, zonesPerRegion),
      ...(hasIpv6
        ? [{ index: ipv6Subnet, use: "ipv6" as const, zone: 0, ipv4: undefined, ipv6: ipv6Of(ipv6Subnet) }]
        : []),
      ...(kind === 0 ? row("pods", podsSubnet, pods, 18) : []),
    ],
  };
}

/** A /56 of its own for every VPC of the estate: 2600:1f00::/24 and the number of the VPC. */
function ipv6BlockOf(plan: Plan, place: Place, index: number): Ipv6Block {
  const number = placeNumber(plan, place) * 256 + index + 256;
  return { base: (0x2600_1fn << 104n) | (BigInt(number) << 72n), length: 56 };
}
