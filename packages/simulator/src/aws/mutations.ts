import type { _InstanceType, Tag } from "@aws-sdk/client-ec2";
import { tryParseAddress } from "@cadastre/net/address";
import type { Position } from "./ids.ts";
import { exists, type Inventory, placeKey, subnetKey, vpcPlans } from "./inventory.ts";
import { formatIpv4, formatIpv4Block } from "./layout.ts";
import { series } from "./machines.ts";
import { blockSize, subnetId, vpcId } from "./network-shapes.ts";
import type { Overrides } from "./overrides.ts";
import type { Place, Plan } from "./plan.ts";
import { elasticCount } from "./public-addresses.ts";
import { items } from "./sequence.ts";
import type { InstanceSpec, InstanceState, SubnetRef } from "./specs.ts";

export interface NewInstance {
  readonly account: string;
  readonly region: string;
  /** Default: the first subnet with IPv4 that the account sees. */
  readonly subnetId?: string;
  /** Default: the highest address of the subnet that is free. */
  readonly privateIp?: string;
  readonly type?: _InstanceType;
  readonly image?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly state?: InstanceState;
  readonly launchedAt?: Date;
}

/** Changes to an estate. They throw RangeError, and change nothing, when they name what is not there or cannot be. */
export interface AwsMutations {
  /** Starts an instance with one interface and answers its id. */
  addInstance(instance: NewInstance): string;
  /** Takes a resource away as if it had never been: an instance (with its interfaces), VPC, subnet, interface or Elastic IP. */
  remove(id: string): void;
  /** Replaces all tags of an instance, VPC, subnet, interface or Elastic IP (by allocation id). */
  retag(id: string, tags: Readonly<Record<string, string>>): void;
  setState(instanceId: string, state: InstanceState): void;
  /** The instance stays in sight as terminated, without interfaces, as in the first hour after. */
  terminate(instanceId: string): void;
  /** Moves a secondary private address, or an Elastic IP, to the first interface of another instance. */
  moveIp(ip: string, to: { readonly from: string; readonly to: string }): void;
  /** Switches a region off, or on again, for one account. */
  setRegionEnabled(account: string, region: string, enabled: boolean): void;
}

export function createMutations(plan: Plan, inventory: Inventory, overrides: Overrides): AwsMutations {
  const changed = () => {
    overrides.version += 1;
  };
  const known = (id: string): InstanceSpec => {
    const spec = inventory.instance(id);
    if (spec === undefined) throw new RangeError(`there is no instance ${id}`);
    return spec;
  };
  const setState = (id: string, state: InstanceState) => {
    known(id);
    overrides.states.set(id, state);
    changed();
  };

  const movePrivate = (address: number, from: InstanceSpec, to: InstanceSpec) => {
    const source = from.interfaces[0];
    const target = to.interfaces[0];
    const ip = formatIpv4(address);
    if (target === undefined) throw new RangeError(`${to.id} has no interface`);
    if (source === undefined || !source.ipv4.slice(1).includes(address))
      throw new RangeError(`${ip} is no secondary address of the first interface of ${from.id}`);
    if (subnetId(plan, source.at) !== subnetId(plan, target.at))
      throw new RangeError(`${ip} can only move within its subnet; ${from.id} and ${to.id} are in different ones`);
    const without = (list: readonly number[] = []) => list.filter((other) => other !== address);
    overrides.gained.set(from.id, without(overrides.gained.get(from.id)));
    overrides.lost.set(from.id, [...without(overrides.lost.get(from.id)), address]);
    overrides.lost.set(to.id, without(overrides.lost.get(to.id)));
    const back = inventory.instance(to.id)?.interfaces[0]?.ipv4.includes(address) ?? false;
    if (!back) overrides.gained.set(to.id, [...without(overrides.gained.get(to.id)), address]);
    changed();
  };

  const moveElastic = (ip: string, from: InstanceSpec, to: InstanceSpec): boolean => {
    const held = from.interfaces[0]?.public.find((each) => each.address === ip);
    if (held === undefined) return false;
    const privateAddress = to.interfaces[0]?.ipv4[0];
    if (held.allocationId === undefined) throw new RangeError(`${ip} belongs to AWS and cannot move`);
    if (placeKey(from.place) !== placeKey(to.place))
      throw new RangeError(`${ip} can only move within its account and region`);
    if (privateAddress === undefined) throw new RangeError(`${to.id} has no private IPv4 address`);
    overrides.elastics.set(held.allocationId, { instance: to.id, address: { ...held, privateAddress } });
    changed();
    return true;
  };

  return {
    addInstance: (wanted) => addInstance(plan, inventory, overrides, wanted, changed),
    remove: (id) => {
      requireResource(plan, inventory, id);
      overrides.removed.add(id);
      changed();
    },
    retag: (id, tags) => {
      requireResource(plan, inventory, id);
      overrides.tags.set(id, toTags(tags));
      changed();
    },
    setState,
    terminate: (id) => setState(id, "terminated"),
    moveIp: (ip, { from, to }) => {
      const address = tryParseAddress(ip);
      if (address?.family !== 4) throw new RangeError(`${ip} is no IPv4 address`);
      const source = known(from);
      const target = known(to);
      if (!moveElastic(ip, source, target)) movePrivate(Number(address.value), source, target);
    },
    setRegionEnabled: (account, region, enabled) => {
      placeOf(plan, account, region);
      if (enabled) overrides.optedOut.delete(`${account}/${region}`);
      else overrides.optedOut.add(`${account}/${region}`);
      changed();
    },
  };
}

