import type { ScopeResult } from "@cadastre/contract/discovery";
import { fromScopeName } from "@cadastre/contract/scope";
import { BLANK } from "../ledger/entry.ts";
import type { Arrived } from "./arrived.ts";
import type { Outcome } from "./items.ts";
import type { Losses } from "./losses.ts";

/** What a run makes of a scope that it completes. `at` is an ISO time. */
export function decideOutcome(
  { scope, states, created, updated }: Arrived,
  losses: Pick<Losses, "retired" | "held">,
  at: string,
): Outcome {
  const { lease, outcome: before } = scope;
  const { run, generation, digest, errors, status, resources } = lease;
  // When this very run completed the scope before it was interrupted and opened again, what it retired is its own.
  const retired = losses.retired + (before?.run === run ? before.result.retired : 0);
  const result: ScopeResult = {
    ...fromScopeName(scope.name),
    status,
    resources,
    created,
    updated,
    unchanged: resources - created - updated,
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
