import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import type { Stored, Write } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace } from "../spaces/gate.ts";
import { deletionWrites } from "./change.ts";
import { childrenOf } from "./children.ts";
import { windowWrites } from "./commit-writes.ts";
import { createEdit, MOST_WRITES } from "./edit.ts";
import { auditTarget, type IpItem } from "./items.ts";
import { locate } from "./locate.ts";
import { pendingTags, settle, tagsDownWrites } from "./pending.ts";
import { removePlaced } from "./place.ts";
import { requireIp } from "./read-ips.ts";
import { requireSeen, type Seen } from "./replace-ip.ts";
import { definitionsFor } from "./tagged.ts";

/** Children that get tags in the commit that removes their parent; of more it is decided there, and carried out after it. */
const MOST_CHILDREN = 10;

/** The tags of a prefix that come down to what is inside it. */
async function inheritable(context: Context, stored: Stored<IpItem>): Promise<Record<string, string>> {
  const definitions = await definitionsFor(context, stored.space, [stored]);
  return Object.fromEntries(
    Object.entries(stored.tags).filter(([name]) => definitions.get(name)?.type === "Inheritable"),
  );
}

/** What gives the children of a prefix that goes the tags that they had from it. */
async function handDown(context: Context, stored: Stored<IpItem>, at: Prefix, actor: string): Promise<Write[]> {
  const tags = await inheritable(context, stored);
  if (Object.keys(tags).length === 0) return [];
  const few: Stored<IpItem>[] = [];
  for await (const child of childrenOf(context, { space: stored.space, parent: at })) {
    if (few.length === MOST_CHILDREN) return [pendingTags(context, stored, tags, actor)];
    few.push(child);
  }
  const writes = few.flatMap((child) => tagsDownWrites(context, child, tags, actor));
  return writes.length > MOST_WRITES / 2 ? [pendingTags(context, stored, tags, actor)] : writes;
}

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
    const at = parsePrefix(stored.prefix);
    const edit = createEdit(context.table, space);
    const { containing, parent } = await locate(context, edit, space, at);
    await removePlaced(edit, parent, stored.prefix);
    const time = laterOf(context.now().toISOString(), stored.modifiedOn);
    const by = actorName(actor);
    const own = [
      ...deletionWrites(context, stored, time, { actor: by, changes: [] }),
      gate,
      ...(await handDown(context, stored, at, by)),
    ];
    const writes = [...own, ...windowWrites(edit, parent, containing, own.length)];
    const detail = { space, prefix: stored.prefix, name: stored.name };
    await commitRecorded(context, actor, writes, { action: "ip.delete", target: auditTarget(stored), detail });
  });
  await settle(context, space);
}
