import { createLayout, ownsSharedVpc, sharedVpcIndex, vpcCount } from "./layout.ts";
import { machineAt, series, type VpcAt } from "./machines.ts";
import { managedInterfaceAt, managedPerVpc } from "./managed-interfaces.ts";
import { changedInstance, changedInterface, type Overrides } from "./overrides.ts";
import type { Place, Plan } from "./plan.ts";
import { machineElastics, machineOfElastic } from "./public-addresses.ts";
import { concat, fromArray, items, type Sequence, sequenceOf } from "./sequence.ts";
import type { InstanceSpec, InterfaceSpec, SubnetRef } from "./specs.ts";

/** Most interfaces that a machine has. */
const mostInterfaces = 3;

/** Machines and interfaces of an estate after its changes, and how full its subnets are. */
export interface Inventory {
  readonly vpcAt: VpcAt;
  /** Undefined when it does not exist or was removed. */
  instance(id: string): InstanceSpec | undefined;
  /** Computed machines, position by position; removed ones are gaps. */
  machines(place: Place): Sequence<InstanceSpec>;
  added(place: Place): Sequence<InstanceSpec>;
  /** All interfaces that the account sees: its own, and in the owner of shared subnets those of the participants there. */
  interfaces(place: Place): Sequence<InterfaceSpec>;
  /** The interface that an Elastic IP, by its number in the place, is on. */
  holderOfElastic(place: Place, number: number, allocationId: string): InterfaceSpec | undefined;
  /** How many IPv4 addresses of a subnet are in use, delegated prefixes included. */
  used(at: SubnetRef): number;
}

export function placeKey(place: Place): string {
  return `${place.account}/${place.region}`;
}

export function createInventory(plan: Plan, overrides: Overrides): Inventory {
  const vpcAt = createLayout(plan);
  const usage = new Map<string, { readonly version: number; readonly counts: ReadonlyMap<number, number> }>();

  const machine = (place: Place, number: number) =>
    number < plan.instances ? changedInstance(overrides, machineAt(plan, vpcAt, place, number)) : undefined;
  const added = (place: Place) =>
    sequenceOf(overrides.added.get(placeKey(place))?.length ?? 0, (index) => {
      const spec = overrides.added.get(placeKey(place))?.[index];
      return spec === undefined ? undefined : changedInstance(overrides, spec);
    });
  const machines = (place: Place) => sequenceOf(plan.instances, (number) => machine(place, number));

  const ownInterfaces = (place: Place): Sequence<InterfaceSpec> =>
    concat(
      interfacesOfAll(machines(place)),
      interfacesOfAll(added(place)),
      sequenceOf(plan.vpcs * managedPerVpc, (index) =>
        changedInterface(overrides, managedInterfaceAt(plan, vpcAt, place, index)),
      ),
    );

  // The owner of shared subnets is shown the interfaces that participants have in them.
  const foreignInterfaces = (place: Place): Sequence<InterfaceSpec> => {
    const sharing = plan.sharing;
    if (sharing === undefined || !ownsSharedVpc(plan, place.account)) return fromArray([]);
    return concat(
      ...sharing.participants.map((account) => {
        const there = { account, region: place.region };
        const first = sequenceOf(sharing.instancesEach, (number) => machine(there, number));
        return onlyIn(place.account, concat(interfacesOfAll(first), interfacesOfAll(added(there))));
      }),
    );
  };

  const interfaces = (place: Place) => concat(ownInterfaces(place), foreignInterfaces(place));

  const usageOf = (place: Place): ReadonlyMap<number, number> => {
    const known = usage.get(placeKey(place));
    if (known?.version === overrides.version) return known.counts;
    const counts = new Map<number, number>();
    for (const { at, ipv4, ipv4Prefixes } of items(interfaces(place))) {
      if (at.vpc.place.account !== place.account) continue;
      const key = subnetKey(at);
      counts.set(key, (counts.get(key) ?? 0) + ipv4.length + 16 * ipv4Prefixes.length);
    }
    usage.set(placeKey(place), { version: overrides.version, counts });
    return counts;
  };

  const instance = (id: string) => {
    const position = plan.ids.decode("i", id);
    if (position === undefined || !exists(plan, position)) return undefined;
    if (position.series === series.computed) return machine(position, position.index);
    return position.series === series.added ? added(position).at(position.index) : undefined;
  };

  const holderOfElastic = (place: Place, number: number, allocationId: string) => {
    if (overrides.elastics.has(allocationId)) {
      const moved = overrides.elastics.get(allocationId);
      return moved === undefined ? undefined : instance(moved.instance)?.interfaces[0];
    }
    const holder = machineOfElastic(plan, number);
    if (holder !== undefined) return machine(place, holder)?.interfaces[0];
    const gateway = number - machineElastics(plan);
    if (gateway >= plan.vpcs) return undefined;
    return changedInterface(overrides, managedInterfaceAt(plan, vpcAt, place, gateway * managedPerVpc));
  };

  return {
    vpcAt,
    instance,
    holderOfElastic,
    machines,
    added,
    interfaces,
    used: (at) => usageOf(at.vpc.place).get(subnetKey(at)) ?? 0,
  };
}

export function exists(plan: Plan, place: Place): boolean {
  return place.region < plan.regions.length && plan.accounts[place.account]?.state === "ACTIVE";
}

/** A number for a subnet within its place. */
export function subnetKey({ vpc, subnet }: SubnetRef): number {
  return vpc.index * 16 + subnet.index;
}

/** The VPCs that an account sees in a region: its own, and the shared one where it takes part. */
export function vpcPlans(plan: Plan, vpcAt: VpcAt, place: Place) {
  const own = sequenceOf(vpcCount(plan, place.account), (index) => vpcAt(place, index));
  const sharing = plan.sharing;
  if (sharing === undefined || !sharing.participants.includes(place.account)) return own;
  const owner = { account: sharing.owner, region: place.region };
  return concat(
    own,
    sequenceOf(1, () => vpcAt(owner, sharedVpcIndex(plan))),
  );
}

function interfacesOfAll(instances: Sequence<InstanceSpec>): Sequence<InterfaceSpec> {
  let last: { readonly number: number; readonly spec: InstanceSpec | undefined } | undefined;
  return sequenceOf(instances.length * mostInterfaces, (index) => {
    const number = Math.floor(index / mostInterfaces);
    if (last?.number !== number) last = { number, spec: instances.at(number) };
    return last.spec?.interfaces[index % mostInterfaces];
  });
}

function onlyIn(account: number, sequence: Sequence<InterfaceSpec>): Sequence<InterfaceSpec> {
  return sequenceOf(sequence.length, (index) => {
    const found = sequence.at(index);
    return found?.at.vpc.place.account === account ? found : undefined;
  });
}
