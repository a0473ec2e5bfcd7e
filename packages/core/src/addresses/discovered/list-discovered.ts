import { type Discovered, type DiscoveredState, discovered } from "@cadastre/contract/addresses/discovered";
import type { Context } from "../../context.ts";
import { inParallel } from "../../in-parallel.ts";
import { type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { requireSpace } from "../spaces/read.ts";
import { ObservedItem, observedPartition } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";
import { type Classified, classify, readSurroundings } from "./classify.ts";

const AT_ONCE = 16;

/** What is seen as the API shows it. */
export const toDiscoveredView = (one: ObservedItem, { state, reason, ip }: Classified): Discovered =>
  discovered.parse({ ...one, state, reason, ip });

/**
 * What the clouds have in a space, block by block in the order of addresses, and what can be done with it. With a state a page may be short, or
 * empty, and have a cursor then. Throws 404 `space.not_found`, 422 `cursor.invalid`. Each block costs three queries beside its own.
 */
export async function listDiscovered(
  context: Context,
  space: string,
  { state, ...options }: ListOptions & { readonly state?: DiscoveredState | undefined },
): Promise<Listed<Discovered>> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  return selectPage(
    context,
    {
      list: "discovered",
      filters: { space, state },
      entity: ObservedItem,
      partition: observedPartition(space),
      select: async (items) => {
        const views = await inParallel(items, AT_ONCE, async (one) =>
          toDiscoveredView(one, classify(one, await readSurroundings(context, one))),
        );
        return views.map((view) => (state === undefined || view.state === state ? view : undefined));
      },
    },
    options,
  );
}
