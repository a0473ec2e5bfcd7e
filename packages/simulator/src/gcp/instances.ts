import { blocks, cidr, external, formatIpv4, hosts, ipv6, lane, laneCount, type Place } from "./address-plan.ts";
import { type EstateContext, networkOwner, timestamp, unitOf } from "./context.ts";
import type { GcpProject } from "./layout.ts";
import { mainSubnetName, networkPath, subnetworkPath, ulaOf } from "./network-names.ts";
import type { GcpRegion } from "./regions.ts";
import { type AccessConfig, type ApiVersion, computeLink, type Instance, type NetworkInterface } from "./wire.ts";

const roles = ["web", "api", "db", "worker", "cache", "batch"];
const machineTypes = [
  "e2-medium",
  "e2-standard-4",
  "n2-standard-8",
  "c3-highcpu-22",
  "t2a-standard-4",
  "m3-ultramem-32",
];
const descriptions = [
  "Bestellungen für Müller & Söhne",
  "決済サービス 本番",
  "Nœud de calcul, équipe β",
  "Кэш каталога 🚀",
];
const owners = ["platform", "müller", "søk", "payments"];

/** What is asked of an instance: which zone, and which place in it. */
export interface InstanceAt {
  readonly project: GcpProject;
  readonly region: GcpRegion;
  readonly zone: string;
  readonly index: number;
}

export function instancePath(at: { readonly project: GcpProject; readonly zone: string }, name: string): string {
  return `projects/${at.project.projectId}/zones/${at.zone}/instances/${name}`;
}

/** Where an instance stands in the address plan. */
function placeOf(context: EstateContext, { region, zone, index }: InstanceAt): Place {
  const zones = context.regions.flatMap((each) => each.zones);
  return { zoneInRegion: region.zones.indexOf(zone), zone: zones.indexOf(zone), index };
}

/** The lane that decides in which subnet an instance's first interface is. */
export function laneOf(project: GcpProject, index: number): number | "rest" {
  const laneIndex = index % laneCount;
  if (laneIndex === lane.legacy) return project.hasLegacyNetwork ? lane.legacy : "rest";
  const elsewhere: readonly number[] = [lane.autoMode, lane.dualStackInternal, lane.dualStackExternal, lane.ipv6Only];
  return elsewhere.includes(laneIndex) ? laneIndex : "rest";
}

/** The name of a generated instance; it ends with its zone and place, so that a name leads back to them. */
export function instanceName(context: EstateContext, at: InstanceAt): string {
  const role = context.random.pick(roles, "role", at.project.projectId, at.zone, at.index);
  return `${role}-${at.zone}-${at.index}`;
}

/** The n-th instance of a zone as Compute Engine writes it, from one hash. */
export function instanceOf(context: EstateContext, at: InstanceAt, version: ApiVersion): Instance {
  const digits = context.random.hex(64, "instance", at.project.projectId, at.zone, at.index);
  const from = (start: number, length: number) => Number.parseInt(digits.slice(start, start + length), 16);
  const pick = <T>(list: readonly T[], start: number) => list[from(start, 4) % list.length] as T;
  const status = at.index < laneCount ? "RUNNING" : statusOf(from(0, 4) % 100);
  const name = instanceName(context, at);
  const created = from(4, 8);
  return buildInstance({
    at,
    version,
    name,
    id: String(1_000_000_000_000_000_000n + BigInt(`0x${digits.slice(12, 26)}`)),
    fingerprint: Buffer.from(digits.slice(26, 42), "hex").toString("base64"),
    status,
    created,
    machineType: pick(machineTypes, 42),
    labels: { role: name.slice(0, name.indexOf("-")), env: at.project.labels.env ?? "", owner: pick(owners, 46) },
    ...(from(50, 4) % 8 === 0 ? { description: pick(descriptions, 54) } : {}),
    interfaces: interfacesOf(context, at, { version, running: status === "RUNNING", digits }),
  });
}

