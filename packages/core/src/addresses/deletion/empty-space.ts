import { check, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../../context.ts";
import { canonicalName } from "../../directory/canonical-name.ts";
import { defineJob } from "../../jobs/define.ts";
import { DELETE_SPACE } from "../job-heads.ts";
import { closingWrites } from "../spaces/gate.ts";
import { AddressSpaceItem, AddressSpaceListItem, AddressSpaceNameItem } from "../spaces/items.ts";
import { claimChanges, ruleWrites } from "../spaces/rules.ts";
import { settle } from "../tree/pending.ts";
import { boundsOf } from "../tree/ranges.ts";
import { removeLast } from "../tree/remove-last.ts";
import { MOST_BESIDES, SPACE_CONTENTS } from "./contents.ts";

/** Commits of one step. */
const COMMITS_IN_STEP = 20;
/** Items of a commit, beside what guards it. */
const MOST_ITEMS = Math.floor(90 / (1 + MOST_BESIDES));

const deletionState = z.object({
  space: z.string(),
  by: z.string(),
  /** Of the contents that are not prefixes, the one that is next. */
  part: z.int().min(0),
  /** Prefixes and other items that are gone. */
  done: z.int().min(0),
});
export type DeletionState = z.output<typeof deletionState>;

/** A space that this run deletes. */
interface Going {
  readonly space: Stored<AddressSpaceItem>;
  /** In each commit: the run is this runner's, and the space is still being deleted by it. */
  readonly guard: readonly Write[];
}

async function readGoing(context: Context, id: string, run: string, guard: Write): Promise<Going | undefined> {
  const space = await context.table.get(AddressSpaceItem, { id }, { consistent: true });
  if (space?.deletion?.job !== run) return undefined;
  return { space, guard: [guard, check(AddressSpaceItem, { id }, space.version)] };
}

/** The last prefixes go; the windows of what is left say what is. Answers how many. */
async function removePrefixes(context: Context, { space, guard }: Going, by: string): Promise<number> {
  const { count, writes } = await removeLast(context, space.id, boundsOf(undefined), by);
  if (count > 0) await context.table.commit([...guard, ...writes]);
  return count;
}

/** Some of one sort go. Answers how many. */
async function removeItems({ table }: Context, { space, guard }: Going, part: number): Promise<number> {
  const content = SPACE_CONTENTS[part];
  if (!content) return 0;
  const { entity, partition, sort, besides } = content;
  const query = { partition: partition(space.id), ...(sort ? { sort } : {}), limit: MOST_ITEMS, consistent: true };
  const { items } = await table.query(entity, query);
  const writes = items.flatMap((item) => [remove(entity, item), ...(besides?.(item) ?? [])]);
  if (writes.length > 0) await table.commit([...guard, ...writes]);
  return items.length;
}

/** From here on it cannot be kept: what only says where its prefixes were goes. */
async function beFinal(context: Context, { space, guard: [guard] }: Going): Promise<void> {
  const { version, deletion, ...item } = space;
  if (!deletion || deletion.isFinal) return;
  const next = { ...item, deletion: { ...deletion, isFinal: true as const } };
  await context.table.commit([...(guard ? [guard] : []), replace(AddressSpaceItem, next, version)]);
}

/** The space itself: its name and what its rules claimed are free then. */
async function removeSpace(context: Context, { space, guard: [guard] }: Going): Promise<void> {
  const { id, name, rules, version } = space;
  await context.table.commit([
    ...(guard ? [guard] : []),
    remove(AddressSpaceItem, { id }, version),
    remove(AddressSpaceNameItem, { name: canonicalName(name) }),
    remove(AddressSpaceListItem, { id }),
    ...ruleWrites(id, claimChanges(rules, [])),
    ...closingWrites(context, id, { isLast: true }),
  ]);
}

/**
 * Deletes what is in an address space and then the space: prefixes from the last on, so that what is left stands as it did and can be kept, then all
 * else. Nothing comes in meanwhile: the gate was closed, and what was decided before that is carried out first.
 */
export const emptySpace = defineJob({
  ...DELETE_SPACE,
  state: deletionState,
  async step(context, { id: run, state, guard }) {
    let { part, done } = state;
    const answer = (isDone: boolean) => ({
      state: { ...state, part, done },
      progress: { done, unit: "items" },
      done: isDone,
    });
    await settle(context, state.space);
    for (let commits = 0; commits < COMMITS_IN_STEP; commits++) {
      const going = await readGoing(context, state.space, run, guard);
      // It was kept, or is gone.
      if (!going) return answer(true);
      const prefixes = going.space.deletion?.isFinal ? 0 : await removePrefixes(context, going, state.by);
      done += prefixes;
      if (prefixes > 0) continue;
      await beFinal(context, going);
      const final = await readGoing(context, state.space, run, guard);
      if (!final) return answer(true);
      const items = await removeItems(context, final, part);
      done += items;
      if (items === 0) part += 1;
      if (part <= SPACE_CONTENTS.length) continue;
      await removeSpace(context, final);
      return answer(true);
    }
    return answer(false);
  },
});
