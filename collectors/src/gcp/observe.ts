import { forEachWithin } from "../concurrency.ts";
import type { Observe, ObserveContext } from "../observe.ts";
import type { GcpApi } from "./api.ts";
import { type GcpScopeError, toScopeError } from "./errors.ts";
import { findProjects, type Hierarchy } from "./hierarchy.ts";
import { type CheckedOptions, checkOptions, type GcpOptions } from "./options.ts";
import { failProject, observeProject } from "./project.ts";
import { SHARED_VPC_SERVICE } from "./shared-vpc.ts";
import { GCP_STEPS } from "./steps.ts";

/** Nobody knows which projects there are (or which more), so that there is no scope to say so in. */
export class GcpProjectsError extends Error {
  override readonly name = "GcpProjectsError";
  readonly problem: GcpScopeError;
  constructor(problem: GcpScopeError) {
    super(`the projects to look at are not all known: ${problem.operation}: ${problem.message} (${problem.code})`);
    this.problem = problem;
  }
}

/**
 * The collector for Compute Engine's networks, subnets, instances and addresses: one scope per project, region and kind.
 * Configuration that cannot work is refused at once with a RangeError. The run rejects with GcpProjectsError, after it has recorded
 * the projects that are known, when those of a folder or organisation cannot all be found out; every other failure is the status
 * of the scopes that it hid. Google's client takes 0.8 s and 210 MB to load, so it is loaded when a run begins.
 */
export function observeGcp(options: GcpOptions): Observe {
  const checked = checkOptions(options);
  return async (context) => {
    const { createGcpApi } = await import("./client.ts");
    let api: GcpApi;
    try {
      const services = [...GCP_STEPS.map((step) => step.service), SHARED_VPC_SERVICE];
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
  };
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
