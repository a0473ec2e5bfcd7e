import type { Random } from "../random.ts";

export interface GcpFolder {
  /** folders/NUMBER */
  readonly name: string;
  /** folders/NUMBER or organizations/NUMBER */
  readonly parent: string;
  readonly displayName: string;
}

export interface GcpProject {
  readonly index: number;
  readonly projectId: string;
  readonly number: string;
  readonly displayName: string;
  /** folders/NUMBER or organizations/NUMBER */
  readonly parent: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `host` shares its network with the `service` projects beside it (shared VPC). */
  readonly role: "host" | "service" | "standalone";
  /** Only with role `service`. */
  readonly hostProjectId?: string;
  /** 0 for a project that uses its own network, 1 and 2 for the service projects of a host. */
  readonly position: number;
  readonly hasLegacyNetwork: boolean;
}

export interface GcpLayout {
  /** organizations/NUMBER */
  readonly organization: string;
  readonly folders: readonly GcpFolder[];
  readonly projects: readonly GcpProject[];
}

const projectsPerGroup = 5;
const environments = ["production", "staging", "development"];

/**
 * An organisation with a folder per environment, a folder per team in those, and in each team's folder a shared VPC host, two
 * service projects and a project of its own; every fifth project lies directly in the organisation.
 */
export function createGcpLayout(options: {
  readonly random: Random;
  readonly projects: number;
  readonly projectPrefix: string;
}): GcpLayout {
  const { random, projectPrefix } = options;
  const number = (...path: readonly (string | number)[]) =>
    String(100_000_000_000 + random.int(899_999_999_999, ...path));
  const organization = `organizations/${number("organization")}`;
  const groups = Math.ceil(options.projects / projectsPerGroup);
  const environmentFolders = environments.slice(0, groups).map((displayName) => ({
    name: `folders/${number("folder", displayName)}`,
    parent: organization,
    displayName,
  }));
  const teamFolders = Array.from({ length: groups }, (_, group) => ({
    name: `folders/${number("folder", "team", group)}`,
    parent: environmentFolders[group % environmentFolders.length]?.name ?? organization,
    displayName: `team-${group}`,
  }));
  const projectId = (index: number) => `${projectPrefix}-${roleOf(index, options.projects)}-${index}`;
  const projects = Array.from({ length: options.projects }, (_, index): GcpProject => {
    const member = index % projectsPerGroup;
    const group = Math.floor(index / projectsPerGroup);
    const role = roleOf(index, options.projects);
    return {
      index,
      projectId: projectId(index),
      number: number("project", index),
      displayName: `Team ${group} ${role} – 部署 ${index}`,
      parent: member === 4 ? organization : (teamFolders[group]?.name ?? organization),
      labels: { env: environments[group % environments.length] ?? "production", team: `team-${group}` },
      role,
      ...(role === "service" ? { hostProjectId: projectId(index - member) } : {}),
      position: role === "service" ? member : 0,
      hasLegacyNetwork: options.projects < 4 ? index === 0 : member === 3,
    };
  });
  return { organization, folders: [...environmentFolders, ...teamFolders], projects };
}

function roleOf(index: number, projects: number): GcpProject["role"] {
  const member = index % projectsPerGroup;
  if (member === 0) return index + 1 < projects ? "host" : "standalone";
  return member <= 2 ? "service" : "standalone";
}
