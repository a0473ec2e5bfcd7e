import { ProblemError } from "@cadastre/contract/errors";
import type { put } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, anActor, type TestContext, withEmptyReplica } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { CheckpointItem, type Consumer, DeadLetterItem } from "./consumer.ts";
import { listConsumers, registerConsumers } from "./consumer-states.ts";
import { dropDeadLetter, listDeadLetters, replayDeadLetter } from "./dead-letters.ts";
import type { FeedItem } from "./items.ts";
import { recordChange } from "./record-change.ts";
import { runConsumers } from "./run-consumers.ts";
import { setAside } from "./tell.ts";

interface Told extends Consumer {
  /** What was told, by subject and number. */
  readonly told: string[];
  /** Happens when it is told. */
  during: (told: string) => Promise<void> | void;
}

function aConsumer(name = "test"): Told {
  const told: string[] = [];
  const consumer: Told = {
    name,
    about: "for tests",
    told,
    during: () => undefined,
    async handle({ subject }) {
      const one = subject.id;
      await consumer.during(one);
      told.push(one);
    },
  };
  return consumer;
}

/** Commits a change of a subject, now. Answers its feed item. */
async function change(context: TestContext, key: string, sequence = 1, at = context.now()): Promise<FeedItem> {
  const subject = { type: "account", key: `aws/${key}` } as const;
  const of = { subject, type: "created", at: at.toISOString(), actor: "system", changes: [] } as const;
  const writes = recordChange(context, { ...of, id: `${key}/${sequence}`, stream: "o", sequence, place: {} });
  await context.table.commit(writes);
  return (writes[0] as unknown as { item: FeedItem }).item;
}

/** A context in which consumers begin with what changes from now on. */
async function begun(...consumers: readonly Consumer[]): Promise<TestContext> {
  const context = aContext();
  expect(await runConsumers(context, consumers)).toEqual({ handled: 0, setAside: 0 });
  return context;
}

const refusing = () => Promise.reject(new ProblemError("service.unavailable", "no"));
const lettersOf = async (context: Context) => (await listDeadLetters(context, { consumer: "test", limit: 100 })).items;

describe("a consumer with checkpoints", () => {
  it("is known by its name, and told of what changes from its first look on", async () => {
    const consumer = aConsumer();
    const context = aContext();
    await change(context, "a");
    context.advance(1);
    await runConsumers(context, [consumer]);
    expect(await listConsumers(context)).toMatchObject([{ consumer: "test", by: "checkpoints" }]);
    await change(context, "b");
    expect(await runConsumers(context, [consumer])).toEqual({ handled: 1, setAside: 0 });
    expect(consumer.told).toEqual(["b/1"]);
  });

  it("is told of more changes than one checkpoint takes, in their order, in one go", async () => {
    const consumer = aConsumer();
    const context = await begun(consumer);
    for (let n = 1; n <= 120; n++) await change(context, "a", n);
    expect(await runConsumers(context, [consumer])).toEqual({ handled: 120, setAside: 0 });
    expect(consumer.told).toEqual(Array.from({ length: 120 }, (_, n) => `a/${n + 1}`));
  });

  it("is told of all that is older than a minute, however much of it there is, and then its time moves on", async () => {
    const consumer = aConsumer();
    const context = await begun(consumer);
    const start = context.now().toISOString();
    for (let n = 1; n <= 120; n++) await change(context, "a", n);
    context.advance(300);
    await runConsumers(context, [consumer]);
    expect(consumer.told).toHaveLength(120);
    const reached = async () => Date.parse((await listConsumers(context))[0]?.reachedAt ?? start);
    expect(await reached()).toBe(context.now().getTime() - 60_000);
    context.advance(300);
    await runConsumers(context, [consumer]);
    expect(await reached()).toBe(context.now().getTime() - 60_000);
    expect(consumer.told).toHaveLength(120);
  });

  it("is told of each once, also when replicas have heard of nothing", async () => {
    const consumer = aConsumer();
    const context = await begun(consumer);
    await change(context, "a");
    for (const _ of [1, 2]) {
      await runConsumers(withEmptyReplica(context), [consumer]);
      context.advance(300);
    }
    expect(consumer.told).toEqual(["a/1"]);
  });

  it("costs no write when there is nothing to tell and its time does not move", async () => {
    const consumer = aConsumer();
    const context = await begun(consumer);
    const { units } = await context.table.meter.measure(() => runConsumers(context, [consumer]));
    expect(units.write).toBe(0);
  });

  it("is told nothing more once the time is over", async () => {
    const consumer = aConsumer();
    const context = await begun(consumer);
    for (const key of ["a", "b", "c", "d", "e", "f"]) await change(context, key);
    await runConsumers(context, [consumer], { isOver: () => consumer.told.length > 0 });
    expect(consumer.told.length).toBeGreaterThan(0);
    expect(consumer.told.length).toBeLessThan(6);
    await runConsumers(context, [consumer], { isOver: () => true });
    expect(consumer.told.length).toBeLessThan(6);
  });

  it("that another runner tells, too, is left to that one, and holds up no other", async () => {
    const [consumer, other] = [aConsumer(), aConsumer("other")];
    const context = await begun(consumer, other);
    await change(context, "a");
    consumer.during = async () => {
      consumer.during = () => undefined;
      await runConsumers(context, [consumer]);
    };
    expect(await runConsumers(context, [consumer, other])).toEqual({ handled: 1, setAside: 0 });
    // Told by both, as it must bear, and noted by one.
    expect([consumer.told, other.told]).toEqual([["a/1", "a/1"], ["a/1"]]);
  });

  it("does not make a failure of the table its own", async () => {
    const consumer = aConsumer();
    const context = await begun(consumer);
    await change(context, "a");
    const commit = () => Promise.reject(new Error("table is down"));
    const failing = { ...context, table: { ...context.table, commit } };
    await expect(runConsumers(failing, [consumer])).rejects.toThrow("table is down");
  });
});

