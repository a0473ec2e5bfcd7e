import type { ScopeResult, Totals } from "@cadastre/contract/discovery";
import type { ScopeError, ScopeKey } from "@cadastre/contract/scope";
import type { SpooledScope } from "./manifest.ts";

/**
 * Where a run is: `unchanged` and `closed` are delivered; `spooled` waits on disk for the next delivery; `rejected` was refused
 * by the API for good and is kept in the spool's `rejected` folder for a person to look at.
 */
export type RunState = "unchanged" | "closed" | "spooled" | "rejected";

/** A scope of a run: what was seen here, and what the API made of it. Counts of effects are 0 until it is delivered. */
export interface ScopeRow extends ScopeResult {
  readonly errors: readonly ScopeError[];
}

/** Why a run is not delivered. */
export interface DeliveryProblem {
  /** The API's `area.reason`, or `api.unavailable`, `session.interrupted`, `spool.busy`, `spool.unreadable`. */
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly requestId?: string;
}

export interface RunResult {
  readonly run: string;
  readonly delivered: boolean;
  readonly state: RunState;
  readonly scopes: readonly ScopeRow[];
  readonly totals: Totals;
  /** Bodies of all requests, as sent, retries included. */
  readonly bytesSent: number;
  readonly problem?: DeliveryProblem;
}

export const keyOf = (scope: SpooledScope): ScopeKey => ({
  provider: scope.provider,
  account: scope.account,
  region: scope.region,
  kind: scope.kind,
});

/** A scope that the API had nothing to do for: what was seen is what it knew. */
export function unchangedRow(scope: SpooledScope): ScopeRow {
  const { status, errors, resources } = scope;
  const effects = { created: 0, updated: 0, unchanged: resources, retired: 0, held: 0 };
  return { ...keyOf(scope), status, errors, resources, ...effects };
}

/** A scope of a run of whose delivery nothing is known here: not delivered, or its answer was lost or another process's. */
export function localRow(scope: SpooledScope): ScopeRow {
  return { ...unchangedRow(scope), unchanged: 0 };
}

export function totalsOf(rows: readonly ScopeRow[]): Totals {
  const totals = { resources: 0, created: 0, updated: 0, unchanged: 0, retired: 0 };
  for (const row of rows) {
    totals.resources += row.resources;
    totals.created += row.created;
    totals.updated += row.updated;
    totals.unchanged += row.unchanged;
    totals.retired += row.retired;
  }
  return totals;
}