/** The place with these names. Throws RangeError when the account is not active or the region not part of the estate. */
export function placeOf(plan: Plan, account: string, region: string): Place {
  const index = plan.accounts.findIndex(({ id }) => id === account);
  if (plan.accounts[index]?.state !== "ACTIVE") throw new RangeError(`the estate has no active account ${account}`);
  if (!plan.regions.includes(region)) throw new RangeError(`the estate has no region ${region}`);
  return { account: index, region: plan.regions.indexOf(region) };
}

function requireResource(plan: Plan, inventory: Inventory, id: string): void {
  const prefix = id.slice(0, id.indexOf("-"));
  const position = plan.ids.decode(prefix, id);
  if (position === undefined || !exists(plan, position) || !isThere(plan, inventory, position, prefix, id))
    throw new RangeError(`there is no resource ${id}`);
}

function isThere(plan: Plan, inventory: Inventory, position: Position, prefix: string, id: string): boolean {
  const vpcs = () => [...items(vpcPlans(plan, inventory.vpcAt, position))];
  switch (prefix) {
    case "i":
      return inventory.instance(id) !== undefined;
    case "eni":
      return [...items(inventory.interfaces(position))].some((each) => each.id === id);
    case "vpc":
      return vpcs().some((vpc) => vpcId(plan, vpc) === id);
    case "subnet":
      return vpcs().some((vpc) => vpc.subnets.some((subnet) => subnetId(plan, { vpc, subnet }) === id));
    case "eipalloc":
      return position.index < elasticCount(plan);
    default:
      return false;
  }
}

function addInstance(
  plan: Plan,
  inventory: Inventory,
  overrides: Overrides,
  wanted: NewInstance,
  changed: () => void,
): string {
  const place = placeOf(plan, wanted.account, wanted.region);
  const at = subnetFor(plan, inventory, place, wanted.subnetId);
  const address = freeAddress(inventory, place, at, wanted.privateIp);
  const existing = overrides.added.get(placeKey(place)) ?? [];
  const id = plan.ids.encode("i", { ...place, series: series.added, index: existing.length });
  const launchedAt = wanted.launchedAt ?? new Date(Date.UTC(2026, 0, 2, 12));
  const spec: InstanceSpec = {
    id,
    place,
    at,
    state: wanted.state ?? "running",
    type: wanted.type ?? "t3.micro",
    image: wanted.image ?? `ami-0${plan.random.hex(16, "image", place.region, 0)}`,
    windows: false,
    arm: false,
    spot: false,
    keyName: undefined,
    launchedAt,
    tags: toTags(wanted.tags ?? {}),
    interfaces: [
      {
        id: plan.ids.encode("eni", { ...place, series: series.addedInterface, index: existing.length }),
        place,
        at,
        device: 0,
        ipv4: [address],
        public: [],
        ipv4Prefixes: [],
        ipv6: [],
        ipv6Prefixes: [],
        description: "",
        type: "interface",
        tags: [],
        instance: id,
        requester: undefined,
        attachedAt: launchedAt,
      },
    ],
  };
  overrides.added.set(placeKey(place), [...existing, spec]);
  changed();
  return id;
}

function subnetFor(plan: Plan, inventory: Inventory, place: Place, id: string | undefined): SubnetRef {
  const candidates = [...items(vpcPlans(plan, inventory.vpcAt, place))].flatMap((vpc) =>
    vpc.subnets.map((subnet) => ({ vpc, subnet })),
  );
  const found = candidates.find((at) => (id === undefined ? at.subnet.ipv4 !== undefined : subnetId(plan, at) === id));
  if (found === undefined) throw new RangeError(`the account has no subnet ${id ?? "with IPv4 addresses"}`);
  return found;
}

function freeAddress(inventory: Inventory, place: Place, at: SubnetRef, wanted: string | undefined): number {
  const block = at.subnet.ipv4;
  if (block === undefined) throw new RangeError("the subnet has no IPv4 block");
  const taken = new Set<number>();
  // The owner of the subnet sees every interface in it.
  const viewer = at.vpc.place.account === place.account ? place : at.vpc.place;
  for (const each of items(inventory.interfaces(viewer))) {
    // Pod subnets of several VPCs have the same numbers, so the subnet is compared and not the address alone.
    if (subnetKey(each.at) !== subnetKey(at) || placeKey(each.at.vpc.place) !== placeKey(at.vpc.place)) continue;
    for (const address of each.ipv4) taken.add(address);
    for (const prefix of each.ipv4Prefixes) for (let offset = 0; offset < 16; offset += 1) taken.add(prefix + offset);
  }
  const last = block.base + blockSize(block) - 2;
  if (wanted !== undefined) {
    const parsed = tryParseAddress(wanted);
    const value = parsed?.family === 4 ? Number(parsed.value) : Number.NaN;
    if (!(value >= block.base + 4 && value <= last))
      throw new RangeError(`${wanted} is no address for a machine in ${formatIpv4Block(block)}`);
    if (taken.has(value)) throw new RangeError(`${wanted} is in use`);
    return value;
  }
  for (let address = last; address >= block.base + 4; address -= 1) if (!taken.has(address)) return address;
  throw new RangeError(`${formatIpv4Block(block)} is full`);
}

function toTags(tags: Readonly<Record<string, string>>): readonly Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
