import type { Block } from "@cadastre/contract/kinds/kind";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ComputeIpv6Utilization, ComputeUint128, ComputeUtilization } from "../compute.ts";

type Volatile = NonNullable<ResourceInput<"subnet">["volatile"]>;
type Figures = NonNullable<Volatile["utilisation"]>[number];
type Count = { toString(): string } | null | undefined;

/**
 * The figures of the view WITH_UTILIZATION, for each range that the subnet has; undefined when they were not sent, as for some
 * purposes. The primary range has no name. IPv6 counts are beyond 2^53 and so nearest, not exact.
 */
export function toUtilisation(
  details: ComputeUtilization | null | undefined,
  blocks: readonly Block[],
): Volatile | undefined {
  if (!details) return undefined;
  const ipv4 = (details.ipv4Utilizations ?? []).flatMap(({ rangeName, totalAllocatedIp, totalFreeIp }): Figures[] => {
    const role = rangeName ? "secondary" : "primary";
    const block = blocks.find((each) => each.role === role && (!rangeName || each.rangeName === rangeName));
    // The figures are gathered apart from the subnet and may still name a range that it no longer has.
    return block ? [figures(block, toCount(totalAllocatedIp), toCount(totalFreeIp))] : [];
  });
  const utilisation = [...ipv4, ...ipv6Figures(details, blocks)];
  if (utilisation.length === 0) return undefined;
  const primary = ipv4.find((each) => each.rangeName === undefined);
  return { ...(primary ? { availableAddressCount: primary.freeCount } : {}), utilisation };
}

/** A subnet's external prefix is shared out between instances and load balancers, each with figures of its own. */
function ipv6Figures(details: ComputeUtilization, blocks: readonly Block[]): Figures[] {
  const block = blocks.find((each) => each.role === "ipv6");
  const sent = [
    details.internalIpv6Utilization,
    details.externalIpv6InstanceUtilization,
    details.externalIpv6LbUtilization,
  ].filter((each) => each !== null && each !== undefined);
  if (!block || sent.length === 0) return [];
  const sum = (member: keyof ComputeIpv6Utilization) =>
    sent.reduce((total, each) => total + toBigInt(each[member]), 0n);
  return [figures(block, Number(sum("totalAllocatedIp")), Number(sum("totalFreeIp")))];
}

function figures(block: Block, allocatedCount: number, freeCount: number): Figures {
  const { prefix, rangeName } = block;
  return {
    prefix,
    ...(rangeName ? { rangeName } : {}),
    totalCount: allocatedCount + freeCount,
    allocatedCount,
    freeCount,
  };
}

function toCount(count: Count): number {
  return Number(count?.toString() ?? 0);
}

function toBigInt(value: ComputeUint128 | null | undefined): bigint {
  const half = (part: Count) => BigInt(part?.toString() ?? 0);
  return (half(value?.high) << 64n) + half(value?.low);
}
