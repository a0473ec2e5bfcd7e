import type { _InstanceType } from "@aws-sdk/client-ec2";
import {
  ipv6Subnet,
  podsSubnet,
  publicSubnet,
  type SubnetPlan,
  sharedVpcIndex,
  slotSize,
  type VpcPlan,
} from "./layout.ts";
import { accountOf, type Place, type Plan } from "./plan.ts";
import { autoPublicAddress, elasticNumberOf, elasticPublicAddress } from "./public-addresses.ts";
import type { InstanceSpec, InstanceState, InterfaceSpec, PublicAddress, SubnetRef } from "./specs.ts";
import { machineTags } from "./tags.ts";

export type VpcAt = (place: Place, index: number) => VpcPlan;

/** Series of ids, so that computed and added resources of one kind never meet. */
export const series = { computed: 0, added: 1, addedInterface: 32, managed: 64 } as const;

const types: readonly _InstanceType[] = [
  "t3.micro",
  "t3.medium",
  "m5.large",
  "m6i.xlarge",
  "c5.2xlarge",
  "r5.large",
  "t4g.small",
  "m7g.large",
  "c7g.xlarge",
  "i4i.large",
];

const noon = Date.UTC(2026, 0, 1, 12);

interface Home extends SubnetRef {
  readonly slot: number;
}

/** Computes the machine with this number (from 0, below plan.instances) of an account and region. */
export function machineAt(plan: Plan, vpcAt: VpcAt, place: Place, number: number): InstanceSpec {
  const bytes = Buffer.from(plan.random.hex(64, "instance", place.account, place.region, number), "hex");
  const home = homeOf(plan, vpcAt, place, number);
  const state = stateFrom(bytes.readUInt8(0));
  const id = plan.ids.encode("i", { ...place, series: series.computed, index: number });
  const type = types[bytes.readUInt8(1) % types.length] as _InstanceType;
  const launchedAt = new Date(noon - (bytes.readUIntBE(2, 4) % (3 * 365 * 86_400)) * 1_000);
  const spec = {
    id,
    place,
    at: home,
    state,
    type,
    image: `ami-0${plan.random.hex(16, "image", place.region, bytes.readUInt8(6) % 8)}`,
    windows: bytes.readUInt8(7) < 30,
    arm: /^[a-z]\dg\./.test(type),
    spot: bytes.readUInt8(8) < 20,
    keyName: bytes.readUInt8(9) < 128 ? `key-${bytes.readUInt8(9) % 4}` : undefined,
    launchedAt,
    tags: machineTags(bytes.subarray(10, 18), number),
  };
  if (state === "terminated") return { ...spec, interfaces: [] };
  return { ...spec, interfaces: interfacesOf(plan, spec, home, number, bytes) };
}

function stateFrom(byte: number): InstanceState {
  if (byte < 218) return "running";
  if (byte < 243) return "stopped";
  if (byte < 246) return "stopping";
  if (byte < 249) return "pending";
  return byte < 251 ? "shutting-down" : "terminated";
}

/** Where a machine lives: a participant's first ones in the shared subnets, one in 64 in the default VPC, the rest in turn. */
function homeOf(plan: Plan, vpcAt: VpcAt, place: Place, number: number): Home {
  const sharing = plan.sharing;
  const participant = sharing === undefined ? -1 : sharing.participants.indexOf(place.account);
  if (sharing !== undefined && participant >= 0 && number < sharing.instancesEach) {
    const vpc = vpcAt({ account: sharing.owner, region: place.region }, sharedVpcIndex(plan));
    const rank = participant * sharing.instancesEach + number;
    return { vpc, subnet: subnetOf(vpc, rank % 3), slot: 1 + Math.floor(rank / 3) };
  }
  const defaultRank = Math.floor(number / 64);
  if (number % 64 === 63 && defaultRank < 3 * 500) {
    const vpc = vpcAt(place, 0);
    return { vpc, subnet: subnetOf(vpc, defaultRank % 3), slot: 1 + Math.floor(defaultRank / 3) };
  }
  const vpc = vpcAt(place, 1 + (number % plan.vpcs));
  const rank = Math.floor(number / plan.vpcs);
  if (rank % 40 === 17 && vpc.subnets.some((subnet) => subnet.index === ipv6Subnet))
    return { vpc, subnet: subnetOf(vpc, ipv6Subnet), slot: rank };
  const turn = rank % 8;
  const round = Math.floor(rank / 8);
  if (turn >= 6) return { vpc, subnet: subnetOf(vpc, publicSubnet + turn - 6), slot: 1 + round };
  return { vpc, subnet: subnetOf(vpc, turn % 3), slot: 1 + round * 2 + (turn >= 3 ? 1 : 0) };
}

export function subnetOf(vpc: VpcPlan, index: number): SubnetPlan {
  const subnet = vpc.subnets.find((candidate) => candidate.index === index);
  if (subnet === undefined) throw new RangeError(`VPC ${vpc.index} has no subnet ${index}`);
  return subnet;
}

