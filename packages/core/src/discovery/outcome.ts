import type { ScopeResult } from "@cadastre/contract/discovery";
import { fromScopeName } from "@cadastre/contract/scope";
import { BLANK } from "../ledger/entry.ts";
import type { Arrived } from "./arrived.ts";
import type { Outcome } from "./items.ts";
import type { Losses } from "./losses.ts";

const NOTHING_DONE = { created: 0, updated: 0, retired: 0 };

/** What a run makes of a scope that it completes. `at` is an ISO time. */
export function decideOutcome(
  { scope, states, ...arrived }: Arrived,
  losses: Pick<Losses, "retired" | "held">,
  at: string,
): Outcome {
  const { lease, outcome: before } = scope;
  const { run, generation, digest, errors, status, resources } = lease;
  // When this very run completed the scope before it was interrupted and opened again, what it did is its own.
  const own = before?.run === run ? before.result : NOTHING_DONE;
  // When another run has had the scope meanwhile, the shards that were sent are asked for their numbers again.
  const sent = before?.generation === generation - 1 ? own : NOTHING_DONE;
  const created = arrived.created + sent.created;
  const updated = arrived.updated + sent.updated;
  const retired = arrived.retired + losses.retired + own.retired;
  const result: ScopeResult = {
    ...fromScopeName(scope.name),
    status,
    resources,
    created,
    updated,
    unchanged: Math.max(0, resources - created - updated),
    retired,
    held: losses.held,
  };
  // A scope that says nothing of resources leaves what was known.
  const isSilent = status === "failed" || status === "skipped";
  const changeAt = created + updated + retired > 0 ? at : before?.changeAt;
  return {
    run,
    generation,
    // What an older look did not see is still there, so that the next run has to look at the scope again, whatever it says.
    digest: lease.isOlder ? BLANK : digest,
    errors,
    resources: isSilent ? (before?.resources ?? 0) : resources,
    missing: [...states.values()].reduce((sum, state) => sum + state.missing, 0),
    result,
    runAt: at,
    ...(changeAt ? { changeAt } : {}),
  };
}
