import * as z from "zod";
import type { Context } from "../../context.ts";
import { defineJob, type Step, type StepResult } from "../../jobs/define.ts";
import { findResources } from "../../register/search.ts";
import { allOf, type Term } from "../../subjects/query.ts";
import { ADDRESS_SPACES_PARTITION, AddressSpaceListItem } from "../spaces/items.ts";
import { TRACKED_PARTITIONS, TrackedItem } from "./items.ts";
import { OBSERVE_JOB } from "./observing.ts";
import { reconcileResource } from "./reconcile.ts";

/** Resources that one step takes. */
const STEP_RESOURCES = 40;

/** Networks before their subnets, so that what is taken over by itself is in that order; then what may have been left standing. */
const PHASES = ["network", "subnet", ...TRACKED_PARTITIONS] as const;

const observing = z.object({ phase: z.int(), cursor: z.string().optional(), done: z.int() });
type Observing = z.output<typeof observing>;

async function resourcesOf(context: Context, phase: string, cursor: string | undefined) {
  if (phase === "network" || phase === "subnet") {
    const kind: Term = { type: "term", field: "kind", any: [phase] };
    const status: Term = { type: "term", field: "status", any: ["active"] };
    const page = await findResources(
      context,
      { text: "", tree: allOf(kind, status) },
      { limit: STEP_RESOURCES, cursor },
    );
    return { keys: page.items.map(({ key }) => key.slice("res_".length)), cursor: page.cursor };
  }
  const page = await context.table.query(TrackedItem, { partition: phase, limit: STEP_RESOURCES, cursor });
  return { keys: page.items.map(({ resource }) => resource), cursor: page.cursor };
}

async function hasSpaces({ table }: Context): Promise<boolean> {
  const page = await table.query(AddressSpaceListItem, {
    partition: ADDRESS_SPACES_PARTITION,
    limit: 1,
    consistent: true,
  });
  return page.items.length > 0;
}

async function observe(context: Context, { state }: Step<Observing>): Promise<StepResult<Observing>> {
  const phase = PHASES[state.phase];
  const progress = (done: number) => ({ done, unit: "resources" });
  if (phase === undefined || !(await hasSpaces(context))) return { state, progress: progress(state.done), done: true };
  const { keys, cursor } = await resourcesOf(context, phase, state.cursor);
  for (const key of keys) await reconcileResource(context, key);
  const done = state.done + keys.length;
  const next = cursor === undefined ? { phase: state.phase + 1 } : { phase: state.phase, cursor };
  return { state: { ...next, done }, progress: progress(done), done: next.phase === PHASES.length };
}

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
  step: observe,
});
