import type { Ip, IpReplacement } from "@cadastre/contract/addresses/ip";
import { ProblemError } from "@cadastre/contract/errors";
import { parsePrefix } from "@cadastre/net/prefix";
import type { Stored } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { lengthWrites, replacementWrites } from "./change.ts";
import { windowWrites } from "./commit-writes.ts";
import { createEdit, type Edit } from "./edit.ts";
import { auditTarget, type IpItem } from "./items.ts";
import { locate } from "./locate.ts";
import { settle } from "./pending.ts";
import { insertPlaced, removePlaced, restatePlaced } from "./place.ts";
import { readView, requireIp } from "./read-ips.ts";
import { existing, requireParent, toStoredIp } from "./said.ts";
import { definitionsFor, requireTags } from "./tagged.ts";
import { requireTagsInside, taggingIn } from "./tags-inside.ts";
import type { Parent } from "./window.ts";

export interface Seen {
  /** The version that the caller saw (If-Match). */
  readonly version?: number | undefined;
}

/** Throws 412 `request.precondition_failed` when the caller saw another version. */
export function requireSeen({ version }: Seen, stored: Stored<IpItem>): void {
  if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
}

/** What members a replacement takes away when it does not have them; all others come from what it says, or stay. */
export function replaced(stored: Stored<IpItem>, said: Omit<IpReplacement, "parentId">, now: Date): IpItem {
  const { id, space, source, createdOn, createdBy, lastSyncAt, syncStatus, provider, revision } = stored;
  return {
    ...toStoredIp(said, now),
    id,
    space,
    source,
    createdOn,
    createdBy,
    ...(lastSyncAt === undefined ? {} : { lastSyncAt }),
    ...(syncStatus === undefined ? {} : { syncStatus }),
    ...(provider === undefined ? {} : { provider }),
    modifiedOn: laterOf(now.toISOString(), stored.modifiedOn),
    revision: revision + 1,
  };
}

async function placeAnew(context: Context, edit: Edit, stored: IpItem, next: IpItem, parent: Parent): Promise<void> {
  const { table } = context;
  const { space } = stored;
  if (next.prefix !== stored.prefix) {
    const old = parsePrefix(stored.prefix);
    const { parent: former } = await locate(context, edit, space, old);
    await removePlaced(edit, former, stored.prefix);
    await insertPlaced(edit, table, space, parent, next);
  } else if (next.status !== stored.status || next.reserveUntil !== stored.reserveUntil) {
    await restatePlaced(edit, parent, next);
  }
}

/**
 * Says something else of a prefix, or moves it: what was inside it is then inside what contained it, and what is inside its new place is
 * inside it. Throws 404 `ip.not_found`, 412 `request.precondition_failed`, and what `createIp` throws. Writes it, what it was, its tags, the
 * windows that change, that it was changed, and one audit record; nothing when nothing changes.
 */
export async function replaceIp(
  context: Context,
  actor: Actor,
  space: string,
  id: string,
  input: IpReplacement,
  seen: Seen,
): Promise<Ip> {
  const { parentId, ...said } = input;
  const { table } = context;
  const at = parsePrefix(said.prefix);
  await taggingIn(context, space, async (entered) => {
    await settle(context, space);
    const stored = await requireIp(context, space, id);
    requireSeen(seen, stored);
    const edit = createEdit(table, space);
    const { chain, containing, parent, known } = await locate(context, edit, space, at, id);
    if (chain.length > containing.length) throw existing(chain[0]);
    requireParent(parentId, containing);
    const next = replaced(stored, said, context.now());
    const definitions = await definitionsFor(context, space, [stored, next, ...containing]);
    requireTags(definitions, [next, ...containing]);
    const { version: _, ...before } = stored;
    const changes = changesBetween({ ...before, modifiedOn: next.modifiedOn, revision: next.revision }, next);
    if (changes.length === 0) return;
    const isMoved = next.prefix !== stored.prefix;
    const inside = { entered, definitions };
    await requireTagsInside(context, inside, next, isMoved ? {} : stored.tags);
    if (isMoved) await requireTagsInside(context, inside, { ...stored, tags: {} }, stored.tags);
    await placeAnew(context, edit, stored, next, parent);
    const own = [
      ...replacementWrites(context, stored, next, { actor: actorName(actor), changes }),
      ...entered.writes,
      ...lengthWrites(space, [next.prefix], known),
    ];
    const writes = [...own, ...windowWrites(edit, parent, containing, own.length)];
    await commitRecorded(context, actor, writes, { action: "ip.replace", target: auditTarget(next), changes });
  });
  return readView(context, space, id);
}
