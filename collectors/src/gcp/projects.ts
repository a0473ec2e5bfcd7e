import { forEachWithin } from "../concurrency.ts";
import type { LookContext, ObserveContext } from "../observe.ts";
import type { GcpApi } from "./api.ts";
import { createGcpApi } from "./client.ts";
import { GcpProjectsError, type GcpScopeError, toScopeError } from "./errors.ts";
import { findProjects } from "./hierarchy.ts";
import type { CheckedOptions } from "./options.ts";
import { failProject, observeProject } from "./project.ts";
import { SHARED_VPC_SERVICE } from "./shared-vpc.ts";
import { GCP_STEPS } from "./steps.ts";

/** The projects to look at, and why they are not all, if so: those that are listed, or those of the folder or organisation. Never rejects. */
export async function findAllProjects(
  checked: CheckedOptions,
  context: LookContext,
): Promise<{ readonly projects: readonly string[]; readonly problem: GcpProjectsError | undefined }> {
  const { parent, repetition, projects } = checked;
  if (projects || parent === undefined) return { projects: projects ?? [], problem: undefined };
  const found = await withApi(checked, context, (api) => findProjects({ context, api, parent, repetition }));
  const { problem } = "error" in found ? { problem: found.error } : found.value;
  return {
    projects: "error" in found ? [] : found.value.projects,
    problem: problem && new GcpProjectsError(problem),
  };
}

/** Looks at these projects, some at a time. Without credentials they are known all the same, and fail. */
export async function observeProjects(
  checked: CheckedOptions,
  projects: readonly string[],
  context: ObserveContext,
): Promise<void> {
  const { concurrency, repetition, pageSize } = checked;
  const seen = await withApi(checked, context, (api) =>
    forEachWithin(concurrency, projects, (project) => observeProject({ context, api, project, pageSize, repetition })),
  );
  if ("error" in seen) for (const project of projects) failProject(context, project, seen.error);
}

/** Answers why there is no API to work with, where its client finds no credentials. */
async function withApi<T>(
  checked: CheckedOptions,
  { now }: LookContext,
  work: (api: GcpApi) => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: GcpScopeError }> {
  const services = [...GCP_STEPS.map((step) => step.service), SHARED_VPC_SERVICE];
  let api: GcpApi;
  try {
    api = await createGcpApi({ ...checked.settings, services, auth: checked.auth, now });
  } catch (error) {
    const problem = toScopeError(error, "credentials");
    return { error: { ...problem, code: problem.code === "network" ? problem.code : "invalid_credentials" } };
  }
  try {
    return { value: await work(api) };
  } finally {
    await api.close();
  }
}
