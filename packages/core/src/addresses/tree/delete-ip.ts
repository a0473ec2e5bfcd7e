import { commitRecorded } from "../../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace } from "../spaces/gate.ts";
import { auditTarget } from "./items.ts";
import { settle } from "./pending.ts";
import { requireIp } from "./read-ips.ts";
import { removalOf } from "./removal.ts";
import { requireSeen, type Seen } from "./replace-ip.ts";

/**
 * Removes a prefix; what is inside it is then inside what contained it, and has the tags of its own that it had from it. Throws 404
 * `ip.not_found`, 412 `request.precondition_failed`, 409 `ip.too_much_inside`. Writes its end and what it was, the windows that change, its
 * children where they get tags, and one audit record.
 */
export async function deleteIp(context: Context, actor: Actor, space: string, id: string, seen: Seen): Promise<void> {
  await retryOnConflict(async () => {
    const { gate } = await enterSpace(context, space);
    await settle(context, space);
    const stored = await requireIp(context, space, id);
    requireSeen(seen, stored);
    const writes = [gate, ...(await removalOf(context, stored, actorName(actor)))];
    const detail = { space, prefix: stored.prefix, name: stored.name };
    await commitRecorded(context, actor, writes, { action: "ip.delete", target: auditTarget(stored), detail });
  });
  await settle(context, space);
}
