import type { RelatedResource, Resource } from "@cadastre/contract/view";
import type { Context } from "../context.ts";
import type { Listed, ListOptions } from "../lists.ts";
import { cursorsOf } from "../subjects/search.ts";
import { viewAll } from "../subjects/views.ts";
import { walkIndex } from "../subjects/walk.ts";
import { facetsOfItem } from "./entries.ts";
import type { FoundResource } from "./facts.ts";
import type { ResourceItem } from "./items.ts";
import { ResourceSubject, referringRanges } from "./subject.ts";
import { keyOfId, readResource, type StoredResource } from "./view.ts";

const relationsOf = (resource: ResourceItem) => facetsOfItem(resource).relations;

async function named(context: Context, resource: StoredResource): Promise<RelatedResource[]> {
  const relations = relationsOf(resource);
  const keys = [...new Set(relations.flatMap(({ to }) => keyOfId(to) ?? []))];
  const items = (await ResourceSubject.read(context, keys)).filter(
    (item) => item !== undefined && ResourceSubject.isVisible(context, item),
  );
  const views = await ResourceSubject.view(context, items as FoundResource[]);
  const byId = new Map(views.map((view) => [view.id, view]));
  return relations.map(({ type, to }): RelatedResource => {
    const other = byId.get(to);
    return { relation: type, direction: "to", id: to, ...(other ? { resource: other } : {}) };
  });
}

/**
 * What a resource names (its network, subnet, what it is attached to, the certificates it presents), active or retired, then
 * the active resources that name it, a page at a time. The first page has all that it names, beyond `limit` if it must.
 * Throws `resource.not_found`, `cursor.invalid`. Writes nothing.
 */
export async function relatedTo(context: Context, id: string, options: ListOptions): Promise<Listed<RelatedResource>> {
  const resource = await readResource(context, id);
  const cursors = cursorsOf(context, "related", { key: resource.idHash });
  const from = options.cursor === undefined ? undefined : cursors.decode(options.cursor);
  const known = from === undefined ? await named(context, resource) : [];
  const { found, next } = await walkIndex(context, {
    subjects: [ResourceSubject],
    ranges: referringRanges(resource.id, resource, "active").sort((a, b) => (a.rank < b.rank ? -1 : 1)),
    from,
    limit: Math.max(1, options.limit - known.length),
    mayMatch: () => true,
    matches: (_, item) => {
      const other = item as StoredResource;
      return other.status === "active" && relationsOf(other).some(({ to }) => to === resource.id);
    },
  });
  const views = (await viewAll(context, [ResourceSubject], found)) as Resource[];
  const naming = views.flatMap((view, at) =>
    relationsOf(found[at]?.item as StoredResource)
      .filter(({ to }) => to === resource.id)
      .map(({ type }): RelatedResource => ({ relation: type, direction: "from", id: view.id, resource: view })),
  );
  return { items: [...known, ...naming], ...(next ? { cursor: cursors.encode(next) } : {}) };
}
