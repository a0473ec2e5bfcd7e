import { packEntries, shardDigest, shardOf } from "@cadastre/contract/digest";
import { requireVersion, type ShardApplied, shardUpload } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { parse } from "@cadastre/contract/parse";
import { fromScopeName, fromScopePath, type ScopeKey } from "@cadastre/contract/scope";
import { check, type Stored } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../context.ts";
import { applyChanges, type ChangeCounts, type Finish, GuardError } from "../register/apply.ts";
import { decideObservation } from "../register/decide.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { decideShard, decideStep } from "./decide-shard.ts";
import { type Lease, ManifestItem, ScopeItem } from "./items.ts";
import { announcedDigest, createManifestWrites, stateOf } from "./manifests.ts";
import { parseResources, type Seen } from "./parse-resources.ts";
import { readRun } from "./runs.ts";
import { packHashes } from "./shards.ts";
import { type Reporter, requireBoundScopes } from "./sources.ts";

const IGNORED: ShardApplied = { state: "ignored", created: 0, updated: 0, unchanged: 0, missing: 0 };

export interface ShardAddress {
  readonly run: string;
  /** The scope's name, as such or as a segment of a path. */
  readonly scope: string;
  readonly shard: number;
}

/**
 * Applies one shard of a scope that the run has open: creates and updates what differs from the shard's manifest, notes what
 * the shard no longer has (nothing is retired here). The manifest is in the last commit, and when there are several, in each of
 * them as it then is. Sent again it changes nothing and answers the same. A shard of a run that a newer one has overtaken is ignored, whatever it was in the middle of. Writes resource,
 * event, index, manifest and audit items. Errors: `discovery.scope_not_open`, `discovery.shard_not_wanted`,
 * `discovery.digest_mismatch`, `discovery.run_not_found`, `collector.foreign_account`, `request.conflict`, `request.invalid`
 * with every place.
 */
export async function uploadShard(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  address: ShardAddress,
  body: unknown,
): Promise<ShardApplied> {
  requireVersion(body);
  const name = fromScopePath(address.scope);
  const scope = parseScope(name);
  await requireBoundScopes(reporter, [scope]);
  const { resources } = parse(shardUpload, body);
  const seen = parseResources(scope, resources, "resources");
  const payload = { scope, seen };
  // An overtaken run finds on the next attempt that the scope is no longer its own.
  return retryOnConflict(
    // What a replica may not know yet is refused by its version, and then read strongly.
    (count) => tryUpload(context, actor, reporter, { ...address, scope: name }, payload, { consistent: count > 1 }),
    {
      attempts: 6,
      detail: "other writers keep changing the same shard",
      also: (error) => error instanceof GuardError,
    },
  );
}

function parseScope(name: string): ScopeKey {
  try {
    return fromScopeName(name);
  } catch {
    throw new ProblemError(
      "discovery.scope_not_open",
      `${name.slice(0, 200)} is not a scope: provider/account/region/kind`,
    );
  }
}

/** What a shard has of a scope, parsed. */
interface Payload {
  readonly scope: ScopeKey;
  readonly seen: readonly Seen[];
}

type LeasedScope = Stored<ScopeItem> & { readonly lease: Lease };

/** The scope with the run's lease, which guards all that is written; nothing when a newer run has overtaken it. */
async function readLeased(
  context: Context,
  reporter: Reporter,
  address: ShardAddress,
): Promise<LeasedScope | undefined> {
  const key = { source: reporter.name, name: address.scope };
  for (const consistent of [false, true]) {
    const item = await context.table.get(ScopeItem, key, { consistent });
    if (item?.lease?.run === address.run) return { ...item, lease: item.lease };
  }
  const { scopes } = await readRun(context, reporter, address.run);
  if (scopes.some(({ name }) => name === address.scope)) return undefined;
  throw new ProblemError("discovery.scope_not_open", `${address.scope} was not opened by ${address.run}`);
}

