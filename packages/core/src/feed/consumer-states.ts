import type { ConsumerState } from "@cadastre/contract/feed";
import { defineEntity } from "@cadastre/store/entity";
import * as z from "zod";
import type { Context } from "../context.ts";
import { CheckpointItem, DeadLetterItem } from "./consumer.ts";

/** Dead letters are counted up to this. */
const MOST_COUNTED = 1000;

export const ConsumerItem = defineEntity({
  type: "consumer",
  about: "The names of those who read the feed by checkpoints. Written once for each",
  schema: z.object({ consumer: z.string() }),
  key: { partition: () => "consumers", sort: (of: { consumer: string }) => of.consumer },
});

async function stateOf({ table }: Context, consumer: string): Promise<ConsumerState | undefined> {
  const [checkpoints, letters] = await Promise.all([
    table.query(CheckpointItem, { partition: `consumer#${consumer}`, consistent: true }),
    table.query(DeadLetterItem, { partition: `dead-letters#${consumer}`, limit: MOST_COUNTED }),
  ]);
  const reachedAt = checkpoints.items.map((item) => item.at).sort()[0];
  if (reachedAt === undefined) return undefined;
  const failing = checkpoints.items.flatMap(({ failure }) => {
    if (!failure) return [];
    const { code, attempts, retryAt } = failure;
    return [{ code, attempts, retryAt }];
  });
  return { consumer, reachedAt, failing, deadLetters: letters.items.length };
}

/** Every consumer that ever read by checkpoints, with how far it is. */
export async function listConsumers(context: Context): Promise<ConsumerState[]> {
  const { items } = await context.table.query(ConsumerItem, { partition: "consumers", consistent: true });
  const states = await Promise.all(items.map(({ consumer }) => stateOf(context, consumer)));
  return states.filter((state) => state !== undefined);
}
