import type { Address, Instance, NetworkInterface, Region, Reservation, Subnet, Vpc } from "@aws-sdk/client-ec2";
import { type Inventory, vpcPlans } from "./inventory.ts";
import { toAddress, toInstance, toNetworkInterface } from "./machine-shapes.ts";
import { toSubnet, toVpc } from "./network-shapes.ts";
import type { Overrides } from "./overrides.ts";
import { accountOf, type Place, type Plan, regionOf } from "./plan.ts";
import { elasticCount, elasticPublicAddress, machineElastics } from "./public-addresses.ts";
import { ec2Endpoint, partitionOf, regionsOfPartition } from "./regions.ts";
import { concat, fromArray, mapped, type Sequence, sequenceOf } from "./sequence.ts";
import type { InstanceSpec } from "./specs.ts";
import { named } from "./tags.ts";

/** What EC2 shows to one account in one region, in the shapes of the API. Every element is computed when asked for. */
export interface AwsView {
  readonly vpcs: Sequence<Vpc>;
  readonly subnets: Sequence<Subnet>;
  readonly reservations: Sequence<Reservation>;
  readonly instances: Sequence<Instance>;
  readonly networkInterfaces: Sequence<NetworkInterface>;
  readonly addresses: Sequence<Address>;
  readonly regions: Sequence<Region>;
}

const subnetsPerVpc = 10;
/** Machines per reservation, in turn. */
const reservationSizes = [1, 1, 2, 1, 3, 1, 1, 2] as const;
const reservationTurn = reservationSizes.reduce<number>((sum, size) => sum + size, 0);

/** The view at a place. An account that is not active, or a region that is switched off, is the caller's business. */
export function viewOf(plan: Plan, inventory: Inventory, overrides: Overrides, place: Place): AwsView {
  const keep = <T>(id: string | undefined, item: T) =>
    id !== undefined && overrides.removed.has(id) ? undefined : item;
  const toReservation = (index: number, specs: readonly InstanceSpec[]): Reservation | undefined =>
    specs.length === 0
      ? undefined
      : {
          ReservationId: plan.ids.encode("r", { ...place, series: 0, index }),
          OwnerId: accountOf(plan, place.account).id,
          Groups: [],
          Instances: specs.map((spec) => toInstance(plan, spec)),
        };
  return {
    get vpcs() {
      return mapped(vpcPlans(plan, inventory.vpcAt, place), (vpc) => {
        const shape = toVpc(plan, place, vpc);
        const tags = changedTags(overrides, shape.VpcId);
        return keep(shape.VpcId, tags === undefined ? shape : toVpc(plan, place, vpc, tags));
      });
    },
    get subnets() {
      const vpcs = vpcPlans(plan, inventory.vpcAt, place);
      return sequenceOf(vpcs.length * subnetsPerVpc, (index) => {
        const vpc = vpcs.at(Math.floor(index / subnetsPerVpc));
        const subnet = vpc?.subnets.find((candidate) => candidate.index === index % subnetsPerVpc);
        if (vpc === undefined || subnet === undefined) return undefined;
        const used = inventory.used({ vpc, subnet });
        const shape = toSubnet(plan, place, { vpc, subnet }, used);
        const tags = changedTags(overrides, shape.SubnetId);
        return keep(shape.SubnetId, tags === undefined ? shape : toSubnet(plan, place, { vpc, subnet }, used, tags));
      });
    },
    get reservations() {
      const machines = inventory.machines(place);
      const added = inventory.added(place);
      const computed = reservationCount(machines.length);
      return concat(
        sequenceOf(computed, (index) => {
          const { first, size } = reservationAt(index);
          const specs = Array.from({ length: size }, (_, offset) => machines.at(first + offset));
          return toReservation(
            index,
            specs.filter((spec) => spec !== undefined),
          );
        }),
        sequenceOf(added.length, (index) => {
          const spec = added.at(index);
          return toReservation(computed + index, spec === undefined ? [] : [spec]);
        }),
      );
    },
    get instances() {
      return mapped(concat(inventory.machines(place), inventory.added(place)), (spec) => toInstance(plan, spec));
    },
    get networkInterfaces() {
      return mapped(inventory.interfaces(place), (spec) => toNetworkInterface(plan, place, spec));
    },
    get addresses() {
      return elasticsAt(plan, inventory, overrides, place);
    },
    get regions() {
      return regionsAt(plan, overrides, place);
    },
  };
}

function changedTags(overrides: Overrides, id: string | undefined) {
  return id === undefined ? undefined : overrides.tags.get(id);
}

function reservationCount(machines: number): number {
  let count = Math.floor(machines / reservationTurn) * reservationSizes.length;
  while (reservationAt(count).first < machines) count += 1;
  return count;
}

/** The machines of a reservation: a closed form, so that any page can start anywhere. */
function reservationAt(index: number): { readonly first: number; readonly size: number } {
  const within = index % reservationSizes.length;
  const before = reservationSizes.slice(0, within).reduce<number>((sum, size) => sum + size, 0);
  return {
    first: Math.floor(index / reservationSizes.length) * reservationTurn + before,
    size: reservationSizes[within] ?? 1,
  };
}

function elasticsAt(plan: Plan, inventory: Inventory, overrides: Overrides, place: Place): Sequence<Address> {
  return sequenceOf(elasticCount(plan), (number) => {
    const elastic = elasticPublicAddress(plan, place, number);
    if (overrides.removed.has(elastic.allocationId)) return undefined;
    const holder = inventory.holderOfElastic(place, number, elastic.allocationId);
    const use = number < machineElastics(plan) ? "host" : number < machineElastics(plan) + plan.vpcs ? "nat" : "spare";
    return toAddress(
      plan,
      place,
      elastic,
      holder,
      overrides.tags.get(elastic.allocationId) ?? named(`${use}-${number}`),
    );
  });
}

/** The estate's regions and, as not opted in, those that an account may still switch on. */
function regionsAt(plan: Plan, overrides: Overrides, place: Place): Sequence<Region> {
  const here = partitionOf(regionOf(plan, place.region));
  const known = regionsOfPartition(here).filter(({ name, optIn }) => optIn || plan.regions.includes(name));
  return mapped(fromArray(known), ({ name, optIn }) => {
    const enabled = isEnabled(plan, overrides, place.account, name);
    const status = enabled ? (optIn ? "opted-in" : "opt-in-not-required") : "not-opted-in";
    return { RegionName: name, Endpoint: ec2Endpoint(name), OptInStatus: status };
  });
}

/** Whether requests to a region are answered for the account: regions of the plan, unless switched off for it. */
export function isEnabled(plan: Plan, overrides: Overrides, account: number, region: string): boolean {
  return plan.regions.includes(region) && !overrides.optedOut.has(`${accountOf(plan, account).id}/${region}`);
}