/** Throws unless the resources are those of the shard that the run has announced. Answers the shard's digest. */
function requireShard(item: LeasedScope, { shard, scope: name }: ShardAddress, { scope, seen }: Payload): string {
  const { lease, shardCount } = item;
  const place = lease.wanted.indexOf(shard);
  if (place < 0) throw new ProblemError("discovery.shard_not_wanted", `${name} does not want shard ${shard}`);
  const ids = new Map<string, number>();
  for (const [index, { idHash }] of seen.entries()) {
    const first = ids.get(idHash);
    ids.set(idHash, index);
    const own = shardOf(idHash, shardCount);
    if (first === undefined && own === shard) continue;
    const message =
      first === undefined ? `belongs in shard ${own} of ${shardCount}` : `the id is that of resources[${first}]`;
    throw new ProblemError("request.invalid", `resources[${index}].id: ${message}`, {
      errors: [{ path: `resources[${index}].id`, message }],
    });
  }
  const digest = shardDigest(packEntries(seen));
  const announced = announcedDigest(lease, place);
  if (digest === announced) return digest;
  throw new ProblemError(
    "discovery.digest_mismatch",
    `shard ${shard} of ${scope.kind}: the resources have the digest ${digest}, announced was ${announced}`,
  );
}

const appliedOf = (manifest: ManifestItem): ShardApplied => ({
  state: "applied",
  created: manifest.created,
  updated: manifest.updated,
  unchanged: manifest.unchanged,
  missing: stateOf(manifest).missing,
});

async function tryUpload(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  address: ShardAddress,
  payload: Payload,
  { consistent }: { readonly consistent: boolean },
): Promise<ShardApplied> {
  const item = await readLeased(context, reporter, address);
  if (!item) return IGNORED;
  const digest = requireShard(item, address, payload);
  const { source, name, shardCount } = item;
  const key = { source, name, shardCount, shard: address.shard };
  const manifest = await context.table.get(ManifestItem, key, { consistent });
  if (manifest?.run === address.run && manifest.digest === digest) return appliedOf(manifest);

  const { scope, seen } = payload;
  const { run } = address;
  const changes = decideShard(manifest, seen, run);
  const toWrite = createManifestWrites(context, key, manifest);
  // A run that was interrupted while it retired, and sends a shard again, still tells of what it has retired.
  const retired = manifest?.retired?.generation === item.lease.generation ? { retired: manifest.retired } : {};
  // Changes that this very run made before it was interrupted still count as its own.
  const repeated = new Map<string, string>();
  let applied = IGNORED;
  const finish = async (counts: ChangeCounts): Promise<Finish> => {
    const of = (...types: string[]) => [...repeated.values()].filter((type) => types.includes(type)).length;
    const created = counts.created + of("created", "returned");
    const updated = counts.updated + of("updated");
    const unchanged = seen.length - created - updated;
    const { entries } = changes;
    const missing = packHashes(changes.missing);
    const next: ManifestItem = { ...key, digest, entries, missing, run, created, updated, unchanged, ...retired };
    applied = appliedOf(next);
    return {
      writes: [await toWrite(next)],
      entry: {
        action: "discovery.shard",
        target: `${source}/${name}`,
        detail: { run, shard: address.shard, created, updated },
      },
    };
  };
  const at = context.now().toISOString();
  await applyChanges(context, {
    actor,
    idHashes: [...changes.differing.keys()],
    guard: [check(ScopeItem, { source, name }, item.version)],
    source,
    decide: (hash, stored, ended) => {
      const one = changes.differing.get(hash) as Seen;
      const change = decideObservation(stored, { source, scope, ...one, run, actor: actorName(actor), at }, ended);
      if (change) repeated.delete(hash);
      else if (stored?.lastChange.run === run && stored.lastChange.scope === name)
        repeated.set(hash, stored.lastChange.type);
      return change;
    },
    step: (left) => {
      const known = decideStep(manifest, seen, left);
      return toWrite({ ...key, ...known, run, created: 0, updated: 0, unchanged: 0, ...retired });
    },
    finish,
  });
  return applied;
}
