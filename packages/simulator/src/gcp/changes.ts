import { blocks, formatIpv4, hosts, maxAddedPerRegion } from "./address-plan.ts";
import { type EstateContext, networkOwner, resourceId, unitOf } from "./context.ts";
import { buildInstance, type InstanceAt, instanceName, instanceOf, instancePath, natConfig } from "./instances.ts";
import type { GcpProject } from "./layout.ts";
import { mainSubnetName, networkPath, subnetworkPath } from "./network-names.ts";
import type { GcpRegion } from "./regions.ts";
import { type ApiVersion, computeLink, type Instance } from "./wire.ts";

export interface InstanceRef {
  readonly project: string;
  readonly zone: string;
  readonly name: string;
}

export interface InstanceToAdd extends InstanceRef {
  readonly labels?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly externalAddress?: string;
}

interface AddedInstance {
  readonly spec: InstanceToAdd;
  readonly host: number;
}

/** What differs from the generated estate: held by name, a few entries however large the estate is. */
export interface GcpChanges {
  /** The n-th instance of a zone with every change applied; undefined when it was removed or never was. */
  instanceAt(at: InstanceAt, version: ApiVersion): Instance | undefined;
  /** How many places a zone has: the generated instances and, behind them, the added ones. */
  places(project: GcpProject, zone: string): number;
  /** The places of the generated instances of a region that were removed. */
  removed(project: GcpProject, region: GcpRegion): readonly number[];
  addedIn(project: GcpProject, region: GcpRegion): number;
  /** Which instance (projects/P/zones/Z/instances/N) uses an external address that `generated` began with. */
  readonly userOf: (address: string, generated: string) => string | undefined;
  readonly add: (instance: InstanceToAdd) => void;
  readonly remove: (ref: InstanceRef) => void;
  readonly relabel: (ref: InstanceRef, labels: Readonly<Record<string, string>>) => void;
  readonly moveExternalAddress: (from: InstanceRef, to: InstanceRef) => string;
}

/** No change yet. Every change is refused with a RangeError that names the instance when it is not (or already) there. */
export function createGcpChanges(context: EstateContext): GcpChanges {
  const removed = new Map<string, InstanceAt>();
  const added = new Map<string, AddedInstance[]>();
  const addedPerRegion = new Map<string, number>();
  const labels = new Map<string, Readonly<Record<string, string>>>();
  const natIps = new Map<string, string | undefined>();
  const holders = new Map<string, string>();

  const zoneKey = (project: GcpProject, zone: string) => `${project.projectId}/${zone}`;
  const generated = (at: InstanceAt) => context.zoneInstances(at.project, at.zone);
  const addedTo = (project: GcpProject, zone: string) => added.get(zoneKey(project, zone)) ?? [];

  function nameAt(at: InstanceAt): string | undefined {
    const count = generated(at);
    if (at.index >= count) return addedTo(at.project, at.zone)[at.index - count]?.spec.name;
    return instanceName(context, at);
  }

  function instanceAt(at: InstanceAt, version: ApiVersion): Instance | undefined {
    const name = nameAt(at);
    const path = name && instancePath(at, name);
    if (!path || removed.has(path)) return undefined;
    const extra = addedTo(at.project, at.zone)[at.index - generated(at)];
    const instance = extra ? addedInstance(context, at, extra, version) : instanceOf(context, at, version);
    return withNatIp(
      withLabels(instance, labels.get(path)),
      natIps.has(path) ? { natIP: natIps.get(path) } : undefined,
    );
  }

  function locate(ref: InstanceRef): { readonly at: InstanceAt; readonly path: string } {
    const { project, region } = zoneOf(context, ref);
    const index = Number(ref.name.slice(ref.name.lastIndexOf("-") + 1));
    const start: InstanceAt = { project, region, zone: ref.zone, index: 0 };
    const extra = addedTo(project, ref.zone).findIndex(({ spec }) => spec.name === ref.name);
    const at = { ...start, index: extra >= 0 ? generated(start) + extra : index };
    const path = instancePath(at, ref.name);
    if (!Number.isSafeInteger(at.index) || at.index < 0 || nameAt(at) !== ref.name || removed.has(path))
      throw new RangeError(`there is no instance ${path}`);
    return { at, path };
  }

  return {
    instanceAt,
    places: (project, zone) => context.zoneInstances(project, zone) + addedTo(project, zone).length,
    removed: (project, region) =>
      [...removed.values()]
        .filter((at) => at.project === project && at.region === region && at.index < generated(at))
        .map(({ index }) => index),
    addedIn: (project, region) =>
      region.zones
        .flatMap((zone) => addedTo(project, zone))
        .filter(({ spec }) => !removed.has(instancePath({ project, zone: spec.zone }, spec.name))).length,
    userOf: (address, generatedPath) => {
      const path = holders.get(address) ?? generatedPath;
      return removed.has(path) ? undefined : path;
    },
    add: (spec) => {
      const { project, region } = zoneOf(context, spec);
      if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(spec.name))
        throw new RangeError(
          `${JSON.stringify(spec.name)} is not an instance name: 1 to 63 of a-z, 0-9 and -, a letter first`,
        );
      const count = context.zoneInstances(project, spec.zone);
      const list = addedTo(project, spec.zone);
      const index = Number(spec.name.slice(spec.name.lastIndexOf("-") + 1));
      const taken =
        list.some((each) => each.spec.name === spec.name) ||
        (index < count && instanceName(context, { project, region, zone: spec.zone, index }) === spec.name);
      if (taken)
        throw new RangeError(`the name ${instancePath({ project, zone: spec.zone }, spec.name)} was used already`);
      const regionKey = `${project.projectId}/${region.name}`;
      const ordinal = addedPerRegion.get(regionKey) ?? 0;
      if (ordinal >= maxAddedPerRegion)
        throw new RangeError(`at most ${maxAddedPerRegion} instances can be added to ${regionKey}`);
      addedPerRegion.set(regionKey, ordinal + 1);
      added.set(zoneKey(project, spec.zone), [...list, { spec, host: ordinal }]);
      if (spec.externalAddress)
        holders.set(spec.externalAddress, instancePath({ project, zone: spec.zone }, spec.name));
    },
    remove: (ref) => {
      const { at, path } = locate(ref);
      removed.set(path, at);
    },
    relabel: (ref, next) => {
      labels.set(locate(ref).path, next);
    },
    moveExternalAddress: (from, to) => {
      const source = locate(from);
      const target = locate(to);
      const address = instanceAt(source.at, "v1")?.networkInterfaces[0]?.accessConfigs?.[0]?.natIP;
      if (!address) throw new RangeError(`${source.path} has no external address`);
      if (!instanceAt(target.at, "v1")?.networkInterfaces[0]?.networkIP)
        throw new RangeError(`${target.path} has no IPv4 to translate to`);
      natIps.set(source.path, undefined);
      natIps.set(target.path, address);
      holders.set(address, target.path);
      return address;
    },
  };
}