describe("a change that a consumer refuses", () => {
  it("is told again when its wait is over and not before; what was told before it is not, what comes after it waits", async () => {
    const consumer = aConsumer();
    const context = await begun(consumer);
    for (let n = 1; n <= 3; n++) await change(context, "a", n);
    consumer.during = (told) => (told === "a/2" ? refusing() : undefined);
    expect(await runConsumers(context, [consumer])).toEqual({ handled: 1, setAside: 0 });
    const [state] = await listConsumers(context);
    expect(state?.failing).toMatchObject([{ code: "service.unavailable", attempts: 1 }]);
    context.advance(0.999);
    consumer.during = () => undefined;
    expect(await runConsumers(context, [consumer])).toEqual({ handled: 0, setAside: 0 });
    context.advance(0.001);
    expect(await runConsumers(context, [consumer])).toEqual({ handled: 2, setAside: 0 });
    expect(consumer.told).toEqual(["a/1", "a/2", "a/3"]);
    expect((await listConsumers(context))[0]?.failing).toEqual([]);
  });

  it("counts with it what was told before it when it is set aside", async () => {
    const consumer = aConsumer();
    const context = await begun(consumer);
    const early = context.now();
    context.advance(1);
    await change(context, "a", 2);
    consumer.during = (told) => (told === "a/2" ? refusing() : undefined);
    for (let attempt = 1; attempt <= 5; attempt++) {
      await runConsumers(context, [consumer]);
      context.advance(4 ** (attempt - 1));
    }
    await change(context, "a", 1, early);
    expect(await runConsumers(context, [consumer])).toEqual({ handled: 1, setAside: 1 });
  });

  it("is set aside at its sixth attempt, once, and what comes after it is told", async () => {
    const consumer = aConsumer();
    const context = await begun(consumer);
    for (let n = 1; n <= 3; n++) await change(context, "a", n);
    consumer.during = (told) => (told === "a/2" ? refusing() : undefined);
    const runs = [];
    for (let attempt = 1; attempt <= 7; attempt++) {
      runs.push(await runConsumers(context, [consumer]));
      context.advance(300);
    }
    const nothing = { handled: 0, setAside: 0 };
    const last = { handled: 1, setAside: 1 };
    expect(runs).toEqual([{ handled: 1, setAside: 0 }, nothing, nothing, nothing, nothing, last, nothing]);
    expect(consumer.told).toEqual(["a/1", "a/3"]);
    expect(await lettersOf(context)).toMatchObject([{ subject: "a/2", attempts: 6, state: "waiting" }]);
    const { items } = await context.table.query(CheckpointItem, { partition: "consumer#test" });
    expect(items.filter(({ failure }) => failure)).toEqual([]);
  });
});

