import type { GcpEstate } from "../estate-gcp.ts";
import type { ApiAnswer, ApiCall, ApiRoute } from "./api.ts";
import { isProblem } from "./api.ts";
import { aggregatedList, list, nextPage, pageOf } from "./compute-lists.ts";
import type { GcpProject } from "./layout.ts";
import { slicePage } from "./pages.ts";
import { problems } from "./problems.ts";
import { computeLink } from "./wire.ts";

function projectRoute(
  operation: string,
  suffix: string,
  permission: string,
  answer: (call: ApiCall, project: GcpProject) => ApiAnswer,
  method: ApiRoute["method"] = "GET",
): ApiRoute {
  return {
    method,
    path: new RegExp(`^/compute/(?<version>v1|beta)/projects/(?<project>[^/]+)${suffix}$`),
    service: "compute",
    operation,
    permission,
    answer: (call) => {
      const id = call.params.project ?? "";
      const project = call.estate.project(id);
      return project ? answer(call, project) : problems.notFound(`projects/${id}`);
    },
  };
}

/** Compute Engine's operations that a collector of addresses needs, under /compute/v1 and /compute/beta. */
export const computeRoutes: readonly ApiRoute[] = [
  projectRoute("networks.list", "/global/networks", "compute.networks.list", (call, project) =>
    list(call, { kind: "compute#networkList", of: project, all: call.estate.networks(project, call.version) }),
  ),
  projectRoute("globalAddresses.list", "/global/addresses", "compute.globalAddresses.list", (call, project) =>
    list(call, {
      kind: "compute#addressList",
      of: project,
      all: call.estate.addresses(project, "global", call.version),
    }),
  ),
  projectRoute("subnetworks.aggregatedList", "/aggregated/subnetworks", "compute.subnetworks.list", (call, project) => {
    const views = call.query.get("views") ?? "DEFAULT";
    if (views !== "DEFAULT" && views !== "WITH_UTILIZATION")
      return problems.invalid("views", views, "Acceptable values are DEFAULT and WITH_UTILIZATION.");
    return aggregatedList(call, {
      kind: "compute#subnetworkAggregatedList",
      field: "subnetworks",
      of: project,
      sources: call.estate.regions.map((region) => {
        const all = call.estate.subnetworks(project, region, {
          version: call.version,
          withUtilization: views === "WITH_UTILIZATION",
        });
        return { scope: `regions/${region.name}`, places: all.length, at: (place) => all[place] };
      }),
    });
  }),
  projectRoute("instances.aggregatedList", "/aggregated/instances", "compute.instances.list", (call, project) =>
    aggregatedList(call, {
      kind: "compute#instanceAggregatedList",
      field: "instances",
      of: project,
      sources: call.estate.regions.flatMap((region) =>
        region.zones.map((zone) => ({
          scope: `zones/${zone}`,
          places: call.estate.instancePlaces(project, zone),
          at: (place) => call.estate.instanceAt(project, zone, place, call.version),
        })),
      ),
    }),
  ),
  projectRoute("addresses.aggregatedList", "/aggregated/addresses", "compute.addresses.list", (call, project) =>
    aggregatedList(call, {
      kind: "compute#addressAggregatedList",
      field: "addresses",
      of: project,
      sources: (["global", ...call.estate.regions] as const).map((region) => {
        const all = call.estate.addresses(project, region, call.version);
        const scope = region === "global" ? region : `regions/${region.name}`;
        return { scope, places: all.length, at: (place) => all[place] };
      }),
    }),
  ),
  projectRoute("projects.get", "", "compute.projects.get", (call, project) => computeProject(call, project)),
  projectRoute("projects.getXpnHost", "/getXpnHost", "compute.projects.get", (call, project) => {
    const host = project.hostProjectId && call.estate.project(project.hostProjectId);
    return host ? computeProject(call, host) : {};
  }),
  projectRoute("projects.getXpnResources", "/getXpnResources", "compute.projects.get", (call, project) => {
    const services = call.estate.projects.filter(({ hostProjectId }) => hostProjectId === project.projectId);
    const asked = pageOf(call, project.projectId);
    if (isProblem(asked)) return asked;
    const all = services.map(({ projectId }) => ({ id: projectId, type: "PROJECT" }));
    const { page, nextPageToken } = slicePage({ of: project.projectId, all, ...asked });
    return {
      kind: "compute#projectsGetXpnResources",
      ...(page.length ? { resources: page } : {}),
      ...nextPage(call, project.projectId, nextPageToken),
    };
  }),
  projectRoute(
    "projects.listXpnHosts",
    "/listXpnHosts",
    "compute.organizations.listXpnHosts",
    (call, project) =>
      list(call, {
        kind: "compute#xpnHostList",
        of: project,
        all: hostsOf(call.estate).map((host) => computeProject(call, host)),
      }),
    "POST",
  ),
];

function hostsOf(estate: GcpEstate): readonly GcpProject[] {
  return estate.projects.filter(({ role }) => role === "host");
}

function computeProject({ version }: ApiCall, project: GcpProject): Readonly<Record<string, unknown>> {
  return {
    kind: "compute#project",
    id: `7${project.number.padStart(18, "0")}`,
    creationTimestamp: "2019-03-01T08:00:00.000-08:00",
    name: project.projectId,
    selfLink: computeLink(version, `projects/${project.projectId}`),
    defaultServiceAccount: `${project.number}-compute@developer.gserviceaccount.com`,
    xpnProjectStatus: project.role === "host" ? "HOST" : "UNSPECIFIED_XPN_PROJECT_STATUS",
    defaultNetworkTier: "PREMIUM",
    vmDnsSetting: "ZONAL_ONLY",
  };
}
