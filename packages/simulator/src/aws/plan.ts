import { createRandom, type Random } from "../random.ts";
import { createIds, type Ids } from "./ids.ts";
import { partitionOf, regionFacts } from "./regions.ts";

export type AccountState = "ACTIVE" | "SUSPENDED" | "PENDING_CLOSURE" | "CLOSED" | "PENDING_ACTIVATION";

export interface AwsAccount {
  /** Twelve digits. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly state: AccountState;
  /** True for the one account that the organisation belongs to. */
  readonly management: boolean;
  readonly joinedAt: Date;
}

export interface AwsEstateOptions {
  /** Equal seeds and options give equal estates. */
  readonly seed: string;
  /** Active accounts, the management account included; 1 to 5,000. Default 3. */
  readonly accounts?: number;
  /** Member accounts that are suspended. Default 1, and 0 when there is only one account. */
  readonly suspendedAccounts?: number;
  /** Regions that every account has enabled. Default eu-west-1 and us-east-1. */
  readonly regions?: readonly string[];
  /** Instances in each active account and region, 0 to 500,000. Default 25. */
  readonly instancesPerAccountRegion?: number;
  /** VPCs beside the default one, at least; more when the instances need the room. 0 to 250. Default 3. */
  readonly vpcsPerAccountRegion?: number;
  /** Whether the second account shares three subnets of one VPC in each region with all later accounts. Default true. */
  readonly sharedSubnets?: boolean;
  /** The role that every active account lets the organisation assume. Default CadastreReader. */
  readonly roleName?: string;
  /** What AssumeRole must send as external id. Default cadastre-simulator. */
  readonly externalId?: string;
  /** For the expiry of sessions. */
  readonly now?: () => Date;
}

/** The numbers and names that everything else of the estate is computed from. Holds nothing per resource. */
export interface Plan {
  readonly random: Random;
  readonly ids: Ids;
  readonly accounts: readonly AwsAccount[];
  readonly regions: readonly string[];
  readonly instances: number;
  /** VPCs beside the default one in each account and region. */
  readonly vpcs: number;
  readonly sharing: Sharing | undefined;
}

/** Subnets of one account that others use: the owner's index and who takes part, in order. */
export interface Sharing {
  readonly owner: number;
  readonly participants: readonly number[];
  /** How many instances each participant has in the shared subnets, per region: its first ones. */
  readonly instancesEach: number;
}

/** An account (by index in the plan) in a region (by index in the plan). */
export interface Place {
  readonly account: number;
  readonly region: number;
}

/** Instances that fit into one VPC: see layout.ts. */
const instancesPerVpc = 2_000;
const sharedSlots = 3 * 2_000;

/** Checks the options and works out the plan. Throws RangeError naming the option that is out of its limits. */
export function planEstate(options: AwsEstateOptions): Plan {
  const random = createRandom(`aws ${options.seed}`);
  const active = inRange("accounts", options.accounts ?? 3, 1, 5_000);
  const suspended = inRange("suspendedAccounts", options.suspendedAccounts ?? (active > 1 ? 1 : 0), 0, 5_000);
  const instances = inRange("instancesPerAccountRegion", options.instancesPerAccountRegion ?? 25, 0, 500_000);
  const wantedVpcs = inRange("vpcsPerAccountRegion", options.vpcsPerAccountRegion ?? 3, 0, 250);
  const accounts = Array.from({ length: active + suspended }, (_, index) => accountAt(random, index, active));
  return {
    random,
    ids: createIds(random),
    accounts,
    regions: checkedRegions(options.regions ?? ["eu-west-1", "us-east-1"]),
    instances,
    vpcs: Math.max(wantedVpcs, Math.ceil(instances / instancesPerVpc)),
    sharing: options.sharedSubnets === false ? undefined : sharingAmong(active, instances),
  };
}

function sharingAmong(active: number, instances: number): Sharing | undefined {
  if (active < 3) return undefined;
  const participants = Array.from({ length: active - 2 }, (_, index) => index + 2);
  return {
    owner: 1,
    participants,
    instancesEach: Math.min(3, instances, Math.floor(sharedSlots / participants.length)),
  };
}

const purposes = [
  "payments",
  "identity",
  "données",
  "search",
  "platform",
  "データ",
  "sandbox",
  "R&D",
  "billing",
  "edge",
];

function accountAt(random: Random, index: number, active: number): AwsAccount {
  const purpose = random.pick(purposes, "account purpose", index);
  const name = index === 0 ? "management" : index === 1 ? "network" : `${purpose}-${index}`;
  return {
    // The index stands in the number itself, so that no two accounts can have the same one.
    id: `${1 + random.int(9, "account first", index)}${random
      .int(10 ** 7, "account", index)
      .toString()
      .padStart(7, "0")}${index.toString().padStart(4, "0")}`,
    name,
    email: `aws+${index}@example.com`,
    state: index < active ? "ACTIVE" : "SUSPENDED",
    management: index === 0,
    joinedAt: new Date(Date.UTC(2019, 0, 1 + random.int(1_500, "joined", index))),
  };
}

function checkedRegions(regions: readonly string[]): readonly string[] {
  if (regions.length === 0) throw new RangeError("regions must name at least one region");
  for (const region of regions)
    if (regionFacts(region) === undefined)
      throw new RangeError(`regions: ${region} is no AWS region that is known here`);
  if (new Set(regions).size !== regions.length) throw new RangeError("regions must not name a region twice");
  return [...regions];
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
  return value;
}

/** The number of a place among all places, for values that must differ everywhere. */
export function placeNumber(plan: Plan, place: Place): number {
  return place.account * plan.regions.length + place.region;
}

export function accountOf(plan: Plan, index: number): AwsAccount {
  const account = plan.accounts[index];
  if (account === undefined) throw new RangeError(`there is no account ${index}`);
  return account;
}

export function regionOf(plan: Plan, index: number): string {
  const region = plan.regions[index];
  if (region === undefined) throw new RangeError(`there is no region ${index}`);
  return region;
}

/** An ARN in the partition of its region; global services leave the region out of the text. */
export function arn(region: string, service: string, account: string, resource: string, global = false): string {
  return `arn:${partitionOf(region)}:${service}:${global ? "" : region}:${account}:${resource}`;
}
