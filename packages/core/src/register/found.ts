import type { Resource } from "@cadastre/contract/view";
import type { Context } from "../context.ts";
import { inParallel } from "../in-parallel.ts";
import { IndexItem } from "../subjects/items.ts";
import { partitions, subjectOf } from "../subjects/keys.ts";
import { typed } from "../subjects/subject.ts";
import { facetsOfItem, targetHash } from "./entries.ts";
import type { FoundResource } from "./facts.ts";
import { ResourceItem } from "./items.ts";
import { ResourceSubject } from "./subject.ts";
import { isVisibleResource } from "./view.ts";

/** Endpoints of one certificate that are shown, and entries that are looked at for them: other certificates name it, too. */
const MOST_SERVING = 5;
const MOST_ENTRIES = 25;
const AT_ONCE = 8;

type Shown = Resource & { readonly expiresAt?: string; readonly servedBy?: string[] };

/** Natural ids of the endpoints that serve a certificate, those first that present it as their own. */
async function servedBy(context: Context, id: string): Promise<string[]> {
  const read = async (relation: string) => {
    const partition = partitions.relation("active", targetHash(id));
    return (
      await context.table.query(IndexItem, { partition, sort: { beginsWith: `${relation}#` }, limit: MOST_ENTRIES })
    ).items;
  };
  const entries = [...(await read("presents")), ...(await read("chains-to"))];
  const keys = entries.map(subjectOf).filter(({ hint }) => hint === "endpoint");
  const some = [...new Set(keys.map(({ key }) => key))].slice(0, MOST_SERVING);
  const items = await context.table.getMany(
    ResourceItem,
    some.map((idHash) => ({ idHash })),
  );
  return items.flatMap((item) => (item && isVisibleResource(context, item) ? [item.id] : []));
}

/** Resources as a search shows them: of a certificate also when it ends and where it is served. */
async function viewFound(context: Context, items: readonly FoundResource[]): Promise<Shown[]> {
  const views = await ResourceSubject.view(context, items);
  return inParallel(views, AT_ONCE, async (view, at): Promise<Shown> => {
    const { expiresAt } = facetsOfItem(items[at] as FoundResource);
    if (expiresAt === undefined) return view;
    return {
      ...view,
      expiresAt,
      ...(view.kind === "certificate" ? { servedBy: await servedBy(context, view.id) } : {}),
    };
  });
}

export const FoundResources = typed("resource", { ...ResourceSubject, view: viewFound });
