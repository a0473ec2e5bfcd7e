import { firstIdAt } from "@cadastre/contract/ids";
import { remove } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import type { Forget, Forgotten } from "../jobs/forget.ts";
import { HoldItem } from "./items.ts";

const AT_ONCE = 80;

/** Removes holds that were decided or lifted before a time, up to 80 of them in one commit. Repeated, it finds fewer. */
export async function forgetHolds(context: Context, { endedBefore, after, guard }: Forget): Promise<Forgotten> {
  const { table } = context;
  const sort = { ...(after === undefined ? {} : { after }), before: firstIdAt("hold", endedBefore) };
  const page = await table.query(HoldItem, { partition: "holds", sort, limit: AT_ONCE, consistent: true });
  const gone = page.items.filter(
    ({ state, decidedAt, createdAt }) => state !== "pending" && (decidedAt ?? createdAt) < endedBefore.toISOString(),
  );
  if (gone.length > 0) await table.commit([guard, ...gone.map((hold) => remove(HoldItem, hold, hold.version))]);
  const next = page.cursor === undefined ? undefined : page.items.at(-1)?.id;
  return { removed: gone.length, ...(next === undefined ? {} : { next }) };
}
