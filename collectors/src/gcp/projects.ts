import { forEachWithin } from "../concurrency.ts";
import type { ObserveContext } from "../observe.ts";
import type { GcpApi } from "./api.ts";
import { createGcpApi } from "./client.ts";
import { GcpProjectsError, toScopeError } from "./errors.ts";
import { findProjects, type Hierarchy } from "./hierarchy.ts";
import type { CheckedOptions } from "./options.ts";
import { failProject, observeProject } from "./project.ts";
import { SHARED_VPC_SERVICE } from "./shared-vpc.ts";
import { GCP_STEPS } from "./steps.ts";

/**
 * Looks at all projects, some at a time. Rejects with GcpProjectsError, after it has recorded those that are known, when they
 * cannot all be found out.
 */
export async function observeProjects(checked: CheckedOptions, context: ObserveContext): Promise<void> {
  const services = [...GCP_STEPS.map((step) => step.service), SHARED_VPC_SERVICE];
  let api: GcpApi;
  try {
    api = await createGcpApi({ ...checked.settings, services, auth: checked.auth, now: context.now });
  } catch (error) {
    withoutCredentials(checked, context, error);
    return;
  }
  try {
    await observeAll(checked, context, api);
  } finally {
    await api.close();
  }
}

/** Listed projects are known even when nobody can be asked about them. */
function withoutCredentials({ projects }: CheckedOptions, context: ObserveContext, cause: unknown): void {
  const problem = toScopeError(cause, "credentials");
  const error = { ...problem, code: problem.code === "network" ? problem.code : "invalid_credentials" };
  if (!projects) throw new GcpProjectsError(error);
  for (const project of projects) failProject(context, project, error);
}

async function observeAll(checked: CheckedOptions, context: ObserveContext, api: GcpApi): Promise<void> {
  const { parent, repetition, pageSize } = checked;
  const found: Hierarchy = parent
    ? await findProjects({ context, api, parent, repetition })
    : { projects: checked.projects ?? [] };
  await forEachWithin(checked.concurrency, found.projects, (project) =>
    observeProject({ context, api, project, pageSize, repetition }),
  );
  if (found.problem) throw new GcpProjectsError(found.problem);
}
