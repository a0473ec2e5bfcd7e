import { ProblemError } from "@cadastre/contract/errors";
import type { DeadLetter } from "@cadastre/contract/feed";
import { remove, replace, type Stored } from "@cadastre/store/table";
import { commitRecorded } from "../audit/commit-recorded.ts";
import type { Actor, Context } from "../context.ts";
import { type Listed, type ListOptions, selectPage } from "../lists.ts";
import { retryOnConflict } from "../retry-on-conflict.ts";
import { DeadLetterItem } from "./consumer.ts";
import { requireConsumer } from "./consumer-states.ts";
import { FeedItem } from "./items.ts";
import { idOfChange, placeOfChange } from "./view.ts";

function toView(stored: DeadLetterItem): DeadLetter {
  const { consumer, place, id: subject, type, failedAt, attempts, code, state } = stored;
  const id = idOfChange(FeedItem.keyOf(place).sk);
  return { id, consumer, subject, type, at: place.at, failedAt, attempts, code, state };
}

/** What a consumer did not take, oldest first. Throws 404 `consumer.not_found`, 422 `cursor.invalid`. */
export async function listDeadLetters(
  context: Context,
  { consumer, ...options }: ListOptions & { consumer: string },
): Promise<Listed<DeadLetter>> {
  await requireConsumer(context, consumer);
  return selectPage(
    context,
    {
      list: "dead-letters",
      filters: { consumer },
      entity: DeadLetterItem,
      partition: `dead-letters#${consumer}`,
      select: async (items) => items.map(toView),
    },
    options,
  );
}

async function read(context: Context, consumer: string, id: string): Promise<Stored<DeadLetterItem>> {
  const sk = placeOfChange(id);
  const page =
    sk &&
    (await context.table.query(DeadLetterItem, {
      partition: `dead-letters#${consumer}`,
      sort: { from: sk, to: sk },
      consistent: true,
    }));
  const letter = page ? page.items[0] : undefined;
  if (!letter) throw new ProblemError("consumer.letter_not_found");
  return letter;
}

/** Has a change told again to the consumer that did not take it. Throws 404 `consumer.letter_not_found`. Writes it and a record. */
export async function replayDeadLetter(
  context: Context,
  actor: Actor,
  consumer: string,
  id: string,
): Promise<DeadLetter> {
  return retryOnConflict(async () => {
    const { version, ...letter } = await read(context, consumer, id);
    const next: DeadLetterItem = { ...letter, state: "replaying" };
    // Also when it is asked for already: in a deployment it is the write that has it told, and one before may have come to nothing.
    await commitRecorded(context, actor, [replace(DeadLetterItem, next, version)], {
      action: "consumer.replay",
      target: `${consumer}/${id}`,
      detail: { subject: letter.id },
    });
    // As it was written: by now it may be told, and gone.
    return toView(next);
  });
}

/** Gives a change up for the consumer that did not take it. Throws 404 `consumer.letter_not_found`. Writes a record. */
export async function dropDeadLetter(context: Context, actor: Actor, consumer: string, id: string): Promise<void> {
  await retryOnConflict(async () => {
    const letter = await read(context, consumer, id);
    await commitRecorded(context, actor, [remove(DeadLetterItem, letter, letter.version)], {
      action: "consumer.drop",
      target: `${consumer}/${id}`,
      detail: { subject: letter.id, code: letter.code },
    });
  });
}
