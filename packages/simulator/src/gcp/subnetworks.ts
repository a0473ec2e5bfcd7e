import { type Block, blocks, cidr, formatIpv4, ipv6, lane, serviceSlots } from "./address-plan.ts";
import { createdAt, type EstateContext, resourceId, unitOf, usersOf } from "./context.ts";
import type { GcpProject } from "./layout.ts";
import { mainSubnetName, networkPath, subnetworkPath, ulaOf } from "./network-names.ts";
import type { GcpRegion } from "./regions.ts";
import { type SubnetUse, utilizationOf } from "./utilization.ts";
import { type ApiVersion, computeLink, type Subnetwork } from "./wire.ts";

/** A subnet before it is written: its place, its blocks, and who has how many addresses in it. */
export interface SubnetSpec {
  readonly name: string;
  readonly network: string;
  /** projects/P/regions/R/subnetworks/S */
  readonly path: string;
  readonly region: GcpRegion;
  readonly purpose: Subnetwork["purpose"];
  readonly ipv4?: Block;
  readonly ipv6?: { readonly access: "INTERNAL" | "EXTERNAL"; readonly prefix64: string };
  readonly secondary: readonly {
    readonly name: string;
    readonly block: Block;
    readonly perInstance: number;
    readonly lane: number;
    readonly slots?: number;
  }[];
  /** The project whose instances are in it. */
  readonly user: GcpProject;
  /** The lanes whose first interface is in it, or everything that no other subnet takes. */
  readonly lanes: readonly number[] | "rest";
}

/** The subnets of a project in a region. */
export function subnetSpecs(context: EstateContext, project: GcpProject, region: GcpRegion): readonly SubnetSpec[] {
  const at = (network: string, name: string, user: GcpProject, rest: Partial<SubnetSpec>): SubnetSpec => ({
    name,
    network,
    path: subnetworkPath(project, region.name, name),
    region,
    purpose: "PRIVATE",
    secondary: [],
    user,
    lanes: [],
    ...rest,
  });
  const regionIndex = context.regions.indexOf(region);
  const own = unitOf(context, 0, region);
  return [
    at("default", "default", project, { ipv4: parseBlock(region.autoModeCidr), lanes: [lane.autoMode] }),
    at("mgmt", "mgmt", project, { ipv4: blocks.management(regionIndex), lanes: [lane.secondNic] }),
    ...usersOf(context, project).flatMap((user) => {
      const unit = unitOf(context, user.position, region);
      const named = (suffix: string) => `${mainSubnetName(user)}-${suffix}`;
      const externalPrefix = (which: 0 | 1) => ipv6.external(regionIndex, project.index, user.position, which);
      return [
        at("workload", mainSubnetName(user), user, {
          ipv4: blocks.main(unit),
          secondary: [
            { name: "gke-pods", block: blocks.gkePods(unit), perInstance: 16, lane: lane.gkeNode },
            {
              name: "gke-services",
              block: blocks.gkeServices(unit),
              perInstance: 1,
              lane: lane.serviceAlias,
              slots: serviceSlots,
            },
          ],
          lanes: "rest",
        }),
        at("workload", named("dual"), user, {
          ipv4: blocks.dualStackInternal(unit),
          ipv6: { access: "INTERNAL", prefix64: ipv6.internal(ulaOf(context, project), unit) },
          lanes: [lane.dualStackInternal],
        }),
        at("workload", named("edge"), user, {
          ipv4: blocks.dualStackExternal(unit),
          ipv6: { access: "EXTERNAL", prefix64: externalPrefix(0) },
          lanes: [lane.dualStackExternal],
        }),
        at("workload", named("v6"), user, {
          ipv6: { access: "EXTERNAL", prefix64: externalPrefix(1) },
          lanes: [lane.ipv6Only],
        }),
      ];
    }),
    ...(project.role === "service"
      ? []
      : [
          at("workload", "proxy-only", project, { ipv4: blocks.proxyOnly(own), purpose: "REGIONAL_MANAGED_PROXY" }),
          at("workload", "psc", project, {
            ipv4: blocks.privateServiceConnect(own),
            purpose: "PRIVATE_SERVICE_CONNECT",
          }),
        ]),
  ];
}

/** A subnet as Compute Engine writes it; with `use` also its utilisation details. */
export function subnetworkOf(
  context: EstateContext,
  project: GcpProject,
  spec: SubnetSpec,
  options: { readonly version: ApiVersion; readonly use?: SubnetUse },
): Subnetwork {
  const { ipv4, ipv6: v6 } = spec;
  const v6Cidr = v6 && `${v6.prefix64}::/64`;
  const stackType = v6 ? (ipv4 ? "IPV4_IPV6" : "IPV6_ONLY") : "IPV4_ONLY";
  return {
    kind: "compute#subnetwork",
    id: resourceId(context, spec.path),
    creationTimestamp: createdAt(context, spec.path),
    name: spec.name,
    network: computeLink(options.version, networkPath(project, spec.network)),
    region: computeLink(options.version, `projects/${project.projectId}/regions/${spec.region.name}`),
    selfLink: computeLink(options.version, spec.path),
    fingerprint: Buffer.from(context.random.hex(16, "fingerprint", spec.path), "hex").toString("base64"),
    ...(ipv4 ? { ipCidrRange: cidr(ipv4), gatewayAddress: formatIpv4(ipv4.base + 1) } : {}),
    privateIpGoogleAccess: spec.network === "workload",
    purpose: spec.purpose,
    ...(spec.purpose === "REGIONAL_MANAGED_PROXY" ? { role: "ACTIVE" as const } : {}),
    ...(spec.purpose === "PRIVATE" ? { stackType } : {}),
    ...(v6 && v6Cidr
      ? {
          ipv6AccessType: v6.access,
          ipv6CidrRange: v6Cidr,
          ...(v6.access === "INTERNAL" ? { internalIpv6Prefix: v6Cidr } : { externalIpv6Prefix: v6Cidr }),
        }
      : {}),
    ...(spec.secondary.length
      ? { secondaryIpRanges: spec.secondary.map(({ name, block }) => ({ rangeName: name, ipCidrRange: cidr(block) })) }
      : {}),
    ...(options.use ? { utilizationDetails: utilizationOf(spec, options.use) } : {}),
  };
}

function parseBlock(text: string): Block {
  const [address = "", length] = text.split("/");
  return { base: address.split(".").reduce((value, octet) => value * 256 + Number(octet), 0), length: Number(length) };
}
