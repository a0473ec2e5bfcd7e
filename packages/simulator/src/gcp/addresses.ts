import { blocks, external, formatIpv4, hosts, ipv6 } from "./address-plan.ts";
import type { GcpChanges } from "./changes.ts";
import { createdAt, type EstateContext, networkOwner, resourceId, unitOf } from "./context.ts";
import { externalAddressOf, type InstanceAt, instanceName, instancePath } from "./instances.ts";
import type { GcpProject } from "./layout.ts";
import { mainSubnetName, networkPath, subnetworkPath } from "./network-names.ts";
import type { GcpRegion } from "./regions.ts";
import { type Address, type ApiVersion, computeLink } from "./wire.ts";

/** Internal addresses that are reserved in the main subnet of each region, and ranges with a /96 in its external IPv6 one. */
export const reservedPerRegion = { ipv4: 2, ipv6: 1 } as const;

/** The instance whose external address is a static one, where the region has it. */
function staticHolder(context: EstateContext, project: GcpProject, region: GcpRegion): InstanceAt | undefined {
  const zone = region.zones[0];
  return zone && context.zoneInstances(project, zone) > 1 ? { project, region, zone, index: 1 } : undefined;
}

/** The reserved addresses of a region: external, internal, shared by load balancers, for NAT, and a range of IPv6. */
export function regionalAddresses(
  context: EstateContext,
  project: GcpProject,
  region: GcpRegion,
  options: { readonly version: ApiVersion; readonly userOf: GcpChanges["userOf"] },
): readonly Address[] {
  const { version, userOf } = options;
  const owner = networkOwner(context, project);
  const unit = unitOf(context, project.position, region);
  const main = mainSubnetName(project);
  const subnetwork = (name: string) => computeLink(version, subnetworkPath(owner, region.name, name));
  const ordinal = (project.index * context.regions.length + context.regions.indexOf(region)) * 2;
  const holder = staticHolder(context, project, region);
  const bound = holder && externalAddressOf(context, holder);
  const user = bound && userOf(bound, instancePath(holder, instanceName(context, holder)));
  const make = (
    name: string,
    rest: Pick<Address, "address" | "status" | "addressType"> & Partial<Address>,
  ): Address => {
    const path = `projects/${project.projectId}/regions/${region.name}/addresses/${name}`;
    return {
      kind: "compute#address",
      id: resourceId(context, path),
      creationTimestamp: createdAt(context, path),
      name,
      region: computeLink(version, `projects/${project.projectId}/regions/${region.name}`),
      selfLink: computeLink(version, path),
      ...rest,
    };
  };
  const inside = { status: "RESERVED", addressType: "INTERNAL", subnetwork: subnetwork(main) } as const;
  return [
    ...(bound
      ? [
          make("web-static", {
            address: bound,
            addressType: "EXTERNAL",
            networkTier: "PREMIUM",
            ...(user ? { status: "IN_USE", users: [computeLink(version, user)] } : { status: "RESERVED" }),
          }),
        ]
      : []),
    make("spare", {
      address: external.regional(ordinal),
      status: "RESERVED",
      addressType: "EXTERNAL",
      networkTier: "PREMIUM",
      description: "Reservé – noch nicht vergeben",
      labels: { team: project.labels.team ?? "" },
    }),
    make("nat-auto-ip", {
      address: external.regional(ordinal + 1),
      status: "IN_USE",
      addressType: "EXTERNAL",
      purpose: "NAT_AUTO",
      networkTier: "PREMIUM",
      users: [computeLink(version, `projects/${project.projectId}/regions/${region.name}/routers/nat`)],
    }),
    make("db-primary", {
      address: formatIpv4(hosts.reserved(blocks.main(unit), 0)),
      purpose: "GCE_ENDPOINT",
      ...inside,
    }),
    make("lb-shared", {
      address: formatIpv4(hosts.reserved(blocks.main(unit), 1)),
      purpose: "SHARED_LOADBALANCER_VIP",
      ...inside,
    }),
    make("edge-range", {
      address: ipv6.reserved(ipv6.external(context.regions.indexOf(region), owner.index, project.position, 0)),
      prefixLength: 96,
      ipVersion: "IPV6",
      ipv6EndpointType: "VM",
      status: "RESERVED",
      addressType: "EXTERNAL",
      networkTier: "PREMIUM",
      subnetwork: subnetwork(`${main}-edge`),
    }),
  ];
}

/** The global addresses: of a load balancer in both families, and the internal range of private services access. */
export function globalAddresses(context: EstateContext, project: GcpProject, version: ApiVersion): readonly Address[] {
  const make = (
    name: string,
    rest: Pick<Address, "address" | "status" | "addressType"> & Partial<Address>,
  ): Address => {
    const path = `projects/${project.projectId}/global/addresses/${name}`;
    return {
      kind: "compute#address",
      id: resourceId(context, path),
      creationTimestamp: createdAt(context, path),
      name,
      selfLink: computeLink(version, path),
      ...rest,
    };
  };
  const users = [computeLink(version, `projects/${project.projectId}/global/forwardingRules/frontend`)];
  return [
    make("frontend", {
      address: external.global(project.index),
      ipVersion: "IPV4",
      status: "IN_USE",
      addressType: "EXTERNAL",
      networkTier: "PREMIUM",
      users,
    }),
    make("frontend-v6", {
      address: ipv6.global(project.index),
      ipVersion: "IPV6",
      status: "IN_USE",
      addressType: "EXTERNAL",
      networkTier: "PREMIUM",
      users,
    }),
    ...(project.role === "service"
      ? []
      : [
          make("private-services", {
            address: formatIpv4(blocks.servicePeering().base),
            prefixLength: blocks.servicePeering().length,
            status: "RESERVED",
            addressType: "INTERNAL",
            purpose: "VPC_PEERING",
            network: computeLink(version, networkPath(project, "workload")),
          }),
        ]),
  ];
}
