import { type ApiAnswer, type ApiCall, type ApiRoute, isProblem } from "./api.ts";
import { nextPage } from "./compute-lists.ts";
import type { GcpFolder, GcpProject } from "./layout.ts";
import { readPageToken, slicePage } from "./pages.ts";
import { problems } from "./problems.ts";

const maxPageSize = 300;
const epoch = "2019-03-01T08:00:00Z";

/** Cloud Resource Manager v3: what a collector needs to walk an organisation. */
export const resourceManagerRoutes: readonly ApiRoute[] = [
  {
    method: "GET",
    path: /^\/v3\/projects:search$/,
    service: "cloudresourcemanager",
    operation: "projects.search",
    permission: "resourcemanager.projects.get",
    answer: (call) => {
      const matching = projectQuery(call.query.get("query") ?? "");
      if (typeof matching === "string") return problems.invalid("query", matching, queryHelp);
      return page(call, "projects.search", "projects", call.estate.projects.filter(matching).map(writeProject));
    },
  },
  {
    method: "GET",
    path: /^\/v3\/projects$/,
    service: "cloudresourcemanager",
    operation: "projects.list",
    permission: "resourcemanager.projects.list",
    answer: (call) => {
      const all = call.estate.projects.filter(({ parent }) => parent === call.query.get("parent"));
      return underParent(call, "projects.list", "projects", all.map(writeProject));
    },
  },
  {
    method: "GET",
    path: /^\/v3\/projects\/(?<project>[^/:]+)$/,
    service: "cloudresourcemanager",
    operation: "projects.get",
    permission: "resourcemanager.projects.get",
    answer: (call) => {
      const id = call.params.project ?? "";
      const project = call.estate.project(id);
      return project ? writeProject(project) : problems.forbidden("resourcemanager.projects.get", id);
    },
  },
  {
    method: "GET",
    path: /^\/v3\/folders$/,
    service: "cloudresourcemanager",
    operation: "folders.list",
    permission: "resourcemanager.folders.list",
    answer: (call) => {
      const all = call.estate.folders.filter(({ parent }) => parent === call.query.get("parent"));
      return underParent(call, "folders.list", "folders", all.map(writeFolder));
    },
  },
];

const queryHelp =
  "Served here: one of parent:, projectId: (or id:), state:, labels.NAME:, or none; joined with AND or a space.";

/** The projects that a search query asks for, or the part of it that is not understood. */
function projectQuery(query: string): ((project: GcpProject) => boolean) | string {
  const terms = query.split(/\s+(?:AND\s+)?/).filter((term) => term !== "");
  const tests: ((project: GcpProject) => boolean)[] = [];
  for (const term of terms) {
    const [, field = "", value = ""] = /^([A-Za-z.\-_]+)[:=]"?([^"]+)"?$/.exec(term) ?? [];
    if (field === "parent") tests.push(({ parent }) => parent === value);
    else if (field === "projectId" || field === "id") tests.push(({ projectId }) => projectId === value);
    else if (field === "state") tests.push(() => value === "ACTIVE");
    else if (field.startsWith("labels.")) tests.push(({ labels }) => labels[field.slice(7)] === value);
    else return term;
  }
  return (project) => tests.every((test) => test(project));
}

function underParent(call: ApiCall, of: string, field: string, all: readonly object[]): ApiAnswer {
  const parent = call.query.get("parent") ?? "";
  const known = [call.estate.organization, ...call.estate.folders.map(({ name }) => name)];
  if (!/^(folders|organizations)\/\d+$/.test(parent))
    return problems.invalid("parent", parent, "It must be folders/NUMBER or organizations/NUMBER.");
  if (!known.includes(parent)) return problems.forbidden(`resourcemanager.${of}`, parent);
  return page(call, `${of} ${parent}`, field, all);
}

function page(call: ApiCall, of: string, field: string, all: readonly object[]): ApiAnswer {
  const start = readPageToken(of, call.query);
  if (isProblem(start)) return start;
  const asked = Number(call.query.get("pageSize") ?? maxPageSize);
  if (!Number.isInteger(asked) || asked < 0)
    return problems.invalid("pageSize", call.query.get("pageSize") ?? "", "It must be a whole number from 0.");
  const pageSize = asked === 0 ? maxPageSize : Math.min(asked, maxPageSize);
  const result = slicePage({ of, all: call.fault?.kind === "empty" ? [] : all, start, pageSize });
  return {
    ...(result.page.length ? { [field]: result.page } : {}),
    ...nextPage(call, of, result.nextPageToken),
  };
}

function writeProject(project: GcpProject): Readonly<Record<string, unknown>> {
  return {
    name: `projects/${project.number}`,
    parent: project.parent,
    projectId: project.projectId,
    state: "ACTIVE",
    displayName: project.displayName,
    createTime: epoch,
    updateTime: epoch,
    etag: `W/"${project.number}"`,
    labels: project.labels,
  };
}

function writeFolder(folder: GcpFolder): Readonly<Record<string, unknown>> {
  return { ...folder, state: "ACTIVE", createTime: epoch, updateTime: epoch, etag: `W/"${folder.name}"` };
}
