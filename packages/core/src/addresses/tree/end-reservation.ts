import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { remove, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { actorName, type Context, systemActor } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace } from "../spaces/gate.ts";
import { auditTarget, IpIdItem, IpItem, PendingItem } from "./items.ts";
import { removalOf } from "./removal.ts";
import { isThere } from "./view.ts";

async function readEnded({ table, now }: Context, { id, space }: PendingItem): Promise<Stored<IpItem> | undefined> {
  const place = await table.get(IpIdItem, { id }, { consistent: true });
  const item = place?.space === space ? await table.get(IpItem, place, { consistent: true }) : undefined;
  return item?.id === id && !isThere(item, now()) ? item : undefined;
}

/** Of a space that goes, or that the caller may not know of, nothing has to end. */
const isClosed = (error: unknown): boolean =>
  error instanceof ProblemError && (error.code === "space.not_found" || error.code === "space.deleting");

/**
 * Takes a reservation away whose time is over, as `deleteIp` does, for nobody who asked for it: what was noted of one that was changed or is
 * gone, is forgotten. Whoever else does so at the same time finds it done. Writes its end and what it was, the windows that change, and one
 * audit record of the service itself.
 */
export async function endReservation(context: Context, pending: Stored<PendingItem>): Promise<void> {
  // What the caller does is another thing than this: its Idempotency-Key is not for it.
  const { claim: _, ...own } = context;
  const actor = systemActor(newId("request", context.now()));
  const noted = remove(PendingItem, pending);
  try {
    await retryOnConflict(async () => {
      const { gate } = await enterSpace(own, pending.space);
      const stored = await readEnded(own, pending);
      if (!stored) return own.table.commit([noted]);
      const writes = [gate, noted, ...(await removalOf(own, stored, actorName(actor)))];
      const { space, prefix, name, reserveUntil } = stored;
      const detail = { space, prefix, name, reserveUntil };
      return commitRecorded(own, actor, writes, { action: "ip.end-reservation", target: auditTarget(stored), detail });
    });
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}
