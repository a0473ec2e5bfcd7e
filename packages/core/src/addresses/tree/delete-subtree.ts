import { ProblemError } from "@cadastre/contract/errors";
import { parsePrefix } from "@cadastre/net/prefix";
import type { Write } from "@cadastre/store/table";
import * as z from "zod";
import { commitRecorded } from "../../audit/commit-recorded.ts";
import { type Actor, actorName, type Context } from "../../context.ts";
import { defineJob } from "../../jobs/define.ts";
import { newRun } from "../../jobs/start.ts";
import { retryOnConflict } from "../../retry-on-conflict.ts";
import { REMOVE_PREFIXES } from "../job-heads.ts";
import { enterSpace } from "../spaces/gate.ts";
import { requireSpace } from "../spaces/read.ts";
import { auditTarget, IpItem, spacePartition } from "./items.ts";
import { settle } from "./pending.ts";
import { boundsWithin } from "./ranges.ts";
import { requireIp } from "./read-ips.ts";
import { removeLast } from "./remove-last.ts";
import { requireSeen, type Seen } from "./replace-ip.ts";

/** What one step of the job removes. */
const COMMITS_IN_STEP = 10;
const COUNTED_AT_ONCE = 1000;

export interface Removal {
  /** Prefixes that are removed, or would be: itself and all inside it. */
  readonly removed: number;
  /** The job that removes them, when they are more than one commit can. */
  readonly job?: string;
}

const boundsOf = ({ prefix }: Pick<IpItem, "prefix">) => boundsWithin(parsePrefix(prefix), { itself: true });

async function countIn({ table }: Context, root: IpItem): Promise<number> {
  let cursor: string | undefined;
  let count = 0;
  do {
    const page = await table.query(IpItem, {
      partition: spacePartition(root.space),
      sort: boundsOf(root),
      limit: COUNTED_AT_ONCE,
      cursor,
    });
    count += page.items.length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
}

/** What removing a prefix with all that is inside it would remove. Throws 404 `space.not_found`, `ip.not_found`. */
export async function previewRemoval(context: Context, space: string, id: string): Promise<Removal> {
  await Promise.all([requireSpace(context, space), settle(context, space)]);
  return { removed: await countIn(context, await requireIp(context, space, id)) };
}

/**
 * Removes a prefix and all that is inside it: at once when it is little, else by a job, from the smallest on, each step complete in itself. Throws
 * 404 `space.not_found`, `ip.not_found`, 412 `request.precondition_failed`. Writes what `deleteIp` writes of each, or the job's run, and one
 * audit record.
 */
export async function deleteSubtree(
  context: Context,
  actor: Actor,
  space: string,
  id: string,
  seen: Seen,
): Promise<Removal> {
  const removal = await retryOnConflict(async (): Promise<Removal> => {
    const { gate } = await enterSpace(context, space);
    await settle(context, space);
    const stored = await requireIp(context, space, id);
    requireSeen(seen, stored);
    const entry = { action: "ip.delete", target: auditTarget(stored) } as const;
    const detail = { space, prefix: stored.prefix, name: stored.name };
    const most = await removeLast(context, space, boundsOf(stored), actorName(actor));
    if (most.isAll) {
      await commitRecorded(context, actor, [gate, ...most.writes], {
        ...entry,
        detail: { ...detail, removed: most.count },
      });
      return { removed: most.count };
    }
    const removed = await countIn(context, stored);
    const state = { space, id, by: actorName(actor), done: 0, total: removed };
    const { run, writes } = newRun(REMOVE_PREFIXES, { now: context.now(), createdBy: actorName(actor), state });
    await commitRecorded(context, actor, [gate, ...writes], { ...entry, detail: { ...detail, removed, job: run.id } });
    return { removed, job: run.id };
  });
  if (removal.job !== undefined) context.onJobStarted?.();
  return removal;
}

/** Removes the last few prefixes inside one. Answers how many; none once it is gone itself. */
async function removeSome(
  context: Context,
  guard: Write,
  state: { space: string; id: string; by: string },
): Promise<number> {
  return retryOnConflict(async () => {
    const { gate } = await enterSpace(context, state.space);
    await settle(context, state.space);
    const stored = await requireIp(context, state.space, state.id).catch((error: unknown) => {
      if (error instanceof ProblemError && error.code === "ip.not_found") return undefined;
      throw error;
    });
    if (!stored) return 0;
    const { count, writes } = await removeLast(context, state.space, boundsOf(stored), state.by);
    await context.table.commit([guard, gate, ...writes]);
    return count;
  });
}

/** Removes what is inside a prefix, and that one last. What is planned there meanwhile goes, too. */
export const removePrefixes = defineJob({
  ...REMOVE_PREFIXES,
  state: z.object({ space: z.string(), id: z.string(), by: z.string(), done: z.int().min(0), total: z.int() }),
  async step(context, { state, guard }) {
    let { done } = state;
    let some = 1;
    for (let commit = 0; commit < COMMITS_IN_STEP && some > 0; commit++) {
      some = await removeSome(context, guard, state);
      done += some;
    }
    return {
      state: { ...state, done },
      progress: { done, total: Math.max(done, state.total), unit: "prefixes" },
      done: some === 0,
    };
  },
});
