import { publicSubnet, slotSize } from "./layout.ts";
import { series, subnetOf, type VpcAt } from "./machines.ts";
import { accountOf, type Place, type Plan } from "./plan.ts";
import { balancerPublicAddress, elasticPublicAddress, natElasticNumber } from "./public-addresses.ts";
import type { InterfaceSpec } from "./specs.ts";
import { named } from "./tags.ts";

/** Interfaces that AWS services keep in every ordinary VPC, and one that belongs to nothing. */
const kinds = ["nat", "balancer", "balancer", "network-balancer", "lambda", "lambda", "endpoint", "idle"] as const;
export const managedPerVpc = kinds.length;
const made = new Date(Date.UTC(2024, 5, 3, 8, 30));

export function managedInterfaceAt(plan: Plan, vpcAt: VpcAt, place: Place, index: number): InterfaceSpec {
  const vpc = vpcAt(place, 1 + Math.floor(index / managedPerVpc));
  const which = index % managedPerVpc;
  const kind = kinds[which] ?? "idle";
  const open = kind === "nat" || kind === "balancer" || kind === "network-balancer";
  const subnet = subnetOf(vpc, open ? publicSubnet + (which % 3) : which % 3);
  const { base, length } = subnet.ipv4 ?? { base: 0, length: 32 };
  // Public subnets have room in their upper half; in private ones the end of the first slot is free.
  const address = open ? base + 2 ** (31 - length) + slotSize * (1 + which) : base + slotSize - 4 + (which % 4);
  const token = plan.random.hex(16, kind, place.account, place.region, vpc.index);
  const common = {
    id: plan.ids.encode("eni", { ...place, series: series.managed, index }),
    place,
    at: { vpc, subnet },
    device: 1,
    ipv4: [address],
    public: [],
    ipv4Prefixes: [],
    ipv6: [],
    ipv6Prefixes: [],
    tags: [],
    instance: undefined,
    attachedAt: made,
  };
  const owner = accountOf(plan, place.account).id;
  switch (kind) {
    case "nat":
      return {
        ...common,
        description: `Interface for NAT Gateway nat-0${token}`,
        type: "natGateway",
        requester: { id: `AROA${token.toUpperCase()}:NatGateway`, attachmentOwner: "amazon-aws" },
        public: [
          { ...elasticPublicAddress(plan, place, natElasticNumber(plan, vpc.index)), privateAddress: address, owner },
        ],
      };
    case "balancer":
      return {
        ...common,
        description: `ELB app/web-${vpc.index}/${token}`,
        type: "interface",
        requester: { id: "amazon-elb", attachmentOwner: "amazon-elb" },
        public: [
          {
            address: balancerPublicAddress(plan, place, vpc.index * 2 - which),
            privateAddress: address,
            owner: "amazon-elb",
          },
        ],
      };
    case "network-balancer":
      return {
        ...common,
        description: `ELB net/edge-${vpc.index}/${token}`,
        type: "network_load_balancer",
        requester: { id: "amazon-elb", attachmentOwner: "amazon-aws" },
      };
    case "lambda":
      return {
        ...common,
        description: `AWS Lambda VPC ENI-orders-${vpc.index}-${token}`,
        type: "lambda",
        requester: { id: `AROA${token.toUpperCase()}:orders`, attachmentOwner: "amazon-aws" },
      };
    case "endpoint":
      return {
        ...common,
        description: `VPC Endpoint Interface vpce-0${token}`,
        type: "vpc_endpoint",
        requester: { id: "727180483921", attachmentOwner: "amazon-aws" },
      };
    case "idle":
      return { ...common, description: "left over", type: "interface", requester: undefined, tags: named("left-over") };
  }
}
