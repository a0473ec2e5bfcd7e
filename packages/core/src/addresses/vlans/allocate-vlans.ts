import { randomInt } from "node:crypto";
import type { NextVlans, Vlan } from "@cadastre/contract/addresses/vlan";
import { ProblemError } from "@cadastre/contract/errors";
import { newId } from "@cadastre/contract/ids";
import { check, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import type { Actor, Context } from "../../context.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { enterSpace } from "../spaces/gate.ts";
import { requireSpace } from "../spaces/read.ts";
import { readVlansOf, requireGroup } from "./groups.ts";
import { VlanGroupItem, type VlanItem } from "./items.ts";
import { toVlanView, vlanWrites } from "./vlans.ts";

/** Of those who want the next one at once, each finds its own after as many attempts at the most. */
const ATTEMPTS = 20;
/** From how many of the next free ids one is taken, when another was faster. */
const AMONG = 64;

/** The free ids of a group in their order, until there are enough. Reads its VLANs, strongly: some 20 of them are a read unit. */
async function findFree(context: Context, group: Stored<VlanGroupItem>, most: number): Promise<number[]> {
  const used = new Set((await readVlansOf(context, group.space, group.id)).map(({ vid }) => vid));
  const free = new Set<number>();
  for (const { from, to } of group.ranges.toSorted((one, other) => one.from - other.from))
    for (let vid = from; vid <= to && free.size < most; vid++) if (!used.has(vid)) free.add(vid);
  return [...free];
}

/** The next free ids of a group; nothing is kept for who asks. Throws 404 `space.not_found`, `vlan-group.not_found`. */
export async function previewVlans(
  context: Context,
  { space, group }: { readonly space: string; readonly group: string },
  limit: number,
): Promise<{ items: { vid: number }[] }> {
  await requireSpace(context, space);
  const free = await findFree(context, await requireGroup(context, space, group), limit);
  return { items: free.map((vid) => ({ vid })) };
}

/**
 * Takes the next free ids of a group, all that are wanted or none. Safe beside others, who cannot make a VLAN of the same id: who was slower looks
 * again, and takes others than the very next ones. Throws 404 `space.not_found`, `vlan-group.not_found`, 409 `space.deleting`, `vlan.none_free`,
 * `request.conflict`. Writes each VLAN, its id, and one audit record.
 */
export async function allocateVlans(
  context: Context,
  actor: Actor,
  { space, group }: { readonly space: string; readonly group: string },
  { count, ...said }: NextVlans,
): Promise<{ items: Vlan[] }> {
  const allocation = newId("allocation", context.now());
  await retryOnConflict(
    async (attempt) => {
      const { gate } = await enterSpace(context, space);
      const stored = await requireGroup(context, space, group);
      const free = await findFree(context, stored, attempt === 1 ? count : count + AMONG);
      if (free.length < count) throw new ProblemError("vlan.none_free", `${free.length} of ${count} ids are free`);
      const first = attempt === 1 ? 0 : randomInt(free.length - count + 1);
      const now = context.now();
      const at = now.toISOString();
      const made = free.slice(first, first + count).map(
        (vid): VlanItem => ({
          ...said,
          vid,
          group,
          id: newId("vlan", now),
          space,
          allocation,
          createdOn: at,
          modifiedOn: at,
        }),
      );
      const still = check(VlanGroupItem, { space, id: group }, stored.version);
      await commitRecorded(context, actor, [...made.flatMap(vlanWrites), gate, still], {
        action: "vlan.allocate",
        target: `${space}/${group}/${allocation}`,
        detail: { ids: made.map(({ id }) => id), vids: made.map(({ vid }) => vid) },
      });
    },
    { attempts: ATTEMPTS },
  );
  return getAllocatedVlans(context, { space, group }, allocation);
}

/** What one allocation took and is still in the group, for its repeat. Throws 404 `space.not_found`. */
export async function getAllocatedVlans(
  context: Context,
  { space, group }: { readonly space: string; readonly group: string },
  allocation: string,
): Promise<{ items: Vlan[] }> {
  await requireSpace(context, space);
  const all = await readVlansOf(context, space, group);
  return { items: all.filter((one) => one.allocation === allocation).map(toVlanView) };
}
