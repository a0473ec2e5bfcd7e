import { lane, laneCount, laneSize, maxInstances, maxProjects, maxZoneInstances } from "./gcp/address-plan.ts";
import { globalAddresses, regionalAddresses, reservedPerRegion } from "./gcp/addresses.ts";
import { createGcpChanges, type InstanceRef, type InstanceToAdd } from "./gcp/changes.ts";
import type { EstateContext } from "./gcp/context.ts";
import { laneOf } from "./gcp/instances.ts";
import { createGcpLayout, type GcpFolder, type GcpProject } from "./gcp/layout.ts";
import { networksOf } from "./gcp/networks.ts";
import { type GcpRegion, gcpRegion } from "./gcp/regions.ts";
import { type SubnetSpec, subnetSpecs, subnetworkOf } from "./gcp/subnetworks.ts";
import type { SubnetUse } from "./gcp/utilization.ts";
import type { Address, ApiVersion, Instance, Network, Subnetwork } from "./gcp/wire.ts";
import { createRandom } from "./random.ts";

export interface GcpEstateOptions {
  readonly seed: string;
  /** How many projects. Default 5: a shared VPC host, two service projects, two of their own. */
  readonly projects?: number;
  /** How many instances in all, spread evenly over projects and zones. Default 200. */
  readonly instances?: number;
  /** Names of regions. Default us-central1, europe-west1 and asia-east1. */
  readonly regions?: readonly string[];
  /** How every project id begins. Default "acme". */
  readonly projectPrefix?: string;
}

/** A seeded synthetic Google Cloud organisation; everything is computed when asked for. */
export interface GcpEstate {
  /** organizations/NUMBER */
  readonly organization: string;
  readonly regions: readonly GcpRegion[];
  readonly folders: readonly GcpFolder[];
  readonly projects: readonly GcpProject[];
  /** By id or by number. */
  project(idOrNumber: string): GcpProject | undefined;
  networks(project: GcpProject, version: ApiVersion): readonly Network[];
  subnetworks(
    project: GcpProject,
    region: GcpRegion,
    options: { readonly version: ApiVersion; readonly withUtilization: boolean },
  ): readonly Subnetwork[];
  addresses(project: GcpProject, region: GcpRegion | "global", version: ApiVersion): readonly Address[];
  /** How many places a zone has; a place whose instance was removed is empty. */
  instancePlaces(project: GcpProject, zone: string): number;
  instanceAt(project: GcpProject, zone: string, place: number, version: ApiVersion): Instance | undefined;
  addInstance(instance: InstanceToAdd): void;
  removeInstance(ref: InstanceRef): void;
  relabelInstance(ref: InstanceRef, labels: Readonly<Record<string, string>>): void;
  /** Takes the external IPv4 of one instance to another and returns it. */
  moveExternalAddress(from: InstanceRef, to: InstanceRef): string;
}

/**
 * An estate of any size up to 4,000,000 instances (16,000 a zone) whose parts are functions of the seed. The changes are the only
 * state. Throws a RangeError that says what is allowed for a size or region that cannot be.
 */
export function createGcpEstate(options: GcpEstateOptions): GcpEstate {
  const regions = (options.regions ?? ["us-central1", "europe-west1", "asia-east1"]).map(gcpRegion);
  const zones = regions.flatMap((region) => region.zones);
  const projectCount = within("projects", options.projects ?? 5, 1, maxProjects);
  const instanceCount = within(
    "instances",
    options.instances ?? 200,
    0,
    Math.min(maxInstances, projectCount * zones.length * maxZoneInstances),
  );
  const random = createRandom(options.seed);
  const layout = createGcpLayout({ random, projects: projectCount, projectPrefix: options.projectPrefix ?? "acme" });
  const cells = projectCount * zones.length;
  const cell = (project: GcpProject, zone: string) => project.index * zones.length + zones.indexOf(zone);
  const before = (index: number) => Math.floor((instanceCount * index) / cells);
  const context: EstateContext = {
    random,
    layout,
    regions,
    zoneInstances: (project, zone) => before(cell(project, zone) + 1) - before(cell(project, zone)),
    zoneOrdinal: (project, zone) => before(cell(project, zone)),
  };
  const changes = createGcpChanges(context);
  const byName = new Map(
    layout.projects.flatMap((project) => [
      [project.projectId, project],
      [project.number, project],
    ]),
  );

  /** How many addresses of a subnet are taken, changes included. */
  function useOf(spec: SubnetSpec): SubnetUse {
    const { user, region } = spec;
    const removed = changes.removed(user, region);
    const inZones = (laneIndex: number, slots = Number.POSITIVE_INFINITY) =>
      region.zones.reduce(
        (sum, zone) => sum + Math.min(slots, laneSize(context.zoneInstances(user, zone), laneIndex)),
        0,
      ) - removed.filter((index) => index % laneCount === laneIndex && index < slots * laneCount).length;
    const all = Array.from({ length: laneCount }, (_, index) => index);
    const isMain = spec.lanes === "rest";
    const lanes = spec.lanes === "rest" ? all.filter((index) => laneOf(user, index) === "rest") : spec.lanes;
    const interfaces = lanes.reduce((sum, laneIndex) => sum + inZones(laneIndex), 0);
    return {
      primary: interfaces + (isMain ? reservedPerRegion.ipv4 + changes.addedIn(user, region) : 0),
      secondary: Object.fromEntries(
        spec.secondary.map((range) => [range.name, inZones(range.lane, range.slots) * range.perInstance]),
      ),
      ipv6: interfaces + (!isMain && lanes.includes(lane.dualStackExternal) ? reservedPerRegion.ipv6 : 0),
    };
  }

  return {
    organization: layout.organization,
    regions,
    folders: layout.folders,
    projects: layout.projects,
    project: (idOrNumber) => byName.get(idOrNumber),
    networks: (project, version) => networksOf(context, project, version),
    subnetworks: (project, region, { version, withUtilization }) =>
      subnetSpecs(context, project, region).map((spec) =>
        subnetworkOf(context, project, spec, { version, ...(withUtilization ? { use: useOf(spec) } : {}) }),
      ),
    addresses: (project, region, version) =>
      region === "global"
        ? globalAddresses(context, project, version)
        : regionalAddresses(context, project, region, { version, userOf: changes.userOf }),
    instancePlaces: (project, zone) => changes.places(project, zone),
    instanceAt: (project, zone, place, version) => {
      const region = regions.find((each) => each.zones.includes(zone));
      return region && changes.instanceAt({ project, region, zone, index: place }, version);
    },
    addInstance: changes.add,
    removeInstance: changes.remove,
    relabelInstance: changes.relabel,
    moveExternalAddress: changes.moveExternalAddress,
  };
}

function within(name: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
  return value;
}
