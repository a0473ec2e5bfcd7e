import type { Entry } from "@cadastre/contract/digest";
import {
  contentHash,
  HASH_BYTES,
  idHash,
  packEntries,
  shardDigest,
  shardOf,
  unpackEntries,
} from "@cadastre/contract/digest";
import { requireVersion, type ShardApplied, shardUpload } from "@cadastre/contract/discovery";
import { ProblemError } from "@cadastre/contract/errors";
import { parse, toFieldErrors } from "@cadastre/contract/parse";
import {
  type ObservedResource,
  RESOURCE_BYTES,
  requireBelongs,
  resourceSchema,
  unstorable,
} from "@cadastre/contract/resource";
import { fromScopeName, fromScopePath, type ScopeKey } from "@cadastre/contract/scope";
import { ConflictError } from "@cadastre/store/errors";
import { check, create, replace } from "@cadastre/store/table";
import { type Actor, actorName, type Context } from "../context.ts";
import { applyChanges, GuardError } from "../register/apply.ts";
import { decideObservation } from "../register/decide.ts";
import { type Lease, ManifestItem, RunItem, RunPageItem, ScopeItem } from "./items.ts";
import { digestAt } from "./lease.ts";
import { packHashes, unpackHashes } from "./shards.ts";
import { type Reporter, requireBoundScopes } from "./sources.ts";

const ATTEMPTS = 6;

export interface Seen extends Entry {
  readonly resource: ObservedResource;
}

const IGNORED: ShardApplied = { state: "ignored", created: 0, updated: 0, unchanged: 0, missing: 0 };

export interface ShardAddress {
  readonly run: string;
  /** The scope's name, as such or as a segment of a path. */
  readonly scope: string;
  readonly shard: number;
}

/**
 * Applies one shard of a scope that the run has open: creates and updates what differs from the shard's manifest, notes what
 * the shard no longer has (nothing is retired here), and writes the manifest last. Sent again it changes nothing and answers
 * the same. A shard of a run that a newer one has overtaken is ignored, whatever it was in the middle of. Writes resource,
 * event, index, manifest and audit items. Errors: `discovery.scope_not_open`, `discovery.shard_not_wanted`,
 * `discovery.digest_mismatch`, `discovery.run_not_found`, `collector.foreign_account`, `request.invalid` with every place.
 */
export async function uploadShard(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  at: ShardAddress,
  body: unknown,
): Promise<ShardApplied> {
  requireVersion(body);
  const address = { ...at, scope: fromScopePath(at.scope) };
  const scope = parseScope(address.scope);
  requireBoundScopes(reporter, [scope]);
  const { resources } = parse(shardUpload, body);
  const seen = parseResources(scope, resources, "resources");
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryUpload(context, actor, reporter, address, scope, seen);
    } catch (error) {
      // An overtaken run finds on the next attempt that the scope is no longer its own.
      if (!(error instanceof ConflictError || error instanceof GuardError)) throw error;
      if (attempt === ATTEMPTS)
        throw new ProblemError("request.conflict", "other writers keep changing the same shard", { cause: error });
    }
  }
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

/** Parses what a shard or a small payload has of one scope. All that is wrong is named, each with its place below `path`. */
export function parseResources(
  scope: ScopeKey,
  raw: readonly { readonly id: string; readonly [member: string]: unknown }[],
  path: string,
): Seen[] {
  const schema = resourceSchema(scope.kind);
  const errors: { path: string; message: string }[] = [];
  const seen = raw.flatMap((resource, at): Seen[] => {
    const place = `${path}[${at}]`;
    const parsed = schema.safeParse(resource);
    if (!parsed.success) {
      errors.push(...toFieldErrors(parsed.error, { prefix: place }));
      return [];
    }
    requireBelongs(scope, parsed.data.id, place);
    const bad = unstorable(resource) ?? tooLarge(resource);
    if (bad) {
      errors.push({ path: place, message: bad });
      return [];
    }
    return [
      {
        idHash: idHash(scope.kind, resource.id),
        contentHash: contentHash(scope.kind, resource),
        resource: parsed.data,
      },
    ];
  });
  if (errors.length > 0)
    throw new ProblemError("request.invalid", `${errors[0]?.path}: ${errors[0]?.message}`, {
      errors: errors.slice(0, 50),
    });
  return seen;
}

function tooLarge(resource: object): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(resource));
  return bytes > RESOURCE_BYTES ? `has ${bytes} bytes; at most ${RESOURCE_BYTES} are allowed` : undefined;
}

/** The lease of the run on the scope, with the item that guards it; nothing when a newer run has overtaken it. */
async function requireLease(
  context: Context,
  reporter: Reporter,
  address: ShardAddress,
): Promise<{ item: ScopeItem & { version: number }; lease: Lease } | undefined> {
  const key = { source: reporter.name, name: address.scope };
  for (const consistent of [false, true]) {
    const item = await context.table.get(ScopeItem, key, { consistent });
    if (item?.lease?.run === address.run) return { item, lease: item.lease };
  }
  const run = await context.table.get(RunItem, { run: address.run }, { consistent: true });
  if (!run || run.source !== reporter.name)
    throw new ProblemError("discovery.run_not_found", `${address.run} is not a run of this collector`);
  const pages = await context.table.getMany(
    RunPageItem,
    Array.from({ length: run.pages }, (_, page) => ({ run: run.run, page })),
    { consistent: true },
  );
  const scopes = [...run.scopes, ...pages.flatMap((page) => page?.scopes ?? [])];
  if (!scopes.some((scope) => scope.name === address.scope && !scope.same)) {
    throw new ProblemError("discovery.scope_not_open", `${address.scope} was not opened by ${address.run}`);
  }
  return undefined;
}

