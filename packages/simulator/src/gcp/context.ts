import type { Random } from "../random.ts";
import type { GcpLayout, GcpProject } from "./layout.ts";
import type { GcpRegion } from "./regions.ts";

/** What every generated resource is computed from. */
export interface EstateContext {
  readonly random: Random;
  readonly layout: GcpLayout;
  readonly regions: readonly GcpRegion[];
  /** How many instances a zone of a project has, before any change. */
  zoneInstances(project: GcpProject, zone: string): number;
  /** How many instances the estate has before the first one of this zone. */
  zoneOrdinal(project: GcpProject, zone: string): number;
}

/** The project whose network a project's instances are in: the shared VPC host of a service project, else itself. */
export function networkOwner(context: EstateContext, project: GcpProject): GcpProject {
  const { hostProjectId } = project;
  const host = hostProjectId && context.layout.projects.find(({ projectId }) => projectId === hostProjectId);
  return host || project;
}

export function unitOf(context: EstateContext, position: number, region: GcpRegion): number {
  return position * context.regions.length + context.regions.indexOf(region);
}

/** The host and the service projects that use a project's network; for a service project none. */
export function usersOf(context: EstateContext, owner: GcpProject): readonly GcpProject[] {
  if (owner.role === "service") return [];
  return context.layout.projects
    .slice(owner.index, owner.index + 3)
    .filter((project) => project === owner || project.hostProjectId === owner.projectId);
}

/** A numeric id of a resource, 19 digits as Compute Engine's are. */
export function resourceId(context: EstateContext, ...path: readonly (string | number)[]): string {
  return String(1_000_000_000_000_000_000n + BigInt(`0x${context.random.hex(14, "id", ...path)}`));
}

const epoch = Date.UTC(2019, 0, 1);
const span = 6 * 365 * 86_400;

/** A moment between 2019 and 2025, written as Compute Engine writes it. */
export function timestamp(seconds: number): string {
  return new Date(epoch + (seconds % span) * 1000).toISOString().replace("Z", "-00:00");
}

export function createdAt(context: EstateContext, ...path: readonly (string | number)[]): string {
  return timestamp(context.random.int(span, "created", ...path));
}
