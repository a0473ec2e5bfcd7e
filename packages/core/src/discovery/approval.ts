import type { Hold } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { fromScopeName } from "@cadastre/contract/scope";
import { COMMIT_LIMIT, put, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Actor, Context } from "../context.ts";
import { inGroups } from "../in-parallel.ts";
import { type HoldItem, PageItem, ScopeItem } from "./items.ts";
import { readStates } from "./manifests.ts";
import { recordHold } from "./record-turns.ts";
import { type Absence, type Missing, readMissing } from "./retire.ts";
import { readRunItem } from "./runs.ts";
import { EMPTY_DIGEST, type ShardState, toPages } from "./shards.ts";

/** The scope that a hold stands on, and what it is missing. */
export interface Approval {
  readonly scope: Stored<ScopeItem>;
  readonly missing: Missing;
}

/**
 * Reads what an approval is about. Throws unless that is what the operator was shown, or the rest of it: `hold.decided`,
 * `hold.changed`, and `request.conflict` while a run that may have added to the rest has the scope open.
 */
export async function readApproval(
  context: Context,
  hold: Stored<HoldItem>,
  scope: Stored<ScopeItem> | undefined,
): Promise<Approval> {
  const isStanding = scope?.hold === hold.id;
  if (hold.state !== "pending" && !(hold.state === "approved" && isStanding))
    throw new ProblemError("hold.decided", `the hold is ${hold.state}`);
  if (!scope || !isStanding) throw new ProblemError("hold.changed");
  const [states = new Map<number, ShardState>()] = await readStates(context, [scope]);
  const missing = await readMissing(context, scope, states);
  if (missing.fingerprint === hold.fingerprint) return { scope, missing };
  if (hold.state === "pending") throw new ProblemError("hold.changed");
  // Of an approval that was interrupted a part is left, and it is not known which, once a later run may have added to it.
  await requireNoRun(context, scope);
  if (scope.generation !== hold.generation) throw new ProblemError("hold.changed");
  return { scope, missing };
}

/**
 * Throws `request.conflict` while a run has the scope open: it may see again what it is to be retired, and its uploads change
 * resources without changing the scope. One that has ended, or was forgotten after 30 days, sends nothing more.
 */
export async function requireNoRun(context: Context, { lease }: ScopeItem): Promise<void> {
  if (!lease || (await readRunItem(context, lease.run)) === undefined) return;
  throw new ProblemError("request.conflict", "a run has the scope open; what is approved is retired when it is done");
}

/** How what a hold is about is retired. */
export function absenceOf(context: Context, actor: Actor, hold: HoldItem): Absence {
  return { scope: fromScopeName(hold.scope), run: hold.id, actor, at: context.now().toISOString() };
}

/**
 * Ends an approval whose resources are all retired: the scope shows neither them nor the hold. `guard` goes into each commit but
 * the last, which rests on the scope's version itself, as `also` does. Throws ConflictError when a run has the scope by now.
 */
export async function finishApproval(
  context: Context,
  actor: Actor,
  hold: Omit<Hold, "version">,
  scope: Stored<ScopeItem>,
  { guard, also = [] }: { readonly guard: readonly Write[]; readonly also?: readonly Write[] },
): Promise<void> {
  const [states = new Map<number, ShardState>()] = await readStates(context, [scope]);
  const shards = [...states].flatMap(([shard, { missing }]) => (missing > 0 ? [shard] : []));
  for (const shard of shards) states.set(shard, { digest: states.get(shard)?.digest ?? EMPTY_DIGEST, missing: 0 });
  const pages = toPages(scope, scope.shardCount, states, shards).map((page) => put(PageItem, page));
  const at = context.now().toISOString();
  // As in a run that retires what was approved, sizes begin anew.
  const { version, hold: _, sizes: __, ...item } = scope;
  const outcome = item.outcome && { ...item.outcome, missing: 0, changeAt: at };
  const last = [
    ...also,
    replace(ScopeItem, { ...item, ...(outcome ? { outcome } : {}) }, version),
    ...recordHold(context, actor, hold, { type: "finished", at, run: hold.id }),
  ];
  const [first = [], ...rest] = inGroups(pages, COMMIT_LIMIT - last.length);
  for (const group of rest) await context.table.commit([...guard, ...group]);
  await context.table.commit([...last, ...first]);
}
