import type { KindName } from "@cadastre/contract/kinds/names";
import { forEachWithin } from "../concurrency.ts";
import type { ObserveContext } from "../observe.ts";
import type { GcpScopeError } from "./errors.ts";
import { observeListing, type ProjectView } from "./listing.ts";
import { createRegionScopes, GLOBAL, type RegionScopes } from "./region-scopes.ts";
import { askSharedVpcHost } from "./shared-vpc.ts";
import type { Step } from "./step.ts";
import { GCP_KINDS, GCP_STEPS } from "./steps.ts";

/** What a step met that is not of one region alone. */
interface Outcome {
  readonly step: Pick<Step<KindName, unknown>, "kind" | "member" | "globalElsewhere">;
  readonly errors: readonly GcpScopeError[];
}

/**
 * Looks at all kinds of one project. The listings run side by side, each with a deadline of its own, so that a project that hangs
 * is given up after one deadline. The regions are those that the aggregated lists name; a list that fails as a whole fails every
 * region that the project's other lists have named. Rejects only when the recorder does.
 */
export async function observeProject(view: ProjectView): Promise<void> {
  const { context, project } = view;
  const kinds = openKinds(context, project);
  const scopesOf = (step: Pick<Outcome["step"], "kind">) => kinds.get(step.kind) as RegionScopes<KindName>;
  const host = askSharedVpcHost(view);
  const outcomes: Outcome[] = [];
  await forEachWithin(GCP_STEPS.length, GCP_STEPS, async (step) => {
    outcomes.push({ step, errors: await observeListing(view, step, scopesOf(step), host) });
  });
  const { error } = await host;
  if (error) for (const step of GCP_STEPS) if (step.needsSharedVpcHost) scopesOf(step).note(GLOBAL, error);
  const known = [...new Set([...kinds.values()].flatMap((scopes) => scopes.regions()))];
  for (const { step, errors } of outcomes) {
    for (const region of affected(step, known)) {
      for (const each of errors) scopesOf(step).note(region, each);
    }
  }
  for (const scopes of kinds.values()) scopes.finish();
}

/** Records that nothing of a project could be seen: a failed scope for each kind, never an empty one. */
export function failProject(context: ObserveContext, project: string, error: GcpScopeError): void {
  for (const scopes of openKinds(context, project).values()) {
    scopes.note(GLOBAL, error);
    scopes.finish();
  }
}

function openKinds(context: ObserveContext, project: string): ReadonlyMap<KindName, RegionScopes<KindName>> {
  return new Map([...GCP_KINDS].map((kind) => [kind, createRegionScopes({ context, project, kind })]));
}

function affected(step: Outcome["step"], known: readonly string[]): readonly string[] {
  if (step.member === undefined) return [GLOBAL];
  return step.globalElsewhere && known.length > 0 ? known : [GLOBAL, ...known];
}
