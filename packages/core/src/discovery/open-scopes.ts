import type { ScopeVerdict } from "@cadastre/contract/discovery";
import type { Stored } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { inGroups, inParallel } from "../in-parallel.ts";
import { type Cut, decideCut } from "./cut.ts";
import { ScopeItem } from "./items.ts";
import { decideLease, type Incoming, type Known, NOT_KNOWN, type Opened, type Opener } from "./lease.ts";
import { readManifests, readStates, stateOf } from "./manifests.ts";
import { cutAnew } from "./recut.ts";

/** Scopes that are read together, and such groups at a time. */
const GROUP_SCOPES = 100;
const GROUPS_AT_ONCE = 4;
const CUTS_AT_ONCE = 4;

export interface OpenedScopes {
  /** Not empty: nothing is opened; the collector must cut these scopes otherwise first. */
  readonly resharded: ReadonlyMap<string, ScopeVerdict>;
  readonly opened: ReadonlyMap<string, Opened>;
}

/** Reads what is known of the scopes. One that is not in the ledger was never opened: there is nothing to read of it. */
async function readKnown(context: Context, source: string, names: readonly string[]): Promise<Map<string, Known>> {
  const groups = await inParallel(inGroups(names, GROUP_SCOPES), GROUPS_AT_ONCE, async (group) => {
    const keys = group.map((name) => ({ source, name }));
    const stored = await context.table.getMany(ScopeItem, keys, { consistent: true });
    const scopes = stored.filter((scope) => scope !== undefined);
    const states = await readStates(context, scopes);
    // A run that was never completed may have written manifests that the pages do not know of.
    const ofScope = new Map(scopes.map((scope, place) => [scope, states[place] ?? new Map()]));
    await readManifests(context, scopes, ({ scope, shard, manifest }) => {
      ofScope.get(scope)?.set(shard, stateOf(manifest));
    });
    return [...ofScope].map(([scope, of]) => [scope.name, { scope, states: of }] as const);
  });
  return new Map(groups.flat());
}

function cutOf(incoming: Incoming, { scope, states }: Known): Cut {
  if (!scope) return decideCut(undefined, incoming);
  const mostMissing = Math.max(0, ...[...states.values()].map((state) => state.missing));
  return decideCut({ shardCount: scope.shardCount, mostMissing }, incoming);
}

/**
 * Reads the changed scopes and decides their leases, which the caller commits. Writes nothing itself, unless a scope is cut
 * anew. `isKnown` says whether a scope is in the ledger. Throws ConflictError when another run opens one of the scopes.
 */
export async function openScopes(
  context: Context,
  opener: Opener,
  changed: readonly Incoming[],
  isKnown: (name: string) => boolean,
): Promise<OpenedScopes> {
  const names = changed.map(({ name }) => name).filter(isKnown);
  const known = await readKnown(context, opener.source, names);
  const cuts = changed.map((incoming) => {
    const of = known.get(incoming.name) ?? NOT_KNOWN;
    return { incoming, known: of, cut: cutOf(incoming, of) };
  });
  const resharded = cuts.filter(({ cut }) => cut.act === "reshard");
  if (resharded.length > 0) {
    const verdicts = resharded.map(({ incoming, cut: { shardCount } }) => {
      return [incoming.name, { verdict: "reshard" as const, shardCount }] as const;
    });
    return { resharded: new Map(verdicts), opened: new Map() };
  }
  const opened = await inParallel(cuts, CUTS_AT_ONCE, async ({ incoming, known: before, cut }) => {
    const isCutAnew = cut.act === "recut" && hasScope(before);
    const now = isCutAnew ? await cutAnew(context, opener, before, incoming, cut.shardCount) : before;
    return [incoming.name, decideLease(opener, incoming, now, cut.shardCount)] as const;
  });
  return { resharded: new Map(), opened: new Map(opened) };
}

const hasScope = (known: Known): known is Known & { readonly scope: Stored<ScopeItem> } => known.scope !== undefined;