/** An instance from its own facts and those that all have in common. */
export function buildInstance(options: {
  readonly at: { readonly project: GcpProject; readonly zone: string };
  readonly version: ApiVersion;
  readonly name: string;
  readonly id: string;
  readonly fingerprint: string;
  readonly status: Instance["status"];
  readonly created: number;
  readonly machineType: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly interfaces: readonly NetworkInterface[];
}): Instance {
  const { at, version, name, fingerprint } = options;
  const zonePath = `projects/${at.project.projectId}/zones/${at.zone}`;
  return {
    kind: "compute#instance",
    id: options.id,
    creationTimestamp: timestamp(options.created),
    name,
    ...(options.description ? { description: options.description } : {}),
    tags: { items: [`role-${options.labels.role ?? "none"}`, "ssh"], fingerprint },
    machineType: computeLink(version, `${zonePath}/machineTypes/${options.machineType}`),
    status: options.status,
    zone: computeLink(version, zonePath),
    canIpForward: false,
    networkInterfaces: options.interfaces,
    disks: [
      {
        kind: "compute#attachedDisk",
        type: "PERSISTENT",
        mode: "READ_WRITE",
        source: computeLink(version, `${zonePath}/disks/${name}`),
        deviceName: "persistent-disk-0",
        index: 0,
        boot: true,
        autoDelete: true,
        licenses: [computeLink(version, "projects/debian-cloud/global/licenses/debian-12-bookworm")],
        diskSizeGb: "20",
      },
    ],
    labels: options.labels,
    labelFingerprint: fingerprint,
    lastStartTimestamp: timestamp(options.created + 60),
    ...(options.status === "TERMINATED" ? { lastStopTimestamp: timestamp(options.created + 3600) } : {}),
    cpuPlatform: options.status === "RUNNING" ? "Intel Cascade Lake" : "Unknown CPU Platform",
    deletionProtection: false,
    selfLink: computeLink(version, instancePath(at, name)),
  };
}

function statusOf(percent: number): Instance["status"] {
  if (percent < 88) return "RUNNING";
  if (percent < 94) return "TERMINATED";
  if (percent < 96) return "SUSPENDED";
  return (["STAGING", "PROVISIONING", "STOPPING", "REPAIRING"] as const)[percent - 96] ?? "RUNNING";
}

/** Every fourth instance may be reached from outside, but one that is not running has lost its ephemeral address. */
export function externalAddressOf(context: EstateContext, at: InstanceAt): string | undefined {
  if (at.index % 4 !== 1 || laneOf(at.project, at.index) === lane.ipv6Only) return undefined;
  return external.instance(context.zoneOrdinal(at.project, at.zone) + at.index);
}

export function natConfig(natIP: string | undefined): AccessConfig {
  return {
    kind: "compute#accessConfig",
    type: "ONE_TO_ONE_NAT",
    name: "External NAT",
    ...(natIP ? { natIP } : {}),
    networkTier: "PREMIUM",
  };
}

