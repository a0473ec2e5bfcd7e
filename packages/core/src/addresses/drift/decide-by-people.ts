import type { Drift, DriftDecision, DriftIgnorance } from "@cadastre/contract/addresses/drift";
import { ProblemError } from "@cadastre/contract/errors";
import type { Stored } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace } from "../spaces/gate.ts";
import { requireSpace } from "../spaces/read.ts";
import { driftWrites } from "./change.ts";
import { stateAt } from "./decide-drift.ts";
import { DriftItem } from "./items.ts";
import { toDriftView } from "./list-drift.ts";

interface Where {
  readonly space: string;
  readonly id: string;
}

const DAY_SECONDS = 86_400;

async function requireDrift({ table }: Context, where: Where): Promise<Stored<DriftItem>> {
  const stored = await table.get(DriftItem, where, { consistent: true });
  if (!stored) throw new ProblemError("drift.not_found");
  return stored;
}

/** One drift. Throws 404 `space.not_found`, `drift.not_found`. */
export async function getDrift(context: Context, where: Where): Promise<Drift> {
  await requireSpace(context, where.space);
  return toDriftView(await requireDrift(context, where), context.now());
}

type Said = Pick<DriftItem, "state" | "reason"> & Partial<Pick<DriftItem, "until" | "expiresAtSeconds">>;

async function decide(
  context: Context,
  actor: Actor,
  { space, id }: Where,
  action: "drift.acknowledge" | "drift.ignore" | "drift.resolve",
  said: Said,
): Promise<Drift> {
  await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    const stored = await requireDrift(context, { space, id });
    const now = context.now().toISOString();
    if (stateAt(stored, now) === "resolved") throw new ProblemError("drift.resolved");
    const { version: _, until: __, reason: ___, by: ____, ...kept } = stored;
    const next: DriftItem = {
      ...kept,
      ...said,
      by: actorName(actor),
      changedAt: laterOf(now, stored.changedAt),
      revision: stored.revision + 1,
    };
    const told = ({ state, reason, until }: DriftItem) => ({ state, reason, until });
    const changes = changesBetween(told(stored), told(next));
    const writes = [...driftWrites(context, stored, next, actorName(actor)), gate];
    await commitRecorded(context, actor, writes, { action, target: `${space}/${id}`, changes });
  });
  return getDrift(context, { space, id });
}

/**
 * Says that somebody has seen drift and deals with it. Throws 404 `space.not_found`, `drift.not_found`, 409 `drift.resolved`. Writes it, that it
 * was changed, and one audit record.
 */
export function acknowledgeDrift(
  context: Context,
  actor: Actor,
  where: Where,
  { reason }: DriftDecision,
): Promise<Drift> {
  return decide(context, actor, where, "drift.acknowledge", { state: "acknowledged", reason });
}

/** Ignores drift until a time, or while its evidence is the same. Throws and writes the same, and 422 `request.invalid` for a time that is over. */
export async function ignoreDrift(
  context: Context,
  actor: Actor,
  where: Where,
  { reason, until }: DriftIgnorance,
): Promise<Drift> {
  const end = until === undefined ? undefined : new Date(until);
  if (end && end.getTime() <= context.now().getTime())
    throw new ProblemError("request.invalid", "until: this time is over", {
      errors: [{ path: "until", message: "this time is over" }],
    });
  return decide(context, actor, where, "drift.ignore", {
    state: "ignored",
    reason,
    ...(end ? { until: end.toISOString() } : {}),
  });
}

/** Takes drift for resolved; whoever finds it once more opens it again. Throws and writes the same. */
export function resolveDrift(context: Context, actor: Actor, where: Where, { reason }: DriftDecision): Promise<Drift> {
  const expiresAtSeconds = Math.floor(context.now().getTime() / 1000) + context.retentionDays * DAY_SECONDS;
  return decide(context, actor, where, "drift.resolve", { state: "resolved", reason, expiresAtSeconds });
}
