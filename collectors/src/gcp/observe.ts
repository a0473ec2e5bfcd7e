import type { Observe } from "../observe.ts";
import { checkOptions, type GcpOptions } from "./options.ts";

/**
 * The collector for Compute Engine's networks, subnets, instances and addresses: one scope per project, region and kind.
 * Configuration that cannot work is refused at once with a RangeError. The run rejects with GcpProjectsError, after it has recorded
 * the projects that are known, when those of a folder or organisation cannot all be found out; every other failure is the status
 * of the scopes that it hid. Google's client takes 0.8 s and 210 MB to load, so it is loaded when a run begins.
 */
export function observeGcp(options: GcpOptions): Observe {
  const checked = checkOptions(options);
  return async (context) => {
    const { observeProjects } = await import("./projects.ts");
    await observeProjects(checked, context);
  };
}
