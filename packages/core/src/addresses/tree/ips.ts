import type { Ip, IpReplacement, NewIp } from "@cadastre/contract/addresses/ip";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { type Prefix, parsePrefix } from "@cadastre/net/prefix";
import { COMMIT_LIMIT, check, type Stored, type Write } from "@cadastre/store/table";
import { commitRecorded, RECORD_WRITES } from "../../audit/commit-recorded.ts";
import { changesBetween } from "../../changes.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { above, readChain } from "./chain.ts";
import { creationWrites, deletionWrites, lengthWrites, replacementWrites } from "./change.ts";
import { createEdit, type Edit } from "./edit.ts";
import { IpIdItem, IpItem } from "./items.ts";
import { locate } from "./locate.ts";
import { settle } from "./pending.ts";
import { insertPlaced, removePlaced, restatePlaced } from "./place.ts";
import { isThere, toIpView } from "./view.ts";
import type { Parent } from "./window.ts";

/** Lists of audit records and the claim of a request take some writes of a commit. */
const MOST_WRITES = COMMIT_LIMIT - RECORD_WRITES - 5;

/**
 * The writes of windows, and that a parent whose window is made is there: of one that was there before, the version of the window says it.
 * Throws 409 `ip.too_much_inside` when they do not fit one commit.
 */
export function windowWrites(
  edit: Edit,
  parent: Parent,
  containing: readonly Stored<IpItem>[],
  besides: number,
): Write[] {
  const [stored] = containing;
  const isThere = stored && edit.makesWindowsOf(parent) ? [check(IpItem, stored, "present")] : [];
  const writes = [...edit.writes(), ...isThere];
  if (writes.length + besides <= MOST_WRITES) return writes;
  throw new ProblemError(
    "ip.too_much_inside",
    `${writes.length} parts of address space change with it, more than one step takes; make or remove the prefixes inside it first, from the smallest`,
  );
}

/** One prefix of a space by its id, as it is stored. Throws 404 `ip.not_found`. */
export async function requireIp({ table, now }: Context, space: string, id: string): Promise<Stored<IpItem>> {
  const place = await table.get(IpIdItem, { id }, { consistent: true });
  const item = place?.space === space ? await table.get(IpItem, place, { consistent: true }) : undefined;
  if (item?.id !== id || !isThere(item, now())) throw new ProblemError("ip.not_found");
  return item;
}

/** What contains a prefix, nearest first, read strongly. */
export async function readAbove({ table }: Context, space: string, at: Prefix): Promise<Stored<IpItem>[]> {
  return above(await readChain(table, space, at), at);
}

function requireParent(given: string | null | undefined, containing: readonly Pick<IpItem, "id" | "prefix">[]): void {
  const [parent] = containing;
  if (given === undefined || given === (parent?.id ?? null)) return;
  const where = parent === undefined ? "nothing contains it: parentId is null" : `${parent.id} (${parent.prefix}) does`;
  throw new ProblemError("ip.parent_differs", `parentId: ${where}`, {
    errors: [{ path: "parentId", message: where }],
    extra: { parentId: parent?.id ?? null },
  });
}

interface Said extends Omit<NewIp, "parentId"> {}

/** What is stored of what was said of a prefix. Throws 422 `request.invalid` for a reservation that is over. */
export function toItem(
  said: Said,
  now: Date,
): Omit<IpItem, "id" | "space" | "source" | "createdOn" | "createdBy" | "modifiedOn" | "revision"> {
  const { reserveUntil, status, ...rest } = said;
  if (reserveUntil === undefined) return { ...rest, status };
  const until = new Date(reserveUntil);
  if (until.getTime() <= now.getTime())
    throw new ProblemError("request.invalid", "reserveUntil: this time is over", {
      errors: [{ path: "reserveUntil", message: "this time is over" }],
    });
  return { ...rest, status: "reserved", reserveUntil: until.toISOString() };
}

/**
 * Plans a prefix. What is planned inside it is below it from now on, and no item of that is touched. Throws 409 `ip.exists`, 422
 * `ip.parent_differs`, 409 `ip.too_much_inside`. Writes it and where it is, the windows of what it is in and, where it has anything inside,
 * its own, that it was made, and one audit record.
 */
export async function createIp(context: Context, actor: Actor, space: string, input: NewIp): Promise<Ip> {
  const { parentId, ...said } = input;
  const at = parsePrefix(said.prefix);
  const now = context.now();
  const time = now.toISOString();
  const id = newId("ip", now);
  const item: IpItem = {
    ...toItem(said, now),
    id,
    space,
    source: "manual",
    createdOn: time,
    createdBy: actorName(actor),
    modifiedOn: time,
    revision: 1,
  };
  await retryOnConflict(async () => {
    const edit = createEdit(context.table, space);
    const { chain, containing, parent, known } = await locate(context, edit, space, at);
    if (chain.length > containing.length) throw existing(chain[0]);
    requireParent(parentId, containing);
    await insertPlaced(edit, context.table, space, parent, item);
    const own = [...creationWrites(context, item, actorName(actor)), ...lengthWrites(space, [item.prefix], known)];
    const writes = [...own, ...windowWrites(edit, parent, containing, own.length)];
    const changes = changesBetween(undefined, { space, ...said });
    await commitRecorded(context, actor, writes, { action: "ip.create", target: id, changes });
  });
  return getIp(context, space, id);
}