function requireShard(
  scope: ScopeKey,
  lease: Lease,
  shardCount: number,
  address: ShardAddress,
  seen: readonly Seen[],
): string {
  const at = lease.wanted.indexOf(address.shard);
  if (at < 0)
    throw new ProblemError("discovery.shard_not_wanted", `${address.scope} does not want shard ${address.shard}`);
  const ids = new Map<string, number>();
  seen.forEach((one, place) => {
    const first = ids.get(one.idHash);
    const message =
      first !== undefined
        ? `the id is that of resources[${first}]`
        : shardOf(one.idHash, shardCount) !== address.shard
          ? `belongs in shard ${shardOf(one.idHash, shardCount)} of ${shardCount}`
          : undefined;
    ids.set(one.idHash, place);
    if (message)
      throw new ProblemError("request.invalid", `resources[${place}].id: ${message}`, {
        errors: [{ path: `resources[${place}].id`, message }],
      });
  });
  const digest = shardDigest(packEntries(seen));
  const announced = digestAt(lease, at);
  if (digest !== announced) {
    throw new ProblemError(
      "discovery.digest_mismatch",
      `shard ${address.shard} of ${scope.kind}: the resources have the digest ${digest}, announced was ${announced}`,
    );
  }
  return digest;
}

async function tryUpload(
  context: Context,
  actor: Actor,
  reporter: Reporter,
  address: ShardAddress,
  scope: ScopeKey,
  seen: readonly Seen[],
): Promise<ShardApplied> {
  const { table } = context;
  const held = await requireLease(context, reporter, address);
  if (!held) return IGNORED;
  const { item: scopeItem, lease } = held;
  const { source, name, shardCount } = scopeItem;
  const digest = requireShard(scope, lease, shardCount, address, seen);
  const key = { source, name, shardCount, shard: address.shard };
  const manifest = await table.get(ManifestItem, key);
  const missingOf = (of: ManifestItem) => of.missing.byteLength / HASH_BYTES;
  if (manifest?.run === address.run && manifest.digest === digest) {
    return {
      state: "applied",
      created: manifest.created,
      updated: manifest.updated,
      unchanged: manifest.unchanged,
      missing: missingOf(manifest),
    };
  }

  const now = context.now();
  const known = new Map(manifest ? unpackEntries(manifest.entries).map((entry) => [entry.idHash, entry]) : []);
  // What was missing may have been retired by a run that died before it could write the manifest: it is looked at again.
  const doubtful = new Set(manifest ? unpackHashes(manifest.missing) : []);
  const isKnown = (one: Seen) => known.get(one.idHash)?.contentHash === one.contentHash && !doubtful.has(one.idHash);
  const differing = new Map(seen.filter((one) => !isKnown(one)).map((one) => [one.idHash, one]));
  const present = new Set(seen.map((one) => one.idHash));
  const missing = [...known.values()].filter((entry) => !present.has(entry.idHash));
  let repeated = { created: 0, updated: 0 };
  let applied: ShardApplied = IGNORED;
  await applyChanges(context, {
    actor,
    idHashes: [...differing.keys()],
    guard: [check(ScopeItem, { source, name }, scopeItem.version)],
    decide: (hash, stored) => {
      const one = differing.get(hash) as Seen;
      const change = decideObservation(stored, {
        source,
        scope,
        ...one,
        run: address.run,
        actor: actorName(actor),
        at: now.toISOString(),
      });
      if (!change && stored?.lastChange.run === address.run) repeated = addRepeated(repeated, stored.lastChange.type);
      return change;
    },
    finish: (counts) => {
      const created = counts.created + repeated.created;
      const updated = counts.updated + repeated.updated;
      applied = {
        state: "applied",
        created,
        updated,
        unchanged: seen.length - created - updated,
        missing: missing.length,
      };
      const next: ManifestItem = {
        ...key,
        digest,
        entries: packEntries([...seen, ...missing]),
        missing: packHashes(missing.map((entry) => entry.idHash)),
        run: address.run,
        created,
        updated,
        unchanged: applied.unchanged,
      };
      repeated = { created: 0, updated: 0 };
      return {
        writes: [manifest ? replace(ManifestItem, next, manifest.version) : create(ManifestItem, next)],
        entry: {
          action: "discovery.shard",
          target: `${source}/${name}`,
          detail: { run: address.run, shard: address.shard, created, updated },
        },
      };
    },
  });
  return applied;
}

/** A change that this very run made before it was interrupted still counts as this run's. */
function addRepeated(counts: { created: number; updated: number }, type: string): { created: number; updated: number } {
  if (type === "created" || type === "returned") return { ...counts, created: counts.created + 1 };
  return type === "updated" ? { ...counts, updated: counts.updated + 1 } : counts;
}
