import type { Block } from "./address-plan.ts";
import type { Uint128, Utilization } from "./wire.ts";

/** How many addresses of a subnet are taken. */
export interface SubnetUse {
  /** Interfaces and reserved addresses in the primary range. */
  readonly primary: number;
  /** By name of the secondary range. */
  readonly secondary: Readonly<Record<string, number>>;
  /** Interfaces and reserved ranges with a /96 of the subnet's IPv6 prefix. */
  readonly ipv6: number;
}

/** Google keeps the first two and the last two addresses of a primary range (and none of a secondary one). */
const reservedPerPrimaryRange = 4;

/** The blocks of a subnet. */
interface SubnetBlocks {
  readonly ipv4?: Block;
  readonly ipv6?: { readonly access: "INTERNAL" | "EXTERNAL" };
  readonly secondary: readonly { readonly name: string; readonly block: Block }[];
}

/** What `views=WITH_UTILIZATION` adds to a subnet. */
export function utilizationOf(spec: SubnetBlocks, use: SubnetUse): Utilization {
  const { ipv4, ipv6 } = spec;
  const range = (size: number, taken: number) => ({
    totalAllocatedIp: String(taken),
    totalFreeIp: String(size - taken),
  });
  const v6 = {
    totalAllocatedIp: uint128(BigInt(use.ipv6) << 32n),
    totalFreeIp: uint128((1n << 64n) - (BigInt(use.ipv6) << 32n)),
  };
  return {
    ...(ipv4
      ? {
          ipv4Utilizations: [
            range(2 ** (32 - ipv4.length) - reservedPerPrimaryRange, use.primary),
            ...spec.secondary.map(({ name, block }) => ({
              rangeName: name,
              ...range(2 ** (32 - block.length), use.secondary[name] ?? 0),
            })),
          ],
        }
      : {}),
    ...(ipv6?.access === "INTERNAL" ? { internalIpv6Utilization: v6 } : {}),
    ...(ipv6?.access === "EXTERNAL" ? { externalIpv6InstanceUtilization: v6 } : {}),
  };
}

function uint128(value: bigint): Uint128 {
  return { high: String(value >> 64n), low: String(value & 0xffff_ffff_ffff_ffffn) };
}