describe("a dead letter", () => {
  /** A context in which the consumer has begun, before anything changes. */
  async function known(): Promise<TestContext> {
    const context = aContext();
    await registerConsumers(context, [aConsumer()]);
    return context;
  }

  /** Changes of so many subjects that were set aside. */
  async function letters(context: TestContext, count: number): Promise<void> {
    const consumer = aConsumer();
    for (let n = 1; n <= count; n++) {
      const item = await change(context, String(n));
      await context.table.commit([setAside(context, consumer, item, { code: "service.unavailable", attempts: 6 })]);
      context.advance(0.001);
    }
  }

  it("that is to be told again is, however many of the same consumer wait before it", async () => {
    const context = await known();
    await letters(context, 60);
    const consumer = aConsumer();
    const last = (await lettersOf(context)).at(-1);
    await replayDeadLetter(context, anActor, "test", last?.id ?? "");
    expect(await runConsumers(context, [consumer])).toEqual({ handled: 1, setAside: 0 });
    expect(consumer.told).toEqual(["60/1"]);
    expect(await lettersOf(context)).toHaveLength(59);
  });

  it("that is to be told again is, on whatever page of them it stands", async () => {
    const context = await known();
    await letters(context, 3);
    const consumer = aConsumer();
    const last = (await lettersOf(context)).at(-1);
    await replayDeadLetter(context, anActor, "test", last?.id ?? "");
    const query: typeof context.table.query = (entity, of) => {
      return context.table.query(entity, entity.type === DeadLetterItem.type ? { ...of, limit: 1 } : of);
    };
    await runConsumers({ ...context, table: { ...context.table, query } }, [consumer]);
    expect(consumer.told).toEqual(["3/1"]);
  });

  it("that is refused again waits, with one attempt more, until somebody asks again", async () => {
    const context = await known();
    await letters(context, 1);
    const consumer = aConsumer();
    consumer.during = () => Promise.reject(new Error("no"));
    const [one] = await lettersOf(context);
    expect(await replayDeadLetter(context, anActor, "test", one?.id ?? "")).toMatchObject({ state: "replaying" });
    for (const _ of [1, 2]) expect(await runConsumers(context, [consumer])).toEqual({ handled: 0, setAside: 0 });
    expect(await lettersOf(context)).toMatchObject([{ attempts: 7, code: "service.internal", state: "waiting" }]);
  });

  it("whose change has ended meanwhile says so", async () => {
    const context = await known();
    const consumer = aConsumer();
    const item = await change(context, "a");
    const write = setAside(context, consumer, item, { code: "service.unavailable", attempts: 6 });
    const later = { ...(write as unknown as { item: object }).item, expiresAtSeconds: item.expiresAtSeconds + 60 };
    await context.table.commit([{ ...write, item: later } as ReturnType<typeof put>]);
    context.advance(item.expiresAtSeconds - context.now().getTime() / 1000);
    const [one] = await lettersOf(context);
    await replayDeadLetter(context, anActor, "test", one?.id ?? "");
    await runConsumers(context, [consumer]);
    expect(await lettersOf(context)).toMatchObject([{ attempts: 7, code: "change.not_found", state: "waiting" }]);
    expect(consumer.told).toEqual([]);
  });

  it("that somebody drops, or asks for once more, while it is told is left as they made it", async () => {
    const context = await known();
    await letters(context, 2);
    const [one, two] = await lettersOf(context);
    const consumer = aConsumer();
    consumer.during = async (told) => {
      if (told === "1/1") await dropDeadLetter(context, anActor, "test", one?.id ?? "");
      else await replayDeadLetter(context, anActor, "test", two?.id ?? "");
      if (told === "1/1") throw new Error("no");
    };
    for (const letter of [one, two]) await replayDeadLetter(context, anActor, "test", letter?.id ?? "");
    await runConsumers(context, [consumer]);
    expect(consumer.told).toEqual(["2/1"]);
    expect(await lettersOf(context)).toMatchObject([{ subject: "2/1", attempts: 6, state: "replaying" }]);
  });
});
