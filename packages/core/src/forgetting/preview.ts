import { unpackEntries } from "@cadastre/contract/digest";
import { type ForgetPreview, type Forgettable, MOST_LOOKED_AT, MOST_SHOWN } from "@cadastre/contract/forgetting";
import { fromScopeName } from "@cadastre/contract/scope";
import type { Context } from "../context.ts";
import { ManifestItem, ScopeItem } from "../discovery/items.ts";
import { ResourceItem } from "../register/items.ts";
import { type Meant, requireForgettable, type Selected } from "./select.ts";

/** Scopes whose resources are looked at. */
const MOST_SCOPES = 500;
/** Shards that are read at a time. */
const SHARDS_AT_ONCE = 50;

/** The resources that some scopes have, by their manifests, until there are too many. */
async function readIds(
  { table }: Context,
  scopes: Selected["scopes"],
): Promise<{ readonly ids: ReadonlySet<string>; readonly isCut: boolean }> {
  const ids = new Set<string>();
  const stored = await table.getMany(ScopeItem, scopes.slice(0, MOST_SCOPES));
  for (const { source, name, shardCount } of stored.filter((scope) => scope !== undefined)) {
    for (let first = 0; first < shardCount; first += SHARDS_AT_ONCE) {
      const length = Math.min(SHARDS_AT_ONCE, shardCount - first);
      const keys = Array.from({ length }, (_, n) => ({ source, name, shardCount, shard: first + n }));
      for (const manifest of await table.getMany(ManifestItem, keys)) {
        for (const { idHash } of manifest ? unpackEntries(manifest.entries) : []) {
          if (ids.size === MOST_LOOKED_AT && !ids.has(idHash)) return { ids, isCut: true };
          ids.add(idHash);
        }
      }
    }
  }
  return { ids, isCut: scopes.length > MOST_SCOPES };
}

function toForgettable({ source, name, cause, status, reportedAt }: Selected["scopes"][number]): Forgettable {
  return {
    source,
    ...fromScopeName(name),
    cause,
    ...(status === undefined ? {} : { status }),
    ...(reportedAt === undefined ? {} : { lastRunAt: reportedAt }),
  };
}

/**
 * Which scopes would be forgotten, and what would be retired with them: what no other scope claims. Of many only the first
 * thousand resources are looked at, and the first 500 scopes. Writes nothing. Errors: `scope.not_found`, `scope.in_use`.
 */
export async function previewForget(context: Context, meant: Meant): Promise<ForgetPreview> {
  const { scopes, fingerprint } = await requireForgettable(context, meant);
  const { ids, isCut } = await readIds(context, scopes);
  const names = new Set(scopes.map(({ source, name }) => `${source}\n${name}`));
  const items = await context.table.getMany(
    ResourceItem,
    [...ids].map((idHash) => ({ idHash })),
  );
  const active = items.filter((item) => item?.status === "active").filter((item) => item !== undefined);
  const gone = active.filter(({ claims }) => claims.every(({ source, scope }) => names.has(`${source}\n${scope}`)));
  return {
    fingerprint,
    scopes: scopes.length,
    some: scopes.slice(0, MOST_SHOWN).map(toForgettable),
    retires: gone.length,
    stays: active.length - gone.length,
    ...(isCut ? { more: true as const } : {}),
    sample: gone.slice(0, MOST_SHOWN).map(({ id, name }) => ({ id, name })),
  };
}
