import { defineJob } from "../../jobs/define.ts";
import { OBSERVE_JOB, type Observing, observing } from "./observing.ts";

/**
 * Works out anew where the networks and subnets of the register stand among the spaces. A change of rules starts it; it comes round by itself
 * for what no change tells of, such as a subnet that its owner confirms as others have seen it. What it does to a resource is the same whoever
 * does it at the same time, so a runner that was thought dead does no harm.
 */
export const observeJob = defineJob<Observing>({
  name: OBSERVE_JOB,
  about:
    "Works out in which address spaces networks and subnets are; until then what a changed rule claims stays where it was",
  schedule: "25 */6 * * *",
  initial: { phase: 0, done: 0 },
  leaseSeconds: 120,
  state: observing,
  // What it needs of the search is loaded when there is something to do.
  step: async (context, step) => (await import("./observe.ts")).observe(context, step),
});
