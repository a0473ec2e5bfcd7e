import { randomInt } from "node:crypto";
import { ProblemError } from "@cadastre/contract/errors";
import { check, create, put, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../../context.ts";
import { mayKnowOfSpace } from "../../restriction.ts";
import { AddressSpaceGateItem, AddressSpaceItem } from "./items.ts";

type Reading = Pick<Context, "table" | "spaces">;

/** The same for what the caller may not know of and for what is not there. */
const notFound = (): ProblemError => new ProblemError("space.not_found");

/**
 * An address space, strongly consistent: one read unit for 4 KB. Throws 404 `space.not_found`, also for one that the caller may not know of. Each use
 * case below a space begins with it, or with `enterSpace`.
 */
export async function requireSpace(context: Reading, id: string): Promise<Stored<AddressSpaceItem>> {
  if (!mayKnowOfSpace(context, id)) throw notFound();
  const stored = await context.table.get(AddressSpaceItem, { id }, { consistent: true });
  if (!stored) throw notFound();
  return stored;
}

/** Slots of a space's gate: commits that rest on one of them at once have to wait for each other. */
const GATE_SLOTS = 16;

/** An address space that something is to be put into. */
export interface EnteredSpace {
  readonly space: Stored<AddressSpaceItem>;
  /**
   * Goes into each commit that puts something into the space, changes it, or gives it tags: it holds only while nobody deletes the space or
   * changes what its tags may be. Two write units, whatever else is in the commit.
   */
  readonly gate: Write;
}

const requireOpen = (space: Stored<AddressSpaceItem>): void => {
  if (space.deletion !== undefined)
    throw new ProblemError("space.deleting", `it has been going since ${space.deletion.since}`);
};

/**
 * An address space that something is to be put into or changed in, read with its gate: two read units. What the use case decides on (tags, the
 * tree) has to be read after it. Throws 404 `space.not_found`, 409 `space.deleting`.
 */
export async function enterSpace(context: Reading, id: string): Promise<EnteredSpace> {
  const key = { space: id, slot: randomInt(GATE_SLOTS) };
  const [space, slot] = await Promise.all([
    requireSpace(context, id),
    context.table.get(AddressSpaceGateItem, key, { consistent: true }),
  ]);
  requireOpen(space);
  return { space, gate: check(AddressSpaceGateItem, key, slot?.version ?? "absent") };
}

/** An address space of which it is to be changed what may be in it. */
export interface HaltedSpace {
  readonly space: Stored<AddressSpaceItem>;
  /**
   * Go into the commit of the change: of two such changes one fails, and so does each commit into the space that was decided before. 32 write
   * units.
   */
  readonly turn: readonly Write[];
}

/**
 * An address space of which it is to be changed what may be in it: its tags, or that it is there. What the use case decides on has to be read after
 * it. Throws 404 `space.not_found`, 409 `space.deleting`.
 */
export async function haltSpace(context: Reading & Pick<Context, "now">, id: string): Promise<HaltedSpace> {
  const first = { space: id, slot: 0 };
  const [space, slot] = await Promise.all([
    requireSpace(context, id),
    context.table.get(AddressSpaceGateItem, first, { consistent: true }),
  ]);
  requireOpen(space);
  const turnedAt = context.now().toISOString();
  const item = { ...first, turnedAt };
  const others = Array.from({ length: GATE_SLOTS - 1 }, (_, at) =>
    put(AddressSpaceGateItem, { space: id, slot: at + 1, turnedAt }),
  );
  const leading =
    slot === undefined ? create(AddressSpaceGateItem, item) : replace(AddressSpaceGateItem, item, slot.version);
  return { space, turn: [leading, ...others] };
}
