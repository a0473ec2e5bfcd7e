import { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import { CheckpointItem, type Consumer, DeadLetterItem } from "./consumer.ts";
import { ConsumerItem, listConsumers, registerConsumers, requireConsumer } from "./consumer-states.ts";

const aConsumer = (name: string): Consumer => ({ name, about: "for tests", handle: () => Promise.resolve() });
const at = (n: number) => `2026-03-01T00:00:${String(n).padStart(2, "0")}.000Z`;

/** A consumer with checkpoints, of these times, some of them failing. */
async function withCheckpoints(...checkpoints: readonly Partial<CheckpointItem>[]): Promise<TestContext> {
  const context = aContext();
  await context.table.commit([
    put(ConsumerItem, { consumer: "test", by: "checkpoints" }),
    ...checkpoints.map((of, slot) => put(CheckpointItem, { consumer: "test", slot, at: at(0), handled: [], ...of })),
  ]);
  return context;
}

const letters = (consumer: string, count: number) =>
  Array.from({ length: count }, (_, n) =>
    put(DeadLetterItem, {
      consumer,
      place: { subject: { type: "account", key: `aws/${n}` }, at: at(0), stream: "o", sequence: 1 },
      id: `aws/${n}`,
      type: "created",
      failedAt: at(1),
      attempts: 5,
      code: "service.unavailable",
      state: "waiting",
      expiresAtSeconds: 4_000_000_000,
    }),
  );

describe("the state of a consumer", () => {
  it("is how far the last of its checkpoints is, and which of them fail, without what only the runner needs", async () => {
    const failure = { sk: "secret", attempts: 3, retryAt: at(9), code: "service.unavailable" };
    const context = await withCheckpoints({ at: at(5) }, { at: at(2), failure }, { at: at(7) });
    await context.table.load(letters("test", 2));
    await context.table.load(letters("other", 1));
    expect(await listConsumers(context)).toEqual([
      {
        consumer: "test",
        by: "checkpoints",
        reachedAt: at(2),
        failing: [{ code: "service.unavailable", attempts: 3, retryAt: at(9) }],
        deadLetters: 2,
      },
    ]);
  });

  it("has no time before its first checkpoint, and none of one that the table's stream tells", async () => {
    expect((await listConsumers(await withCheckpoints()))[0]).toEqual({
      consumer: "test",
      by: "checkpoints",
      failing: [],
      deadLetters: 0,
    });
    const context = await withCheckpoints({ at: at(5) });
    await registerConsumers(context, [aConsumer("test"), aConsumer("alike")]);
    await registerConsumers(context, [aConsumer("test")]);
    expect(await listConsumers(context)).toEqual(
      ["alike", "test"].map((consumer) => ({ consumer, by: "stream", failing: [], deadLetters: 0 })),
    );
  });

  it("counts letters up to 1,000", async () => {
    const context = await withCheckpoints();
    await context.table.load(letters("test", 1001));
    expect((await listConsumers(context))[0]?.deadLetters).toBe(1000);
  });

  it("is read strongly: nobody is missing from the list, and nobody's failures", async () => {
    const failure = { sk: "s", attempts: 1, retryAt: at(9), code: "service.unavailable" };
    const late = withEmptyReplica(await withCheckpoints({ failure }));
    expect(await listConsumers(late)).toMatchObject([
      { consumer: "test", reachedAt: at(0), failing: [{ attempts: 1 }] },
    ]);
  });
});

describe("a consumer that is asked for", () => {
  const refusal = async (context: TestContext, name: string) =>
    requireConsumer(context, name).then(
      () => undefined,
      (error: unknown) => error as Error,
    );

  it("is there, however far replicas are behind", async () => {
    const context = await withCheckpoints();
    expect(await refusal(context, "test")).toBeUndefined();
    expect(await refusal(withEmptyReplica(context), "test")).toBeUndefined();
  });

  it("is refused with what was meant, or with who there is", async () => {
    const context = await withCheckpoints();
    await registerConsumers(context, [aConsumer("changes")]);
    const of = async (name: string) => {
      const error = await refusal(withEmptyReplica(context), name);
      expect(error).toMatchObject({ code: "consumer.not_found" });
      return error?.message;
    };
    expect(await of("tset")).toContain("no consumer is called tset; did you mean test?");
    expect(await of("something else")).toContain("no consumer is called something else; there are changes, test");
    expect((await refusal(aContext(), "test"))?.message).toContain("; there are none");
  });
});
