import type { ChangeEntry } from "@cadastre/contract/changes";
import { ProblemError } from "@cadastre/contract/errors";
import { ConflictError } from "@cadastre/store/errors";
import { put, remove, replace, type Stored, type Write } from "@cadastre/store/table";
import type { Context } from "../context.ts";
import { type Consumer, DeadLetterItem } from "./consumer.ts";
import { FeedItem } from "./items.ts";
import { toChangeEntries } from "./view.ts";

/** That a consumer did not take a change. */
export interface Refusal {
  readonly attempts: number;
  /** Of the last error. Its message is stored nowhere: it may repeat what the consumer was told. */
  readonly code: string;
  readonly error: unknown;
}

/** How long to wait before each further attempt. A runtime that comes back to a change later needs none. */
export interface Patience {
  readonly waitsMilliseconds: readonly number[];
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

export const NO_PATIENCE: Patience = { waitsMilliseconds: [], wait: () => Promise.resolve() };

const codeOf = (error: unknown): string => (error instanceof ProblemError ? error.code : "service.internal");

/** Feed items as consumers are told of them: what was committed with them is there, whatever replica is asked. */
export const toTold = (context: Context, items: readonly Stored<FeedItem>[]): Promise<ChangeEntry[]> =>
  toChangeEntries(context, items, { consistent: true });

/** Tells a consumer of a change, again after each wait. Answers why it did not take it, or undefined when it did. */
export async function tell(
  context: Context,
  consumer: Consumer,
  change: ChangeEntry,
  { waitsMilliseconds, wait }: Patience,
): Promise<Refusal | undefined> {
  for (let attempts = 1; ; attempts++) {
    try {
      await consumer.handle(change, context);
      return undefined;
    } catch (error) {
      const next = waitsMilliseconds[attempts - 1];
      if (next === undefined) return { attempts, code: codeOf(error), error };
      await wait(next);
    }
  }
}

/** The write that sets a change aside for a consumer; repeated, it is the same item. */
export function setAside(
  context: Context,
  consumer: Consumer,
  item: FeedItem,
  { code, attempts }: Pick<Refusal, "code" | "attempts">,
): Write {
  const { subject, at, stream, sequence, id, type, expiresAtSeconds } = item;
  const failedAt = context.now().toISOString();
  const place = { subject, at, stream, sequence };
  return put(DeadLetterItem, {
    consumer: consumer.name,
    place,
    id,
    type,
    failedAt,
    attempts,
    code,
    state: "waiting",
    expiresAtSeconds,
  });
}

/** Whether a commit was refused because the item is not what it was, and not because the store was busy. */
const isOvertaken = (error: unknown): boolean =>
  error instanceof ConflictError && error.refusals.every(({ reason }) => reason !== "busy");

/**
 * Tells a consumer again what somebody asked to have replayed: taken it is gone, refused it waits again. A letter that somebody
 * dropped, or asked for once more, while the consumer was being told is left as they made it. Answers whether it was taken.
 */
export async function replayLetter(
  context: Context,
  consumer: Consumer,
  { version, ...letter }: Stored<DeadLetterItem>,
  patience: Patience,
): Promise<boolean> {
  const item = await context.table.get(FeedItem, letter.place, { consistent: true });
  const [change] = item ? await toTold(context, [item]) : [];
  const refusal = change ? await tell(context, consumer, change, patience) : { attempts: 1, code: "change.not_found" };
  const write = refusal
    ? replace(
        DeadLetterItem,
        { ...letter, state: "waiting", code: refusal.code, attempts: letter.attempts + refusal.attempts },
        version,
      )
    : remove(DeadLetterItem, letter, version);
  try {
    await context.table.commit([write]);
  } catch (error) {
    if (!isOvertaken(error)) throw error;
  }
  return refusal === undefined;
}
