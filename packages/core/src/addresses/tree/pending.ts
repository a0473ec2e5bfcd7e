import { newIdAt } from "@cadastre/contract/ids";
import { ConflictError } from "@cadastre/store/errors";
import { check, create, remove, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { inGroups } from "../../in-parallel.ts";
import { creationWrites } from "./change.ts";
import { type IpItem, PendingItem, spacePartition } from "./items.ts";

/** Prefixes that one commit makes at the most, beside what decides that they are made. */
export const MOST_IN_COMMIT = 15;
const AT_ONCE = 20;

/**
 * The write that decides that prefixes are made which are more than fit into one commit: from then on they are, whoever writes them.
 * All of them are alike but for id and prefix.
 */
export function pendingWrite(context: Context, items: readonly IpItem[], actor: string): Write {
  const [{ id: _, prefix: __, ...like } = {} as IpItem] = items;
  const ips = items.map(({ id, prefix }) => ({ id, prefix }));
  return create(PendingItem, { id: newIdAt("allocation", context.now()), space: like.space, like, ips, actor });
}

/** Makes the prefixes of one decision. Whoever else does so at the same time meets what is there, and what is done is never done again. */
async function carryOut(context: Context, pending: Stored<PendingItem>): Promise<void> {
  const { table } = context;
  const guard = check(PendingItem, pending, pending.version);
  const items = pending.ips.map((one): IpItem => ({ ...pending.like, ...one }));
  for (const group of inGroups(items, AT_ONCE)) {
    const writes = group.flatMap((item) => creationWrites(context, item, pending.actor));
    try {
      await table.commit([...writes, guard]);
    } catch (error) {
      const reasons = error instanceof ConflictError ? error.refusals.map(({ reason }) => reason) : [];
      // Another did this group, whole.
      if (reasons.includes("exists")) continue;
      // Another has carried out all of it.
      if (reasons.includes("check")) return;
      throw error;
    }
  }
  try {
    await table.commit([remove(PendingItem, pending, pending.version)]);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/**
 * Carries out what was decided in a space and is not done yet, whoever decided it and died or is slower. One query that finds nothing in the
 * usual case. Whoever reads or changes prefixes does so after this, so that nobody finds a half of what was made at once.
 */
export async function settle(context: Context, space: string): Promise<void> {
  const { items } = await context.table.query(PendingItem, {
    partition: spacePartition(space),
    sort: { beginsWith: "pending#" },
    consistent: true,
  });
  for (const pending of items) await carryOut(context, pending);
}
