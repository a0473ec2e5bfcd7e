import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { ConflictError } from "@cadastre/store/errors";
import { check, create, put, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { AddressSpaceGateItem, type AddressSpaceItem } from "./items.ts";
import { type Reading, requireSpace } from "./read.ts";

/** Slots of a space's gate: commits that rest on one of them at once have to wait for each other. */
const GATE_SLOTS = 16;
/** A change of what a space may hold takes less; who takes longer has died. */
const HALT_SECONDS = 60;
/** Who comes to a space that is halted waits so long, about a second in all. */
const WAITS = 20;
const WAIT_MILLISECONDS = 50;

type Halted = NonNullable<AddressSpaceGateItem["halted"]>;
type Entering = Reading & Pick<Context, "now">;

/** An address space that something is to be put into. */
export interface EnteredSpace {
  readonly space: Stored<AddressSpaceItem>;
  /**
   * Goes into each commit that puts something into the space, changes it, or gives it tags: it holds only while nobody deletes the space or
   * changes what it may hold. Two write units, whatever else is in the commit.
   */
  readonly gate: Write;
}

const requireOpen = (space: Stored<AddressSpaceItem>): void => {
  if (space.deletion !== undefined)
    throw new ProblemError("space.deleting", `it has been going since ${space.deletion.since}`);
};

/** The writes of all slots: each commit into the space that was decided before fails by them. The first is at the version that was read. */
function turnOf({ now }: Entering, space: string, leading: Stored<AddressSpaceGateItem> | undefined, halted?: Halted) {
  const turnedAt = now().toISOString();
  const itemOf = (slot: number) => ({ space, slot, turnedAt, ...(halted === undefined ? {} : { halted }) });
  const others = Array.from({ length: GATE_SLOTS - 1 }, (_, at) => put(AddressSpaceGateItem, itemOf(at + 1)));
  const first = itemOf(0);
  return leading === undefined
    ? [create(AddressSpaceGateItem, first), ...others]
    : [replace(AddressSpaceGateItem, first, leading.version), ...others];
}

const readSlot = ({ table }: Entering, space: string, slot: number) =>
  table.get(AddressSpaceGateItem, { space, slot }, { consistent: true });

/** Opens a space again that somebody halted. Of another one who halts it meanwhile nothing is undone. */
async function resume(context: Entering, space: string, by: string): Promise<void> {
  const leading = await readSlot(context, space, 0);
  if (leading?.halted?.by !== by) return;
  try {
    await context.table.commit(turnOf(context, space, leading));
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** Waits for a while, or opens a space whose change was left behind. */
async function waitFor(context: Entering, space: string, { by, until }: Halted): Promise<void> {
  if (Date.parse(until) <= context.now().getTime()) await resume(context, space, by);
  else await wait(WAIT_MILLISECONDS);
}

const changing = (): ProblemError => new ProblemError("space.changing");

/**
 * An address space that something is to be put into or changed in, read with its gate: two read units. What the use case decides on (tags, the
 * tree) has to be read after it. Throws 404 `space.not_found`, 409 `space.deleting`, 409 `space.changing` when somebody has it halted for long.
 */
export async function enterSpace(context: Entering, id: string): Promise<EnteredSpace> {
  const key = { space: id, slot: randomInt(GATE_SLOTS) };
  for (let waited = 0; waited < WAITS; waited++) {
    const [space, slot] = await Promise.all([requireSpace(context, id), readSlot(context, id, key.slot)]);
    requireOpen(space);
    if (slot?.halted === undefined) return { space, gate: check(AddressSpaceGateItem, key, slot?.version ?? "absent") };
    await waitFor(context, id, slot.halted);
  }
  throw changing();
}

const DAY_SECONDS = 86_400;

/**
 * The writes that no commit into the space that was decided before gets past: for the commit that begins its deletion, and for that which ends it. Then
 * they stay a day longer than the space, so that what was decided before all that finds no slot absent as it was. 32 write units.
 */
export function closingWrites({ now }: Pick<Context, "now">, space: string, of: { isLast?: boolean } = {}): Write[] {
  const turnedAt = now().toISOString();
  const expiresAtSeconds = Math.floor(now().getTime() / 1000) + DAY_SECONDS;
  const end = of.isLast ? { expiresAtSeconds } : {};
  return Array.from({ length: GATE_SLOTS }, (_, slot) => put(AddressSpaceGateItem, { space, slot, turnedAt, ...end }));
}

async function halt(context: Entering, id: string): Promise<{ space: Stored<AddressSpaceItem>; by: string }> {
  for (let waited = 0; waited < WAITS; waited++) {
    const [space, leading] = await Promise.all([requireSpace(context, id), readSlot(context, id, 0)]);
    requireOpen(space);
    if (leading?.halted === undefined) {
      const by = newId("request", context.now());
      const until = new Date(context.now().getTime() + HALT_SECONDS * 1000).toISOString();
      await context.table.commit(turnOf(context, id, leading, { by, until }));
      return { space, by };
    }
    await waitFor(context, id, leading.halted);
  }
  throw changing();
}

/** An address space that nobody puts anything into. */
export interface HaltedSpace {
  readonly space: Stored<AddressSpaceItem>;
  /** Go into the commit of the change, and open the space again; they fail when another has opened it. 32 write units. */
  readonly turn: readonly Write[];
}

/**
 * Decides and commits what a space may hold from now on (its tags, say) while nobody puts anything into it: what was decided before fails, and
 * comes again once `work` is done, so that `work` finds all that is in the space. `work` reads what it decides on, and commits with `turn`; where
 * it commits nothing, or throws, the space is opened for it. Whoever dies over it is overruled after a minute, and its commit fails then. It is done
 * anew when others were faster. Throws what `enterSpace` throws, and 409 `request.conflict`.
 */
export function whileHalted<Result>(
  context: Entering,
  id: string,
  work: (halted: HaltedSpace) => Promise<Result>,
): Promise<Result> {
  return retryOnConflict(async () => {
    const { space, by } = await halt(context, id);
    try {
      const leading = await readSlot(context, id, 0);
      // Who was so slow that another has opened it begins again.
      if (leading?.halted?.by !== by) throw new ConflictError([{ index: 0, reason: "version" }]);
      return await work({ space, turn: turnOf(context, id, leading) });
    } finally {
      await resume(context, id, by);
    }
  });
}