const existing = (item: Pick<IpItem, "prefix" | "id"> | undefined): ProblemError =>
  new ProblemError("ip.exists", `${item?.prefix} is planned already`, { extra: { id: item?.id } });

/** One prefix. Throws 404 `ip.not_found`. */
export async function getIp(context: Context, space: string, id: string): Promise<Ip> {
  const item = await requireIp(context, space, id);
  return toIpView(item, await readAbove(context, space, parsePrefix(item.prefix)));
}

/** Prefixes by their ids, in that order; those that are no more are left out. `containing` is what contains all of them, where that is known. */
export async function getIps(
  context: Context,
  space: string,
  ids: readonly string[],
  containing?: readonly IpItem[],
): Promise<Ip[]> {
  const { table, now } = context;
  const places = await table.getMany(
    IpIdItem,
    ids.map((id) => ({ id })),
    { consistent: true },
  );
  const known = places.filter((place) => place?.space === space).filter((place) => place !== undefined);
  const items = await table.getMany(IpItem, known, { consistent: true });
  const found = items.filter((item) => item !== undefined && isThere(item, now())).filter((item) => item !== undefined);
  return Promise.all(
    found.map(async (item) =>
      toIpView(item, containing ?? (await readAbove(context, space, parsePrefix(item.prefix)))),
    ),
  );
}

interface Seen {
  /** The version that the caller saw (If-Match). */
  readonly version?: number | undefined;
}

function requireSeen({ version }: Seen, stored: Stored<IpItem>): void {
  if (version !== undefined && version !== stored.version) throw new ProblemError("request.precondition_failed");
}

/**
 * Says something else of a prefix, or moves it: what was inside it is then inside what contained it, and what is inside its new place is
 * inside it. Throws 404 `ip.not_found`, 412 `request.precondition_failed`, and what `createIp` throws. Writes it, what it was, the windows
 * that change, that it was changed, and one audit record; nothing when nothing changes.
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
  const at = parsePrefix(said.prefix);
  await retryOnConflict(async () => {
    const { table } = context;
    const stored = await requireIp(context, space, id);
    requireSeen(seen, stored);
    // What is carried out in part must not be made again by who carries it out.
    await settle(context, space);
    const edit = createEdit(table, space);
    const { chain, containing, parent, known } = await locate(context, edit, space, at, id);
    if (chain.length > containing.length) throw existing(chain[0]);
    requireParent(parentId, containing);
    const { version: _, ...before } = stored;
    const { reserveUntil: __, ...kept } = before;
    const modifiedOn = laterOf(context.now().toISOString(), stored.modifiedOn);
    const revision = stored.revision + 1;
    const next: IpItem = { ...kept, ...toItem(said, context.now()), modifiedOn, revision };
    const changes = changesBetween({ ...before, modifiedOn, revision }, next);
    if (changes.length === 0) return;
    if (next.prefix !== stored.prefix) {
      const old = parsePrefix(stored.prefix);
      const was = await locate(context, edit, space, old);
      await removePlaced(edit, table, space, was.parent, stored.prefix);
      await insertPlaced(edit, table, space, parent, next);
    } else if (next.status !== stored.status || next.reserveUntil !== stored.reserveUntil) {
      await restatePlaced(edit, parent, next);
    }
    const own = [
      ...replacementWrites(context, stored, next, { actor: actorName(actor), changes }),
      ...lengthWrites(space, [next.prefix], known),
    ];
    const writes = [...own, ...windowWrites(edit, parent, containing, own.length)];
    await commitRecorded(context, actor, writes, { action: "ip.replace", target: id, changes });
  });
  return getIp(context, space, id);
}

/**
 * Removes a prefix; what is inside it is then inside what contained it. Throws 404 `ip.not_found`, 412 `request.precondition_failed`, 409
 * `ip.too_much_inside`. Writes its end and what it was, the windows that change, and one audit record.
 */
export async function deleteIp(context: Context, actor: Actor, space: string, id: string, seen: Seen): Promise<void> {
  await retryOnConflict(async () => {
    const stored = await requireIp(context, space, id);
    requireSeen(seen, stored);
    const at = parsePrefix(stored.prefix);
    // What is carried out in part must not be made again by who carries it out.
    await settle(context, space);
    const edit = createEdit(context.table, space);
    const { containing, parent } = await locate(context, edit, space, at);
    await removePlaced(edit, context.table, space, parent, stored.prefix);
    const time = laterOf(context.now().toISOString(), stored.modifiedOn);
    const told = { actor: actorName(actor), changes: [] };
    const own = deletionWrites(context, stored, time, told);
    const writes = [...own, ...windowWrites(edit, parent, containing, own.length)];
    const detail = { space, prefix: stored.prefix, name: stored.name };
    await commitRecorded(context, actor, writes, { action: "ip.delete", target: id, detail });
  });
}
