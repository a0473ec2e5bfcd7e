import { newIdAt } from "@cadastre/contract/ids";
import { parsePrefix } from "@cadastre/net/prefix";
import { ConflictError } from "@cadastre/store/errors";
import { check, create, remove, type Stored, type Write } from "@cadastre/store/table";
import { changesBetween } from "../../changes.ts";
import type { Context } from "../../context.ts";
import { laterOf } from "../../feed/record-change.ts";
import { inGroups } from "../../in-parallel.ts";
import { creationWrites, replacementWrites } from "./change.ts";
import { childrenOf } from "./children.ts";
import { type IpItem, PendingItem, pendingSort, spacePartition } from "./items.ts";

/** Writes that make prefixes in the commit that decides on them; what takes more is carried out after it. */
export const MOST_AT_ONCE = 48;
/** Of a commit that carries out what was decided, writes at the most: its own check comes to them. */
const MOST_WRITES = 96;

const pendingOf = (context: Context, space: string, actor: string) => ({
  id: newIdAt("allocation", context.now()),
  space,
  due: "",
  actor,
});

/**
 * The write that decides that prefixes are made which are more than fit into one commit: from then on they are, whoever writes them.
 * All of them are alike but for id and prefix.
 */
export function pendingPrefixes(context: Context, items: readonly [IpItem, ...IpItem[]], actor: string): Write {
  const [{ id: _, prefix: __, ...like }] = items;
  const ips = items.map(({ id, prefix }) => ({ id, prefix }));
  return create(PendingItem, { ...pendingOf(context, like.space, actor), work: { kind: "make", like, ips } });
}

/** The write that decides that what was directly in a prefix gets tags of its own that it had from it. */
export function pendingTags(context: Context, of: IpItem, tags: Record<string, string>, actor: string): Write {
  const { space, prefix } = of;
  return create(PendingItem, { ...pendingOf(context, space, actor), work: { kind: "hand-down", prefix, tags } });
}

/** The writes that give a prefix tags which it has no value of its own for; none when it has all of them. */
export function tagsDownWrites(
  context: Context,
  child: Stored<IpItem>,
  tags: Readonly<Record<string, string>>,
  actor: string,
): Write[] {
  const { version: _, ...before } = child;
  const all = Object.fromEntries([...Object.entries(tags), ...Object.entries(child.tags)]);
  const changes = changesBetween(before, { ...before, tags: all });
  if (changes.length === 0) return [];
  const modifiedOn = laterOf(context.now().toISOString(), child.modifiedOn);
  const next = { ...before, tags: all, modifiedOn, revision: child.revision + 1 };
  return replacementWrites(context, child, next, { actor, changes });
}

/** Commits a part of what was decided, while it is not carried out. Answers whether all of it has been by another. */
async function commitPart(context: Context, pending: Stored<PendingItem>, writes: readonly Write[]): Promise<boolean> {
  try {
    await context.table.commit([...writes, check(PendingItem, pending, pending.version)]);
    return false;
  } catch (error) {
    const reasons = error instanceof ConflictError ? error.refusals.map(({ reason }) => reason) : [];
    // Another did this part, whole.
    if (reasons.includes("exists")) return false;
    if (reasons.includes("check")) return true;
    throw error;
  }
}

type Work<Kind extends PendingItem["work"]["kind"]> = Extract<PendingItem["work"], { kind: Kind }>;

async function make(context: Context, pending: Stored<PendingItem>, { like, ips }: Work<"make">): Promise<boolean> {
  const groups = ips.map((one) => creationWrites(context, { ...like, ...one }, pending.actor));
  const size = Math.floor(MOST_WRITES / Math.max(1, groups[0]?.length ?? 1));
  for (const group of inGroups(groups, size)) if (await commitPart(context, pending, group.flat())) return true;
  return false;
}

async function handDown(context: Context, pending: Stored<PendingItem>, work: Work<"hand-down">): Promise<boolean> {
  const { space, actor } = pending;
  let part: Write[] = [];
  for await (const child of childrenOf(context, { space, parent: parsePrefix(work.prefix) })) {
    const writes = tagsDownWrites(context, child, work.tags, actor);
    if (part.length + writes.length > MOST_WRITES) {
      if (await commitPart(context, pending, part)) return true;
      part = [];
    }
    part.push(...writes);
  }
  return part.length > 0 && commitPart(context, pending, part);
}

/** Carries out one decision. Whoever else does so at the same time meets what is there, and what is done is never done again. */
async function carryOut(context: Context, pending: Stored<PendingItem>): Promise<void> {
  const { work } = pending;
  if (work.kind === "end") return;
  const isOthers = await (work.kind === "make" ? make(context, pending, work) : handDown(context, pending, work));
  if (isOthers) return;
  try {
    await context.table.commit([remove(PendingItem, pending, pending.version)]);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/**
 * Carries out what was decided in a space and is not done yet, whoever decided it and died or is slower. One query that finds nothing in the
 * usual case. Answers the reservations that have ended, which are another's to take away.
 */
export async function carryOutPending(context: Context, space: string): Promise<Stored<PendingItem>[]> {
  const { items } = await context.table.query(PendingItem, {
    partition: spacePartition(space),
    sort: { from: pendingSort(""), to: `${pendingSort(context.now().toISOString())}~` },
    consistent: true,
  });
  for (const pending of items) await carryOut(context, pending);
  return items.filter(({ work }) => work.kind === "end");
}
