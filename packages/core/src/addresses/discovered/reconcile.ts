import { RESERVATION_TAG } from "@cadastre/contract/addresses/discovered";
import { unorderedJson } from "@cadastre/contract/digest";
import { ProblemError } from "@cadastre/contract/errors";
import { idSchema } from "@cadastre/contract/ids";
import { parsePrefix } from "@cadastre/net/prefix";
import { ConflictError } from "@cadastre/store/errors";
import { check, create, put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { ResourceItem } from "../../register/items.ts";
import { type EnteredSpace, enterSpace } from "../spaces/gate.ts";
import { ObservedItem } from "../tree/items.ts";
import { settle } from "../tree/pending.ts";
import { readAbove } from "../tree/read-ips.ts";
import { readWanted } from "./blocks.ts";
import { importWhatMay } from "./import-seen.ts";
import { AwaitedItem, TrackedItem, trackedKey } from "./items.ts";
import { judge } from "./judge.ts";
import { readSeenAt, seenWrites, unseenWrites } from "./seen.ts";

/** Other writers may be faster so many times; then the change is told again later. */
const MOST_CONFLICTS = 20;
/** More commits than the blocks of any resource need: what never comes to rest is a fault, and is set aside. */
const MOST_STEPS = 2000;
/** Writes beside windows in a commit about a block. */
const OWN_WRITES = 4;

type Blocks = TrackedItem["blocks"];
type Wanted = Omit<ObservedItem, "seenAt">;

/** A space that is there and is not being deleted. */
async function enterOpen(context: Context, id: string): Promise<EnteredSpace | undefined> {
  try {
    const entered = await enterSpace(context, id);
    await settle(context, id);
    return entered;
  } catch (error) {
    if (error instanceof ProblemError && (error.code === "space.not_found" || error.code === "space.deleting"))
      return undefined;
    throw error;
  }
}

/** Takes steps until one says that nothing is left to do. Each is one commit, and decides by what is there then. */
async function untilDone(step: () => Promise<boolean>): Promise<void> {
  let conflicts = 0;
  for (let steps = 1; steps <= MOST_STEPS; steps++) {
    try {
      if (!(await step())) return;
    } catch (error) {
      const isFaster =
        error instanceof ConflictError || (error instanceof ProblemError && error.code === "request.conflict");
      if (!isFaster || ++conflicts === MOST_CONFLICTS) throw error;
    }
  }
  throw new Error(`not at rest after ${MOST_STEPS} steps`);
}

function trackedWrite(resource: string, stored: Stored<TrackedItem> | undefined, blocks: Blocks): Write {
  if (!stored) return create(TrackedItem, { ...trackedKey(resource), blocks });
  if (blocks.length === 0) return remove(TrackedItem, stored, stored.version);
  return replace(TrackedItem, { ...trackedKey(resource), blocks }, stored.version);
}

const isAt =
  ({ space, prefix }: { readonly space: string; readonly prefix: string }) =>
  (one: { readonly space: string; readonly prefix: string }): boolean =>
    one.space === space && one.prefix === prefix;

/** The write by which a resource is asked again when the reservation changes that it names. */
function awaitedWrites({ tags, resource }: Wanted): Write[] {
  const ip = Object.hasOwn(tags, RESERVATION_TAG) ? tags[RESERVATION_TAG] : undefined;
  return idSchema("ip").safeParse(ip).success ? [put(AwaitedItem, { ip: ip as string, resource })] : [];
}

/** Takes a block away from where it stands: it is leaving from then on. */
async function takeAway(context: Context, stored: Stored<TrackedItem>, gone: Blocks[number]): Promise<void> {
  const { table } = context;
  const { resource, blocks } = stored;
  const left = blocks.map((one) => (one === gone ? { ...one, isLeaving: true } : one));
  const entered = await enterOpen(context, gone.space);
  if (!entered) {
    // Whoever deletes the space empties it.
    const others = blocks.filter((one) => one !== gone);
    await table.commit([trackedWrite(resource, stored, others), remove(ObservedItem, { ...gone, resource })]);
    return;
  }
  const at = parsePrefix(gone.prefix);
  const [containing, seen] = await Promise.all([
    readAbove(context, gone.space, at),
    table.get(ObservedItem, { ...gone, resource }, { consistent: true }),
  ]);
  const windows = await unseenWrites(table, gone.space, { ...gone, resource }, containing, OWN_WRITES);
  const seenWrite = seen ? [remove(ObservedItem, seen, seen.version)] : [];
  await table.commit([trackedWrite(resource, stored, left), ...seenWrite, entered.gate, ...windows]);
}

/** Has a block seen in its space. */
async function putThere(context: Context, stored: Stored<TrackedItem> | undefined, wanted: Wanted): Promise<void> {
  const { table, now } = context;
  const { space, prefix, resource } = wanted;
  const { gate } = await enterSpace(context, space);
  await settle(context, space);
  const containing = await readAbove(context, space, parsePrefix(prefix));
  const windows = await seenWrites(table, space, wanted, containing, OWN_WRITES);
  const others = (stored?.blocks ?? []).filter((one) => !isAt(wanted)(one));
  const blocks = [...others, { space, prefix, isLeaving: false }];
  await table.commit([
    trackedWrite(resource, stored, blocks),
    put(ObservedItem, { ...wanted, seenAt: now().toISOString() }),
    gate,
    ...awaitedWrites(wanted),
    ...windows,
  ]);
}

const factsOf = ({ seenAt: _, ...facts }: ObservedItem): string => unorderedJson(facts as never);

/** What is said otherwise of a block that stays where it is; false when nothing is. */
async function sayAnew(context: Context, tracked: Stored<TrackedItem>, wanted: readonly Wanted[]): Promise<boolean> {
  const stored = await context.table.getMany(ObservedItem, wanted, { consistent: true });
  for (const [at, one] of wanted.entries()) {
    const { version, ...before } = stored[at] ?? { version: 0 };
    const next = { ...one, seenAt: context.now().toISOString() };
    if (version === 0 || factsOf(before as ObservedItem) === factsOf(next)) continue;
    const entered = await enterOpen(context, one.space);
    if (!entered) continue;
    const guard = check(TrackedItem, tracked, tracked.version);
    await context.table.commit([replace(ObservedItem, next, version), guard, entered.gate, ...awaitedWrites(one)]);
    return true;
  }
  return false;
}

/** One commit nearer to what is so at a prefix; what may be taken over is, where the space says so. */
async function stepAt(context: Context, space: string, prefix: string) {
  const entered = await enterOpen(context, space);
  if (!entered) return { isChanged: false };
  if (entered.space.importPolicy === "automatic") {
    const seen = await readSeenAt(context.table, space, parsePrefix(prefix));
    if (await importWhatMay(context, space, seen)) return { isChanged: true };
  }
  return judge(context, space, prefix, entered.gate);
}

/**
 * Works out anew what is planned at a prefix of a space, and what is seen there, and all that follows from both: links, fulfilled reservations,
 * what is taken over by itself, drift. Writes as `judge` and `importSeen` do.
 */
export async function reconcilePrefix(context: Context, space: string, prefix: string): Promise<void> {
  await untilDone(async () => (await stepAt(context, space, prefix)).isChanged);
}

async function stepOf(context: Context, resource: string): Promise<boolean> {
  const { table } = context;
  const [tracked, item] = await Promise.all([
    table.get(TrackedItem, trackedKey(resource), { consistent: true }),
    table.get(ResourceItem, { idHash: resource }, { consistent: true }),
  ]);
  const wanted = await readWanted(context, item);
  const blocks = tracked?.blocks ?? [];
  const gone = blocks.find((one) => !one.isLeaving && !wanted.some(isAt(one)));
  if (tracked && gone) {
    await takeAway(context, tracked, gone);
    return true;
  }
  const missing = wanted.find((one) => !blocks.some((other) => isAt(one)(other) && !other.isLeaving));
  if (missing) {
    await putThere(context, tracked, missing);
    return true;
  }
  if (!tracked) return false;
  if (await sayAnew(context, tracked, wanted)) return true;
  const kept: Blocks = [];
  for (const one of blocks) {
    const { isChanged, standsFor } = await judgedAt(context, one);
    if (isChanged) return true;
    // What is planned where it has been says what has become of it, until it stands for something else.
    if (!one.isLeaving || (standsFor !== undefined && standsFor === item?.id)) kept.push(one);
  }
  if (kept.length === blocks.length) return false;
  await table.commit([trackedWrite(resource, tracked, kept)]);
  return true;
}

const judgedAt = (
  context: Context,
  { space, prefix }: Blocks[number],
): Promise<{ readonly isChanged: boolean; readonly standsFor?: string | undefined }> => stepAt(context, space, prefix);

/**
 * Has the blocks of a network or subnet stand in the spaces that they belong to, as the register and the rules are now, and all that follows
 * from that be so. It may be asked for at any time and by several at once, and be interrupted at each write: what is read decides, what is
 * tracked of the resource is in each commit at its version, and the last look finds everything as it is to be. Rules that change meanwhile are
 * read again by that look, or by the job that they start. Writes blocks, windows, what is tracked, and what `reconcilePrefix` does.
 */
export async function reconcileResource(context: Context, resource: string): Promise<void> {
  await untilDone(() => stepOf(context, resource));
}
