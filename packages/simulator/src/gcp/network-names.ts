import { ipv6 } from "./address-plan.ts";
import type { EstateContext } from "./context.ts";
import type { GcpProject } from "./layout.ts";

/** The names of the networks that a project itself holds. A service project's workload network is its host's. */
export function networkNames(project: GcpProject): readonly string[] {
  return [
    "default",
    "mgmt",
    ...(project.role === "service" ? [] : ["workload"]),
    ...(project.hasLegacyNetwork ? ["legacy"] : []),
  ];
}

export function networkPath(project: GcpProject, network: string): string {
  return `projects/${project.projectId}/global/networks/${network}`;
}

export function subnetworkPath(project: GcpProject, region: string, name: string): string {
  return `projects/${project.projectId}/regions/${region}/subnetworks/${name}`;
}

/** The name of the main subnet of a network's user; its other subnets have a suffix. */
export function mainSubnetName(user: GcpProject): string {
  return user.position === 0 ? "workload" : `shared-${user.projectId}`;
}

/** The first 48 bits of the unique local IPv6 block of a project's workload network. */
export function ulaOf(context: EstateContext, owner: GcpProject): string {
  return ipv6.ula(context.random.hex(8, "ula", owner.projectId));
}
