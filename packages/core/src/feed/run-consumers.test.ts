import { describe, expect, it } from "vitest";
import { aContext, anActor, type TestContext } from "../audit/testing.ts";
import type { Consumer } from "./consumer.ts";
import { listDeadLetters, replayDeadLetter } from "./dead-letters.ts";
import type { FeedItem } from "./items.ts";
import { recordChange } from "./record-change.ts";
import { runConsumers } from "./run-consumers.ts";
import { setAside } from "./tell.ts";

/** A consumer with what it was told, as ids of subjects in their order. */
function aConsumer(): Consumer & { readonly told: string[] } {
  const told: string[] = [];
  const handle = async ({ subject }: Parameters<Consumer["handle"]>[0]) => void told.push(subject.id);
  return { name: "test", about: "for tests", told, handle };
}

/** Changes of so many subjects, committed now. */
async function changed(context: TestContext, count: number): Promise<FeedItem[]> {
  const items: FeedItem[] = [];
  for (let n = 0; n < count; n++) {
    const subject = { type: "account", key: `aws/${n}` } as const;
    const of = { subject, id: `s${n}`, type: "created", at: context.now().toISOString(), actor: "system" } as const;
    const writes = recordChange(context, { ...of, stream: "o", sequence: 1, changes: [], place: {} });
    await context.table.commit(writes);
    items.push((writes[0] as unknown as { item: FeedItem }).item);
  }
  return items;
}

describe("a dead letter", () => {
  it("that is to be told again is, however many of the same consumer wait before it", async () => {
    const context = aContext();
    const consumer = aConsumer();
    const items = await changed(context, 60);
    await context.table.commit(
      items.map((item) => setAside(context, consumer, item, { code: "service.unavailable", attempts: 6 })),
    );
    const letters = await listDeadLetters(context, { consumer: "test", limit: 100 });
    const last = letters.items.at(-1);
    await replayDeadLetter(context, anActor, "test", last?.id ?? "");
    expect(await runConsumers(context, [consumer])).toEqual({ handled: 1, setAside: 0 });
    expect(consumer.told).toEqual([last?.subject]);
    expect((await listDeadLetters(context, { consumer: "test", limit: 100 })).items).toHaveLength(59);
  });
});
