import type { Collector, collectorPatch } from "@cadastre/contract/collector";
import { ProblemError } from "@cadastre/contract/errors";
import { remove, replace, type Write } from "@cadastre/store/table";
import type * as z from "zod";
import { toAskedBy } from "../asked-by.ts";
import { commitRecorded } from "../audit/commit-recorded.ts";
import { changesBetween } from "../changes.ts";
import { type Actor, actorName, type Context } from "../context.ts";
import { newRun } from "../jobs/start.ts";
import { END_SIGHTINGS, endSource, resumeSource } from "../ledger/ended-sources.ts";
import { administers } from "../policies/authorize.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { bindCredential } from "./bind-credential.ts";
import { readCollector, toCollector } from "./collectors.ts";
import { CollectorItem, CollectorNameItem } from "./items.ts";
import { normalAccounts, requireMayBind, someOf } from "./register-collector.ts";

type State = Collector["state"];

interface Decision {
  readonly verb: "approve" | "reject" | "revoke";
  readonly from: readonly State[];
  readonly to: State;
}

/**
 * What somebody has asked for is for another to allow, or for an admin. Whatever tokens one makes are one's own, and another's are for admins to
 * make, so a principal is one hand. Throws 403 `auth.forbidden`.
 */
async function requireOther(context: Context, actor: Actor, { createdBy }: CollectorItem, does: string): Promise<void> {
  if (createdBy !== actorName(actor) || (await administers(context, actor))) return;
  throw new ProblemError("auth.forbidden", `who registered a collector ${does} only with the role and the scope admin`);
}

/** What follows from a decision, for its commit: whose word the collector's source is, and that what it alone saw of others' ends. */
function consequences(
  { now }: Context,
  actor: Actor,
  { name, state: from }: CollectorItem,
  to: State,
): { readonly writes: readonly Write[]; readonly job?: string } {
  if (to === "approved") return { writes: [resumeSource(name)] };
  const freed = remove(CollectorNameItem, { name });
  if (from !== "approved") return { writes: [freed] };
  const state = { source: name, after: "", ended: 0, actor: toAskedBy(actor) };
  const { run, writes } = newRun({ name: END_SIGHTINGS }, { now: now(), createdBy: actorName(actor), state });
  return { writes: [freed, endSource(name, now()), ...writes], job: run.id };
}

/**
 * Puts a collector into a state; what is rejected or revoked is so for good, and its name becomes free. `version` is what the
 * operator saw (If-Match): 412 `request.precondition_failed` when the collector was changed since.
 */
async function decide(
  context: Context,
  actor: Actor,
  id: string,
  decision: Decision,
  version?: number,
): Promise<Collector> {
  const { verb, from, to } = decision;
  await retryOnConflict(async () => {
    const stored = await readCollector(context, id);
    if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
    if (!from.includes(stored.state)) {
      throw new ProblemError("collector.state", `it is ${stored.state}; to ${verb} it must be ${from.join(" or ")}`);
    }
    if (to === "approved") await requireOther(context, actor, stored, "approves it");
    const decided = { ...stored, state: to, decidedAt: context.now().toISOString(), decidedBy: actorName(actor) };
    const { writes, job } = consequences(context, actor, stored, to);
    await commitRecorded(context, actor, [replace(CollectorItem, decided, stored.version), ...writes], {
      action: `collector.${verb}`,
      target: id,
      changes: [{ path: "state", before: stored.state, after: to }],
      detail: { name: stored.name, keyFingerprint: stored.keyFingerprint, ...(job === undefined ? {} : { job }) },
    });
    if (job !== undefined) context.onJobStarted?.();
  });
  return toCollector(await readCollector(context, id));
}

/** Lets a pending collector deliver. Throws 403 `auth.forbidden` for who registered it, unless an admin, 404 `collector.not_found`, 409 `collector.state`. Writes it and one audit record. */
export function approveCollector(context: Context, actor: Actor, id: string, version?: number): Promise<Collector> {
  return decide(context, actor, id, { verb: "approve", from: ["pending"], to: "approved" }, version);
}

/** Refuses a pending collector for good. Throws 404 `collector.not_found`, 409 `collector.state`. Frees its name. */
export function rejectCollector(context: Context, actor: Actor, id: string, version?: number): Promise<Collector> {
  return decide(context, actor, id, { verb: "reject", from: ["pending"], to: "rejected" }, version);
}

/**
 * Ends a collector at once and for good. Its name becomes free, so that a new key can be registered under it and go on with
 * the same source. Until then nothing that the old key reported is confirmed, and what it alone saw of others' property is
 * retired by a job that this starts. Throws 404 `collector.not_found`, 409 `collector.state`.
 */
export function revokeCollector(context: Context, actor: Actor, id: string, version?: number): Promise<Collector> {
  return decide(context, actor, id, { verb: "revoke", from: ["pending", "approved"], to: "revoked" }, version);
}

export interface PatchOptions {
  /** The version that the caller saw (If-Match); whatever is there now when absent. */
  readonly version?: number | undefined;
  readonly mayReveal?: boolean;
}

/**
 * Changes the accounts or the bound credential (null unbinds) of a pending or approved collector; what changes nothing writes
 * nothing. Throws 412
 * `request.precondition_failed`, 404 `collector.not_found`, 409 `collector.state`, and what `bindCredential` throws.
 */
export async function patchCollector(
  context: Context,
  actor: Actor,
  id: string,
  patch: z.output<typeof collectorPatch>,
  { version, mayReveal = false }: PatchOptions,
): Promise<Collector> {
  await retryOnConflict(async () => {
    const stored = await readCollector(context, id);
    if (version !== undefined && stored.version !== version) throw new ProblemError("request.precondition_failed");
    if (stored.state !== "pending" && stored.state !== "approved") {
      throw new ProblemError("collector.state", `it is ${stored.state}; only pending and approved ones can be changed`);
    }
    const { credential: before, version: current, ...rest } = stored;
    const credential = patch.credential === undefined ? before : (patch.credential ?? undefined);
    const bound = credential === before ? [] : await bindCredential(context, credential, mayReveal);
    const accounts = patch.accounts === undefined ? stored.accounts : normalAccounts(patch.accounts);
    if (patch.accounts !== undefined) await requireMayBind(context, actor, accounts);
    // More accounts than were approved would else need no approval.
    if (stored.state === "approved" && accounts.some((account) => !stored.accounts.includes(account)))
      await requireOther(context, actor, stored, "gives it more accounts");
    const patched: CollectorItem = { ...rest, accounts, ...(credential === undefined ? {} : { credential }) };
    const changes = [
      ...(changesBetween(stored.accounts, accounts).length === 0
        ? []
        : [{ path: "accounts", before: someOf(stored.accounts), after: someOf(accounts) }]),
      ...(credential === before ? [] : [{ path: "credential", before: before ?? null, after: credential ?? null }]),
    ];
    if (changes.length === 0) return;
    await commitRecorded(context, actor, [replace(CollectorItem, patched, current), ...bound], {
      action: "collector.patch",
      target: id,
      changes,
    });
  });
  return toCollector(await readCollector(context, id));
}
