import { remove } from "@cadastre/store/table";
import * as z from "zod";
import { defineJob } from "../jobs/define.ts";
import { GroupMemberItem } from "./items.ts";
import { principalWrite, readPrincipal } from "./principals.ts";

/** Members of a step: two writes each, and the job's own. */
const MOST_MEMBERS = 40;

export const EMPTY_GROUP = "empty-group";

/** Clears away that anybody was in a group that was deleted. A step is one commit; its repetition finds what is left. */
export const emptyGroup = defineJob({
  name: EMPTY_GROUP,
  about: "Takes the members out of a group that was deleted",
  state: z.object({ group: z.string(), done: z.int().min(0) }),
  leaseSeconds: 60,
  async step(context, { state: { group, done }, guard }) {
    const { table } = context;
    const sort = { beginsWith: "member#" };
    const page = await table.query(GroupMemberItem, {
      partition: `group#${group}`,
      sort,
      limit: MOST_MEMBERS,
      consistent: true,
    });
    const members = await Promise.all(
      page.items.map(async (member) => ({ member, stored: await readPrincipal(context, member.principal) })),
    );
    const writes = members.flatMap(({ member, stored }) => [
      remove(GroupMemberItem, member),
      ...(stored ? [principalWrite(stored, { groups: stored.groups.filter((id) => id !== group) })] : []),
    ]);
    if (writes.length > 0) await table.commit([guard, ...writes]);
    const sum = done + page.items.length;
    return {
      state: { group, done: sum },
      progress: { done: sum, unit: "members" },
      done: page.items.length < MOST_MEMBERS,
    };
  },
});
