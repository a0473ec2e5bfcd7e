import { didYouMean } from "@cadastre/contract/did-you-mean";
import { ProblemError } from "@cadastre/contract/errors";
import { type ConsumerState, consumerState } from "@cadastre/contract/feed";
import { defineEntity, type ItemOf } from "@cadastre/store/entity";
import { put, type Table } from "@cadastre/store/table";
import * as z from "zod";
import type { Context } from "../context.ts";
import { CheckpointItem, type Consumer, DeadLetterItem } from "./consumer.ts";

/** Dead letters are counted up to this. */
const MOST_COUNTED = 1000;

export const ConsumerItem = defineEntity({
  type: "consumer",
  about:
    "The names of those who are told of changes, and by what: checkpoints of their own, or the table's stream. Written at their start",
  schema: z.object({ consumer: z.string(), by: consumerState.shape.by }),
  key: { partition: () => "consumers", sort: (of: { consumer: string }) => of.consumer },
});

/** Makes consumers known that are told by the table's stream. Repeated, they are the same items. */
export async function registerConsumers(context: Context, consumers: readonly Consumer[]): Promise<void> {
  for (const { name } of consumers) await context.table.commit([put(ConsumerItem, { consumer: name, by: "stream" })]);
}

async function stateOf({ table }: Context, { consumer, by }: ItemOf<typeof ConsumerItem>): Promise<ConsumerState> {
  const [checkpoints, letters] = await Promise.all([
    by === "stream" ? [] : readCheckpoints(table, consumer),
    table.query(DeadLetterItem, { partition: `dead-letters#${consumer}`, limit: MOST_COUNTED }),
  ]);
  const reachedAt = checkpoints.map((item) => item.at).sort()[0];
  const failing = checkpoints.flatMap(({ failure }) => {
    if (!failure) return [];
    const { code, attempts, retryAt } = failure;
    return [{ code, attempts, retryAt }];
  });
  return { consumer, by, ...(reachedAt ? { reachedAt } : {}), failing, deadLetters: letters.items.length };
}

async function readCheckpoints(table: Table, consumer: string): Promise<readonly CheckpointItem[]> {
  const page = await table.query(CheckpointItem, { partition: `consumer#${consumer}`, consistent: true });
  return page.items;
}

/** Throws 404 `consumer.not_found`, with the names that there are, for one that was never told of changes here. */
export async function requireConsumer({ table }: Context, consumer: string): Promise<void> {
  if (await table.get(ConsumerItem, { consumer }, { consistent: true })) return;
  const { items } = await table.query(ConsumerItem, { partition: "consumers", consistent: true });
  const names = items.map((item) => item.consumer);
  const meant = didYouMean(consumer, names);
  const known = meant
    ? `did you mean ${meant}?`
    : names.length > 0
      ? `there are ${names.join(", ")}`
      : "there are none";
  throw new ProblemError("consumer.not_found", `no consumer is called ${consumer}; ${known}`);
}

/** Every consumer that was ever told of changes here, with how far it is. */
export async function listConsumers(context: Context): Promise<ConsumerState[]> {
  const { items } = await context.table.query(ConsumerItem, { partition: "consumers", consistent: true });
  return Promise.all(items.map((item) => stateOf(context, item)));
}
