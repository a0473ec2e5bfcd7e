import type { KindName } from "@cadastre/contract/kinds/names";
import type { Log } from "@cadastre/contract/log";
import type { ResourceInput } from "@cadastre/contract/resource";
import type { ScopeError, ScopeKey, ScopeStatus } from "@cadastre/contract/scope";

/** What a provider's collector is given. Nothing else reaches it: no clock, log or environment of its own. */
export interface ObserveContext {
  readonly recorder: Recorder;
  readonly now: () => Date;
  /** Aborted when the run must end (Ctrl-C, the runtime's own limit): open scopes are then finished as failed or partial. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** How long one scope may take before it is given up, so that one hanging region cannot take the run. */
  readonly scopeDeadlineMilliseconds: number;
}

/** Where observations go: to disk, a scope at a time, until the API has said which shards it wants. */
export interface Recorder {
  /** Starts a scope. A scope is started once in a run; one that is never finished is reported as failed. */
  start<K extends KindName>(scope: ScopeKey & { readonly kind: K }): ScopeRecorder<K>;
}

export interface ScopeRecorder<K extends KindName> {
  /** Takes one resource. The same id again with the same content is dropped; with other content it is reported and the first one stays. */
  add(resource: ResourceInput<K>): void;
  /** What has been seen is all there is (`complete`), or not, with the reasons. `failed` and `skipped` drop what was added. */
  finish(status: ScopeStatus, errors?: readonly ScopeError[]): void;
  readonly count: number;
}

/** One provider's collector: finds its scopes and records them. Never throws for what one scope met; that is the scope's status. */
export type Observe = (context: ObserveContext) => Promise<void>;

/** What of an observer's context is there before a run is. */
export type LookContext = Omit<ObserveContext, "recorder">;

/**
 * A collector whose estate may be too large for one run: finds out what there is to look at, and answers an observer for each run
 * that it takes. Rejects when there is nothing that is known.
 */
export type Split = (context: LookContext) => Promise<readonly Observe[]>;

/** A collector that is always one run. */
export const inOnePart =
  (observe: Observe): Split =>
  async () => [observe];