function interfacesOf(
  plan: Plan,
  machine: Omit<InstanceSpec, "interfaces">,
  home: Home,
  number: number,
  bytes: Buffer,
): readonly InterfaceSpec[] {
  const count = bytes.readUInt8(18) < 205 ? 1 : bytes.readUInt8(18) < 243 ? 2 : 3;
  return Array.from({ length: count }, (_, device) => interfaceOf(plan, machine, home, number, bytes, device));
}

function interfaceOf(
  plan: Plan,
  machine: Omit<InstanceSpec, "interfaces">,
  home: Home,
  number: number,
  bytes: Buffer,
  device: number,
): InterfaceSpec {
  const pods = device > 0 && home.subnet.use === "private" ? podsOf(home) : undefined;
  const subnet = pods ?? home.subnet;
  const extra = bytes.readUInt8(19 + device);
  // Within a slot: the first interface has addresses 0–3, the second 4 and 5, the third 6 and 7.
  const first = device === 0 ? 0 : 2 + 2 * device;
  const addresses = subnet.ipv4 === undefined ? 0 : 1 + (extra < 210 ? 0 : device > 0 ? 1 : 1 + (extra % 3));
  const base = (subnet.ipv4?.base ?? 0) + home.slot * slotSize + first;
  const ipv4 = Array.from({ length: addresses }, (_, index) => base + index);
  return {
    id: plan.ids.encode("eni", { ...machine.place, series: device, index: number }),
    place: machine.place,
    at: { vpc: home.vpc, subnet },
    device,
    ipv4,
    public: device === 0 ? publicOf(plan, machine, home, number, ipv4) : [],
    ipv4Prefixes: device === 0 ? ipv4PrefixesOf(plan, home, number) : [],
    ipv6: ipv6Of(subnet, home.slot, device, bytes),
    ipv6Prefixes: ipv6PrefixesOf(subnet, home.slot, device, bytes),
    description: device === 0 ? "" : `Secondary interface ${device}`,
    type: "interface",
    tags: extra < 40 ? [{ Key: "Name", Value: `eth${device}` }] : [],
    instance: machine.id,
    requester: undefined,
    attachedAt: machine.launchedAt,
  };
}

function podsOf(home: Home): SubnetPlan | undefined {
  return home.vpc.subnets.find((subnet) => subnet.index === podsSubnet + home.subnet.index);
}

/** One machine in 16 of an ordinary VPC has two /28 in the upper half of its private subnet, as container hosts do. */
function ipv4PrefixesOf(plan: Plan, home: Home, number: number): readonly number[] {
  const rank = Math.floor(number / plan.vpcs);
  if (home.subnet.use !== "private" || rank % 16 !== 9 || home.subnet.ipv4 === undefined) return [];
  const upper = home.subnet.ipv4.base + 2 ** (31 - home.subnet.ipv4.length);
  return [0, 1].map((which) => upper + (Math.floor(rank / 16) * 2 + which) * 16);
}

/** The interface identifier's last group is the slot and a counter, so that no two are equal; the rest is random. */
function ipv6Of(subnet: SubnetPlan, slot: number, device: number, bytes: Buffer): readonly bigint[] {
  if (subnet.ipv6 === undefined) return [];
  const random = BigInt(bytes.readUIntBE(22, 6)) & 0x7fff_ffff_ffffn;
  const count = bytes.readUInt8(28) < 230 ? 1 : 2;
  const { base } = subnet.ipv6;
  return Array.from({ length: count }, (_, index) => base + (random << 16n) + BigInt(slot * 8 + device * 2 + index));
}

/** A /80 that starts where no address does: the first group of its interface identifier has the highest bit set. */
function ipv6PrefixesOf(subnet: SubnetPlan, slot: number, device: number, bytes: Buffer): readonly bigint[] {
  if (subnet.ipv6 === undefined || device > 0 || bytes.readUInt8(29) >= 20) return [];
  return [subnet.ipv6.base + (BigInt(0x8000 | slot) << 48n)];
}

function publicOf(
  plan: Plan,
  machine: Omit<InstanceSpec, "interfaces">,
  home: Home,
  number: number,
  ipv4: readonly number[],
): readonly PublicAddress[] {
  const privateAddress = ipv4[0];
  if (privateAddress === undefined) return [];
  const elastic = elasticNumberOf(plan, number);
  if (elastic !== undefined)
    return [
      {
        ...elasticPublicAddress(plan, machine.place, elastic),
        privateAddress,
        owner: accountOf(plan, machine.place.account).id,
      },
    ];
  const open = home.subnet.use === "public" || home.subnet.use === "default";
  if (!open || (machine.state !== "running" && machine.state !== "pending")) return [];
  return [{ address: autoPublicAddress(plan, machine.place, number), privateAddress, owner: "amazon" }];
}
