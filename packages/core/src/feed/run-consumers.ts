import { ConflictError } from "@cadastre/store/errors";
import { create, put, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { CheckpointItem, type Consumer, DeadLetterItem } from "./consumer.ts";
import { ConsumerItem } from "./consumer-states.ts";
import { decideFailure, decidePending, decideProgress, firstProgress } from "./decide-batch.ts";
import { FEED_PARTITIONS, FeedItem } from "./items.ts";
import { NO_PATIENCE, replayLetter, setAside, tell, toTold } from "./tell.ts";

/** Changes that are told between two checkpoints: as many may be told again after a crash. */
const BATCH = 50;

export interface ConsumersRun {
  handled: number;
  setAside: number;
}

interface Pending {
  readonly sk: string;
  readonly item: Stored<FeedItem>;
}

/** Tells one consumer of a batch of one partition. True when there was anything to do. */
async function runSlot(context: Context, consumer: Consumer, slot: number, run: ConsumersRun): Promise<boolean> {
  const { table } = context;
  const { name } = consumer;
  const stored = await table.get(CheckpointItem, { consumer: name, slot }, { consistent: true });
  const save = (progress: Pick<CheckpointItem, "at" | "handled" | "failure">, more: readonly Write[]) => {
    const item = { consumer: name, slot, ...progress };
    const write = stored ? replace(CheckpointItem, item, stored.version) : create(CheckpointItem, item);
    return table.commit([write, ...more]);
  };
  if (!stored) {
    await save(firstProgress(context.now()), [put(ConsumerItem, { consumer: name, by: "checkpoints" })]);
    return false;
  }
  if (stored.failure && stored.failure.retryAt > context.now().toISOString()) return false;
  // What is committed while the consumer takes its time is younger than this, and looked for again.
  const lookedAt = context.now();
  const page = await table.query(FeedItem, {
    partition: FEED_PARTITIONS[slot] as string,
    sort: { from: stored.at },
    limit: stored.handled.length + BATCH,
    consistent: true,
  });
  const changes = page.items.map((item): Pending => ({ sk: FeedItem.keyOf(item).sk, item }));
  const pending = decidePending(stored, changes);
  const handled: string[] = [];
  for (const { sk, item } of pending) {
    const [change] = await toTold(context, [item]);
    const refusal = change && (await tell(context, consumer, change, NO_PATIENCE));
    if (refusal === undefined) {
      handled.push(sk);
      continue;
    }
    const { code } = refusal;
    const next = decideFailure(stored.failure, { sk, code }, context.now());
    if (next.act === "retry") {
      await save({ ...decideProgress(stored, handled, false, lookedAt), failure: next.failure }, []);
      run.handled += handled.length;
      return false;
    }
    const letter = setAside(context, consumer, item, { code, attempts: next.attempts });
    await save(decideProgress(stored, [...handled, sk], false, lookedAt), [letter]);
    run.handled += handled.length;
    run.setAside++;
    return true;
  }
  const progress = decideProgress(stored, handled, page.cursor === undefined, lookedAt);
  if (handled.length === 0 && progress.at === stored.at) return false;
  await save(progress, []);
  run.handled += handled.length;
  return page.cursor !== undefined;
}

/** Has the letters of a consumer told again that wait for it, wherever they stand among those that nobody asks for. */
async function runReplays(context: Context, consumer: Consumer, run: ConsumersRun): Promise<void> {
  let cursor: string | undefined;
  do {
    const query = { partition: `dead-letters#${consumer.name}`, cursor };
    const letters = await context.table.query(DeadLetterItem, query);
    for (const letter of letters.items.filter((item) => item.state === "replaying")) {
      if (await replayLetter(context, consumer, letter, NO_PATIENCE)) run.handled++;
    }
    cursor = letters.cursor;
  } while (cursor !== undefined);
}

/**
 * Tells each consumer of what changed since it was last told, by its checkpoints, until there is nothing more or `isOver`
 * says so. A change is told at least once; those of one subject in their order; one that is refused six times is set aside, so
 * that what comes after it goes on. Two runners at once: one of them loses its checkpoint's commit and stops; what it told is
 * told again. Writes checkpoints and dead letters.
 */
export async function runConsumers(
  context: Context,
  consumers: readonly Consumer[],
  { isOver = () => false }: { isOver?: () => boolean } = {},
): Promise<ConsumersRun> {
  const run: ConsumersRun = { handled: 0, setAside: 0 };
  for (const consumer of consumers) {
    try {
      await runReplays(context, consumer, run);
      for (let slot = 0; slot < FEED_PARTITIONS.length; slot++) {
        for (let more = true; more && !isOver(); ) more = await runSlot(context, consumer, slot, run);
      }
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  return run;
}
