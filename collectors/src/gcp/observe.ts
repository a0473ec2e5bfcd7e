import type { Split } from "../observe.ts";
import { observersOf } from "../parts.ts";
import { checkOptions, type GcpOptions } from "./options.ts";

/** A project has three scopes for each region, and four that are global: 130 with 42 regions. With 65 regions so many still fit a run. */
export const PROJECTS_PER_RUN = 100;

/**
 * The collector for Compute Engine's networks, subnets, instances and addresses: one scope per project, region and kind.
 * Configuration that cannot work is refused at once with a RangeError. Projects that are too many for one run are looked at in
 * several (`inParts`). Rejects with GcpProjectsError when no project of a folder or organisation is known; when they cannot all be
 * found out, the last part rejects after it has recorded its own. Every other failure is the status of the scopes that it hid.
 * Google's client takes 0.8 s and 210 MB to load, so it is loaded when a look begins.
 */
export function splitGcp(options: GcpOptions): Split {
  const checked = checkOptions(options);
  return async (context) => {
    const { findAllProjects, observeProjects } = await import("./projects.ts");
    const { projects, problem } = await findAllProjects(checked, context);
    return observersOf({
      items: projects,
      nameOf: (project) => project,
      most: PROJECTS_PER_RUN,
      observe: (part, of) => observeProjects(checked, part, of),
      problem,
    });
  };
}
