import { blocks, cidr } from "./address-plan.ts";
import { createdAt, type EstateContext, resourceId, usersOf } from "./context.ts";
import type { GcpProject } from "./layout.ts";
import { networkNames, networkPath, ulaOf } from "./network-names.ts";
import { subnetSpecs } from "./subnetworks.ts";
import { type ApiVersion, computeLink, type Network } from "./wire.ts";

/** The networks of a project: an auto mode, a custom mode, the dual-stack workload network and, in some, a legacy one. */
export function networksOf(context: EstateContext, project: GcpProject, version: ApiVersion): readonly Network[] {
  return networkNames(project).map((name): Network => {
    const path = networkPath(project, name);
    const common = {
      kind: "compute#network" as const,
      id: resourceId(context, path),
      creationTimestamp: createdAt(context, path),
      name,
      selfLink: computeLink(version, path),
    };
    if (name === "legacy")
      return {
        ...common,
        description: "From before subnetworks",
        IPv4Range: cidr(blocks.legacy()),
        gatewayIPv4: "10.240.0.1",
      };
    const subnetworks = context.regions.flatMap((region) =>
      subnetSpecs(context, project, region)
        .filter((subnet) => subnet.network === name)
        .map((subnet) => computeLink(version, subnet.path)),
    );
    return {
      ...common,
      ...(name === "default" ? { description: "Default network for the project" } : {}),
      autoCreateSubnetworks: name === "default",
      subnetworks,
      mtu: name === "workload" ? 8896 : 1460,
      routingConfig: {
        routingMode: name === "workload" && usersOf(context, project).length > 1 ? "GLOBAL" : "REGIONAL",
      },
      ...(name === "workload"
        ? { enableUlaInternalIpv6: true, internalIpv6Range: `${ulaOf(context, project)}::/48` }
        : {}),
    };
  });
}
