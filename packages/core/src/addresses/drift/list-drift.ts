import { type Drift, type DriftKind, type DriftState, drift } from "@cadastre/contract/addresses/drift";
import type { Context } from "../../context.ts";
import { hasValues, type Listed, type ListOptions, selectPage } from "../../lists.ts";
import { requireSpace } from "../spaces/read.ts";
import { stateAt } from "./decide-drift.ts";
import { DriftItem, driftPartition } from "./items.ts";

interface DriftFilters {
  readonly state?: DriftState | undefined;
  readonly kind?: DriftKind | undefined;
}

/** Drift as the API shows it at a time. */
export const toDriftView = (item: DriftItem, now: Date): Drift =>
  drift.parse({ ...item, state: stateAt(item, now.toISOString()) });

/** The drift of a space, that of one prefix together. A page may be short and have a cursor then. Throws 404 `space.not_found`, 422 `cursor.invalid`. */
export async function listDrift(
  context: Context,
  space: string,
  { state, kind, ...options }: ListOptions & DriftFilters,
): Promise<Listed<Drift>> {
  await requireSpace(context, space);
  const wanted = { state, kind };
  return selectPage(
    context,
    {
      list: "drift",
      filters: { space, ...wanted },
      entity: DriftItem,
      partition: driftPartition(space),
      select: async (items) => {
        const views = items.map((item) => toDriftView(item, context.now()));
        return views.map((view) => (hasValues(view, wanted) ? view : undefined));
      },
    },
    options,
  );
}