function zoneOf(
  context: EstateContext,
  ref: InstanceRef,
): { readonly project: GcpProject; readonly region: GcpRegion } {
  const project = context.layout.projects.find(({ projectId }) => projectId === ref.project);
  const region = context.regions.find(({ zones }) => zones.includes(ref.zone));
  if (!project || !region) throw new RangeError(`there is no projects/${ref.project}/zones/${ref.zone}`);
  return { project, region };
}

function withLabels(instance: Instance, labels: Readonly<Record<string, string>> | undefined): Instance {
  return labels ? { ...instance, labels } : instance;
}

function withNatIp(instance: Instance, change: { readonly natIP: string | undefined } | undefined): Instance {
  const [first, ...rest] = instance.networkInterfaces;
  if (!change || !first) return instance;
  const { accessConfigs: _, ...bare } = first;
  const next = change.natIP ? { ...bare, accessConfigs: [natConfig(change.natIP)] } : bare;
  return { ...instance, networkInterfaces: [next, ...rest] };
}

function addedInstance(context: EstateContext, at: InstanceAt, added: AddedInstance, version: ApiVersion): Instance {
  const { spec } = added;
  const owner = networkOwner(context, at.project);
  const path = instancePath(at, spec.name);
  const fingerprint = Buffer.from(context.random.hex(16, "fingerprint", path), "hex").toString("base64");
  const subnetwork = subnetworkPath(owner, at.region.name, mainSubnetName(at.project));
  const block = blocks.main(unitOf(context, at.project.position, at.region));
  return buildInstance({
    at,
    version,
    name: spec.name,
    id: resourceId(context, path),
    fingerprint,
    status: "RUNNING",
    created: context.random.int(100_000_000, "created", path),
    machineType: "e2-medium",
    labels: spec.labels ?? {},
    ...(spec.description ? { description: spec.description } : {}),
    interfaces: [
      {
        kind: "compute#networkInterface",
        name: "nic0",
        network: computeLink(version, networkPath(owner, "workload")),
        subnetwork: computeLink(version, subnetwork),
        networkIP: formatIpv4(hosts.added(block, added.host)),
        stackType: "IPV4_ONLY",
        nicType: "GVNIC",
        fingerprint,
        ...(spec.externalAddress ? { accessConfigs: [natConfig(spec.externalAddress)] } : {}),
      },
    ],
  });
}
