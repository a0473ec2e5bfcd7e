import { newId } from "@cadastre/contract/ids";
import { fromScopeName } from "@cadastre/contract/scope";
import { check, create, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Actor, Context } from "../context.ts";
import { followHold } from "../ledger/gaps.ts";
import { decideHold, isShrinking } from "./decide-hold.ts";
import { HoldItem, type Lease, ScopeItem } from "./items.ts";
import { withShards } from "./lease.ts";
import { recordHold } from "./record-turns.ts";
import { readMissing, retireMissing, sampleOf } from "./retire.ts";
import type { ShardState } from "./shards.ts";
import { sizeAWeekBefore } from "./sizes.ts";

type LeasedScope = Stored<ScopeItem> & { readonly lease: Lease };

export interface Losses {
  readonly retired: number;
  /** How many wait for an operator, or stay because one rejected their loss. */
  readonly held: number;
  readonly retiredShards: readonly number[];
  /** The hold that now stands on the scope. */
  readonly hold: string | undefined;
  /** Whether an operator had approved what was retired. */
  readonly approved: boolean;
  /** To go into the commit that completes the scope. */
  readonly writes: readonly Write[];
}

export const NO_LOSSES: Losses = {
  retired: 0,
  held: 0,
  retiredShards: [],
  hold: undefined,
  approved: false,
  writes: [],
};

/**
 * What becomes of the resources that a complete scope no longer has: retired now, or held. Writes what is retired. Nothing, when
 * the lease does not name all shards that are to lose something: it does from now on, and the scope is to be read anew. So the
 * manifests that tell how many were retired are known, however often the run is killed.
 */
export async function settleLosses(
  context: Context,
  actor: Actor,
  scope: LeasedScope,
  states: ReadonlyMap<number, ShardState>,
): Promise<Losses | undefined> {
  const { lease } = scope;
  const id = { source: scope.source, name: scope.name };
  const hold = scope.hold ? await context.table.get(HoldItem, { id: scope.hold }, { consistent: true }) : undefined;
  const missing = await readMissing(context, scope, states);
  const { fingerprint } = missing;
  const held = missing.idHashes.length;
  const { outcome } = scope;
  const now = context.now();
  const weekAgo = weekBefore(scope, hold, now);
  const had = outcome ? outcome.resources + outcome.missing : 0;
  const losses = { left: lease.resources, missing: held, had, weekAgo, fingerprint };
  const decision = decideHold(context.holdPolicy, losses, hold);
  const at = now.toISOString();
  if (decision === "retire") {
    const lossy = missing.of.flatMap(({ shard, idHashes }) => (idHashes.length > 0 ? [shard] : []));
    if (lossy.some((shard) => !lease.wanted.includes(shard))) {
      const { version, ...item } = scope;
      await context.table.commit([replace(ScopeItem, { ...item, lease: withShards(lease, lossy, states) }, version)]);
      return undefined;
    }
    const { run, generation } = lease;
    const absence = { scope: fromScopeName(scope.name), run, generation, actor, at };
    const guard = [check(ScopeItem, id, scope.version)];
    const retired = await retireMissing(context, scope, missing, absence, guard);
    return {
      retired,
      held: 0,
      retiredShards: missing.of.map(({ shard }) => shard),
      hold: undefined,
      approved: hold?.state === "approved",
      writes: hold ? endWrites(context, actor, hold, { at, run: lease.run }) : [],
    };
  }
  if (decision === "keep") return { ...NO_LOSSES, held, hold: hold?.id };
  const { version: _, weekAgo: __, ...item } = hold?.state === "pending" ? hold : newHold(scope, at);
  const next: HoldItem = {
    ...item,
    generation: lease.generation,
    known: lease.resources + held,
    missing: held,
    ...(isShrinking(context.holdPolicy.share, lease.resources, weekAgo) ? { weekAgo } : {}),
    sample: await sampleOf(context, missing),
    fingerprint,
  };
  const writes =
    hold?.state === "pending"
      ? [replace(HoldItem, next, hold.version)]
      : [
          create(HoldItem, next),
          ...recordHold(context, actor, next, { type: "opened", at, run: lease.run }),
          followHold(id, true, at),
        ];
  return { ...NO_LOSSES, held, hold: next.id, writes };
}

/**
 * What the scope had a week ago. What a hold was opened for stays its measure for as long as it stands: it must not become
 * small by waiting.
 */
function weekBefore({ sizes = [] }: ScopeItem, hold: HoldItem | undefined, now: Date): number | undefined {
  const measured = hold?.state === "pending" || hold?.state === "rejected" ? hold.weekAgo : undefined;
  const known = sizeAWeekBefore(sizes, now.getTime());
  return measured === undefined ? known : Math.max(measured, known ?? 0);
}

/** What becomes of a hold whose scope waits for nobody any more: it is lifted, or what was approved is done. */
function endWrites(
  context: Context,
  actor: Actor,
  { version, ...hold }: Stored<HoldItem>,
  { at, run }: { readonly at: string; readonly run: string },
): Write[] {
  if (hold.state === "approved") return recordHold(context, actor, hold, { type: "finished", at, run });
  if (hold.state !== "pending") return [];
  const lifted: HoldItem = { ...hold, state: "lifted", decidedAt: at };
  return [
    replace(HoldItem, lifted, version),
    ...recordHold(context, actor, lifted, { type: "lifted", at, run }),
    followHold({ source: hold.source, name: hold.scope }, false, at),
  ];
}

function newHold(scope: ScopeItem, at: string): Stored<HoldItem> {
  return {
    id: newId("hold", new Date(at)),
    source: scope.source,
    scope: scope.name,
    ...fromScopeName(scope.name),
    state: "pending",
    generation: 0,
    known: 0,
    missing: 0,
    sample: [],
    fingerprint: "",
    createdAt: at,
    version: 0,
  };
}
