import { fromScopeName } from "@cadastre/contract/scope";
import type { Context } from "../context.ts";
import { IndexItem } from "../subjects/items.ts";
import { partitions, subjectOf } from "../subjects/keys.ts";
import { ResourceItem } from "./items.ts";

/** After every key that begins so. */
const END = "\u{10ffff}";

export interface ClaimedOptions {
  readonly status: "active" | "retired";
  /** The sort key that the stretch before ended with. */
  readonly after?: string | undefined;
  /** How many entries of the index are looked at. */
  readonly limit: number;
}

/**
 * The id hashes of what a scope claims among a stretch of the list of its place, read strongly, whatever any manifest says; `next` when there is more of
 * the list.
 */
export async function readClaimed(
  { table }: Context,
  { source, name }: { readonly source: string; readonly name: string },
  { status, after, limit }: ClaimedOptions,
): Promise<{ readonly claimed: readonly string[]; readonly next: string | undefined }> {
  const { provider, account, region, kind } = fromScopeName(name);
  const begin = `${provider}/${account}/${region}/`;
  const partition = partitions.list(status, kind);
  const sort = { after: after ?? begin, before: `${begin}${END}` };
  const page = await table.query(IndexItem, { partition, sort, limit, consistent: true });
  const keys = page.items.map((entry) => ({ idHash: subjectOf(entry).key }));
  const resources = await table.getMany(ResourceItem, keys, { consistent: true });
  const isClaimed = (claims: ResourceItem["claims"]) =>
    claims.some((one) => one.source === source && one.scope === name);
  const claimed = resources.flatMap((resource) => (resource && isClaimed(resource.claims) ? [resource.idHash] : []));
  return { claimed: [...new Set(claimed)], next: page.cursor === undefined ? undefined : page.items.at(-1)?.s };
}