function interfacesOf(
  context: EstateContext,
  at: InstanceAt,
  options: { readonly version: ApiVersion; readonly running: boolean; readonly digits: string },
): readonly NetworkInterface[] {
  const { project, region } = at;
  const { version } = options;
  const owner = networkOwner(context, project);
  const unit = unitOf(context, project.position, region);
  const place = placeOf(context, at);
  const laneIndex = laneOf(project, at.index);
  const main = mainSubnetName(project);
  const nic = (
    name: string,
    rest: Partial<NetworkInterface> & Pick<NetworkInterface, "network">,
  ): NetworkInterface => ({
    kind: "compute#networkInterface",
    name,
    stackType: "IPV4_ONLY",
    nicType: "GVNIC",
    fingerprint: Buffer.from(options.digits.slice(48, 64), "hex").toString("base64"),
    ...rest,
  });
  const inNetwork = (holder: GcpProject, network: string, subnetwork?: string) => ({
    network: computeLink(version, networkPath(holder, network)),
    ...(subnetwork ? { subnetwork: computeLink(version, subnetworkPath(holder, region.name, subnetwork)) } : {}),
  });
  const natIP = externalAddressOf(context, at);
  const nat = natIP ? { accessConfigs: [natConfig(options.running ? natIP : undefined)] } : {};
  const regionIndex = context.regions.indexOf(region);
  const outside = (which: 0 | 1): Partial<NetworkInterface> => ({
    ipv6AccessType: "EXTERNAL",
    ipv6AccessConfigs: [
      {
        kind: "compute#accessConfig",
        type: "DIRECT_IPV6",
        name: "external-ipv6",
        externalIpv6: ipv6.host(ipv6.external(regionIndex, owner.index, project.position, which), place),
        externalIpv6PrefixLength: 96,
        networkTier: "PREMIUM",
      },
    ],
  });
  switch (laneIndex) {
    case lane.legacy:
      return [nic("nic0", { ...inNetwork(project, "legacy"), networkIP: formatIpv4(hosts.legacy(place)), ...nat })];
    case lane.autoMode: {
      const block = { base: toIpv4(region.autoModeCidr), length: 20 };
      return [
        nic("nic0", {
          ...inNetwork(project, "default", "default"),
          networkIP: formatIpv4(hosts.lane(block, place)),
          ...nat,
        }),
      ];
    }
    case lane.dualStackInternal:
      return [
        nic("nic0", {
          ...inNetwork(owner, "workload", `${main}-dual`),
          stackType: "IPV4_IPV6",
          networkIP: formatIpv4(hosts.lane(blocks.dualStackInternal(unit), place)),
          ipv6AccessType: "INTERNAL",
          ipv6Address: ipv6.host(ipv6.internal(ulaOf(context, owner), unit), place),
          internalIpv6PrefixLength: 96,
          ...nat,
        }),
      ];
    case lane.dualStackExternal:
      return [
        nic("nic0", {
          ...inNetwork(owner, "workload", `${main}-edge`),
          stackType: "IPV4_IPV6",
          networkIP: formatIpv4(hosts.lane(blocks.dualStackExternal(unit), place)),
          ...outside(0),
          ...nat,
        }),
      ];
    case lane.ipv6Only:
      return [nic("nic0", { ...inNetwork(owner, "workload", `${main}-v6`), stackType: "IPV6_ONLY", ...outside(1) })];
    default:
      return [
        nic("nic0", {
          ...inNetwork(owner, "workload", main),
          networkIP: formatIpv4(hosts.main(blocks.main(unit), place)),
          ...aliasesOf(unit, place),
          ...nat,
        }),
        ...(at.index % laneCount === lane.secondNic
          ? [
              nic("nic1", {
                ...inNetwork(project, "mgmt", "mgmt"),
                networkIP: formatIpv4(hosts.lane(blocks.management(regionIndex), place)),
              }),
            ]
          : []),
      ];
  }
}

function aliasesOf(unit: number, place: Place): Pick<NetworkInterface, "aliasIpRanges"> {
  const laneIndex = place.index % laneCount;
  if (laneIndex === lane.gkeNode)
    return {
      aliasIpRanges: [{ ipCidrRange: cidr(hosts.pods(blocks.gkePods(unit), place)), subnetworkRangeName: "gke-pods" }],
    };
  const service = laneIndex === lane.serviceAlias ? hosts.service(blocks.gkeServices(unit), place) : undefined;
  return service === undefined
    ? {}
    : { aliasIpRanges: [{ ipCidrRange: `${formatIpv4(service)}/32`, subnetworkRangeName: "gke-services" }] };
}

function toIpv4(block: string): number {
  return (block.split("/")[0] ?? "").split(".").reduce((value, octet) => value * 256 + Number(octet), 0);
}
