import { formatIpv4, octets } from "./layout.ts";
import { type Place, type Plan, placeNumber } from "./plan.ts";
import type { PublicAddress } from "./specs.ts";

/**
 * Public IPv4 addresses and Elastic IPs. An address follows from the number of its holder through a permutation of 2^26
 * numbers over four /8 blocks, so that neighbours look unrelated and no two holders share one.
 */
const machineBlocks = [3, 18, 52, 54] as const;
const elasticBlocks = [13, 34, 35, 44] as const;
const balancerBlocks = [15, 16, 63, 98] as const;
const size = 2 ** 26;

/** One machine in 32 has an Elastic IP. */
const every = 32;
const offset = 5;
/** Elastic IPs of a place that nothing uses. */
const idleElastics = 3;

/** How many Elastic IPs a place has for its machines (also for those that cannot hold one: theirs are idle). */
export function machineElastics(plan: Plan): number {
  return Math.max(0, Math.ceil((plan.instances - offset) / every));
}

/** All Elastic IPs of a place: those of machines, then one for the NAT gateway of each VPC, then idle ones. */
export function elasticCount(plan: Plan): number {
  return machineElastics(plan) + plan.vpcs + idleElastics;
}

/** The Elastic IP that a machine holds. */
export function elasticNumberOf(plan: Plan, machine: number): number | undefined {
  return machine < plan.instances && machine % every === offset ? (machine - offset) / every : undefined;
}

/** The machine that holds an Elastic IP, where it is one of machines. */
export function machineOfElastic(plan: Plan, elastic: number): number | undefined {
  return elastic < machineElastics(plan) ? elastic * every + offset : undefined;
}

export function natElasticNumber(plan: Plan, vpc: number): number {
  return machineElastics(plan) + vpc - 1;
}

/** An Elastic IP without what it is mapped to. */
export function elasticPublicAddress(
  plan: Plan,
  place: Place,
  elastic: number,
): Required<Pick<PublicAddress, "address" | "allocationId" | "associationId">> {
  const position = { ...place, series: 0, index: elastic };
  return {
    address: scattered(plan, "elastic", elasticBlocks, placeNumber(plan, place) * elasticCount(plan) + elastic),
    allocationId: plan.ids.encode("eipalloc", position),
    associationId: plan.ids.encode("eipassoc", position),
  };
}

/** The address that a machine in a public subnet gets when it starts. */
export function autoPublicAddress(plan: Plan, place: Place, machine: number): string {
  return scattered(plan, "automatic", machineBlocks, placeNumber(plan, place) * plan.instances + machine);
}

/** The addresses of load balancers lie in blocks of their own. */
export function balancerPublicAddress(plan: Plan, place: Place, number: number): string {
  return scattered(plan, "balancer", balancerBlocks, placeNumber(plan, place) * plan.vpcs * 2 + number);
}

function scattered(plan: Plan, purpose: string, blocks: readonly number[], number: number): string {
  const value = (Math.imul(number, 0x2c1b_3c6d) + plan.random.int(size, "public", purpose)) & (size - 1);
  return formatIpv4(octets(blocks[value >>> 24] ?? 0, 0) + (value & 0xff_ffff));
}
