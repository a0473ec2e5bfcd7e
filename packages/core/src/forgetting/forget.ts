import { ProblemError } from "@cadastre/contract/errors";
import type { ForgetStarted } from "@cadastre/contract/forgetting";
import { toAskedBy } from "../asked-by.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { runNow } from "../jobs/run-now.ts";
import { newRun } from "../jobs/start.ts";
import { type ForgettingState, forgetScopes } from "./forget-scopes.ts";
import { type Meant, requireForgettable } from "./select.ts";

/** Up to so many scopes are forgotten while whoever asks waits, as long as that does not take too long; the rest in the background. */
const MOST_AT_ONCE = 20;
const MOST_SECONDS_AT_ONCE = 15;
/** So many scopes the audit record names. */
const MOST_NAMED = 20;

/** What the record is about: the scope when there is one, else the collector or the account whose scopes are meant. */
const targetOf = ({ source, account = "" }: Meant, [first = "", ...others]: readonly string[]): string =>
  others.length === 0 ? first : (source ?? account);

export interface ForgetOptions extends Meant {
  /** Of the preview that the operator saw; any scopes when absent. */
  readonly fingerprint?: string | undefined;
  readonly reason?: string | undefined;
}

/**
 * Decides that scopes which nobody reports any more are forgotten, with what only they saw. One commit has the audit record and a run of the
 * job `forget-scopes`, which does it: a few scopes before this answers, more afterwards. What is reported meanwhile is left. Errors:
 * `scope.not_found`, `scope.in_use` when one that is meant is reported on time or something is at work on it, `scope.changed` when others are
 * meant than the operator was shown. Writes job and audit items; the job writes resource, event, feed, index, manifest, page, scope, hold and
 * ledger items.
 */
export async function forget(
  context: Context,
  actor: Actor,
  { fingerprint: seen, reason, ...meant }: ForgetOptions,
): Promise<ForgetStarted> {
  const { scopes, fingerprint } = await requireForgettable(context, meant);
  if (seen !== undefined && seen !== fingerprint) throw new ProblemError("scope.changed");
  const now = context.now();
  const { restriction } = context;
  const state: ForgettingState = {
    meant,
    ...(restriction ? { accounts: [...restriction.accounts] } : {}),
    decidedAt: now.toISOString(),
    total: scopes.length,
    forgotten: 0,
    retired: 0,
    actor: toAskedBy(actor),
  };
  const { run, writes } = newRun(forgetScopes, { now, createdBy: actorName(actor), state });
  const names = scopes.slice(0, MOST_NAMED).map(({ source, name }) => `${source}/${name}`);
  await commitRecorded(context, actor, writes, {
    action: "scope.forget",
    target: targetOf(meant, names),
    detail: { ...meant, count: scopes.length, scopes: names, reason: reason ?? "", job: run.id },
  });
  const until = new Date(now.getTime() + MOST_SECONDS_AT_ONCE * 1000);
  if (scopes.length <= MOST_AT_ONCE) await runNow(context, forgetScopes, run.id, until);
  else context.onJobStarted?.();
  return { job: run.id, scopes: scopes.length, fingerprint };
}
