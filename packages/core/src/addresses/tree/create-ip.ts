import type { Ip, NewIp } from "@cadastre/contract/addresses/ip";
import { newId } from "@cadastre/contract/ids";
import { parsePrefix } from "@cadastre/net/prefix";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { creationWrites, lengthWrites } from "./change.ts";
import { windowWrites } from "./commit-writes.ts";
import { createEdit } from "./edit.ts";
import { auditTarget, type IpItem } from "./items.ts";
import { locate } from "./locate.ts";
import { settle } from "./pending.ts";
import { insertPlaced } from "./place.ts";
import { readView } from "./read-ips.ts";
import { existing, requireParent, toStoredIp } from "./said.ts";
import { definitionsFor, requireTags } from "./tagged.ts";
import { requireTagsInside, taggingIn } from "./tags-inside.ts";

/**
 * Plans a prefix. What is planned inside it is below it from now on, and no item of that is touched. Throws 404 `space.not_found`, 409
 * `space.deleting`, `ip.exists`, `ip.too_much_inside`, 422 `ip.parent_differs`, `request.invalid`. Writes it, where it is and its tags, the
 * windows of what it is in and, where it has anything inside, its own, that it was made, and one audit record.
 */
export async function createIp(context: Context, actor: Actor, space: string, input: NewIp): Promise<Ip> {
  const { parentId, ...said } = input;
  const { table } = context;
  const at = parsePrefix(said.prefix);
  const now = context.now();
  const time = now.toISOString();
  const id = newId("ip", now);
  const item: IpItem = {
    ...toStoredIp(said, now),
    id,
    space,
    source: "manual",
    createdOn: time,
    createdBy: actorName(actor),
    modifiedOn: time,
    revision: 1,
  };
  await taggingIn(context, space, async (entered) => {
    await settle(context, space);
    const edit = createEdit(table, space);
    const { chain, containing, parent, known } = await locate(context, edit, space, at);
    if (chain.length > containing.length) throw existing(chain[0]);
    requireParent(parentId, containing);
    const definitions = await definitionsFor(context, space, [item, ...containing]);
    requireTags(definitions, [item, ...containing]);
    await requireTagsInside(context, { entered, definitions }, item, {});
    await insertPlaced(edit, table, space, parent, item);
    const own = [
      ...creationWrites(context, item, actorName(actor)),
      ...entered.writes,
      ...lengthWrites(space, [item.prefix], known),
    ];
    const writes = [...own, ...windowWrites(edit, parent, containing, own.length)];
    const changes = changesBetween(undefined, { space, ...said });
    await commitRecorded(context, actor, writes, { action: "ip.create", target: auditTarget(item), changes });
  });
  return readView(context, space, id);
}
