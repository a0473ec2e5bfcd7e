import type { ChangeEntry } from "@cadastre/contract/changes";
import { ProblemError } from "@cadastre/contract/errors";
import { anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { type Consumer, DeadLetterItem } from "@cadastre/core/feed/consumer";
import { listConsumers, registerConsumers } from "@cadastre/core/feed/consumer-states";
import { dropDeadLetter, listDeadLetters, replayDeadLetter } from "@cadastre/core/feed/dead-letters";
import { handleRecords, type StreamRecord } from "@cadastre/core/feed/handle-changes";
import { FEED_PARTITIONS, FeedItem } from "@cadastre/core/feed/items";
import { runConsumers } from "@cadastre/core/feed/run-consumers";
import type { Refusal } from "@cadastre/core/feed/tell";
import { ConflictError } from "@cadastre/store/errors";
import { describe, expect, it } from "vitest";
import { createTestContext } from "../support/context.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, type SeenScope } from "../support/estate.ts";
import { laggingTable } from "../support/lagging-table.ts";
import { tableWith } from "../support/table-with.ts";

const OPERATOR = anActorOf("user", "usr_1");
const WAITS = [100, 400];

const estate = (states: readonly string[]): SeenScope[] => [
  { key: instanceScope(), resources: states.map((state, n) => anInstance(n, { state })) },
];

interface Told extends Consumer {
  readonly told: ChangeEntry[];
  /** Of what was tried, in the order in which it was: subjects of a change, or of several that were told together. */
  readonly tried: string[];
  refuse: (change: ChangeEntry) => boolean;
}

const shortOf = ({ subject, type }: ChangeEntry) => `${subject.id.slice(-2)} ${type}`;

function aConsumer({ most, name = "test" }: { most?: number; name?: string } = {}): Told {
  const told: ChangeEntry[] = [];
  const tried: string[] = [];
  function take(change: ChangeEntry): void {
    if (consumer.refuse(change)) throw new ProblemError("service.unavailable", "a secret: hunter2");
    told.push(change);
  }
  const consumer: Told = {
    name,
    about: "for tests",
    told,
    tried,
    refuse: () => false,
    async handle(change) {
      tried.push(shortOf(change));
      take(change);
    },
    ...(most === undefined
      ? {}
      : {
          together: {
            most,
            async handle(changes) {
              tried.push(changes.map(shortOf).join(", "));
              for (const change of changes) take(change);
            },
          },
        }),
  };
  return consumer;
}

/** What the table's stream hands over of the feed: the order of each partition is kept. */
async function recordsOf(context: Context): Promise<StreamRecord[]> {
  const pages = await Promise.all(FEED_PARTITIONS.map((partition) => context.table.query(FeedItem, { partition })));
  const keys = pages.flatMap((page) => page.items.map((item) => FeedItem.keyOf(item)));
  return keys.map((key, at) => ({ id: String(at), event: "made", ...key }));
}

function streaming() {
  const waited: number[] = [];
  const reported: (Refusal & { consumer: string; change: string })[] = [];
  const wait = async (milliseconds: number) => void waited.push(milliseconds);
  const options = {
    patience: { waitsMilliseconds: WAITS, wait },
    report: (of: (typeof reported)[number]) => void reported.push(of),
  };
  return { waited, reported, options };
}

/** A context in which the consumer is known, as the function that tells it makes it known at its start. */
async function aContext() {
  const made = await createTestContext();
  await registerConsumers(made.context, [aConsumer()]);
  return made;
}

const lettersOf = async (context: Context) => (await listDeadLetters(context, { consumer: "test", limit: 100 })).items;

/** The record of a letter that was set to be replayed. */
async function replayed(context: Context, id: string): Promise<StreamRecord> {
  await replayDeadLetter(context, OPERATOR, "test", id);
  const { items } = await context.table.query(DeadLetterItem, { partition: "dead-letters#test" });
  const letter = items.find(({ state }) => state === "replaying") as DeadLetterItem;
  return { id: "letter", event: "changed", ...DeadLetterItem.keyOf(letter) };
}

describe("a consumer that is told by the table's stream", () => {
  it("is told of every change that was made, those of a subject in their order, with the values before and after", async () => {
    const { context, clock } = await aContext();
    for (const state of ["a", "b", "c"]) {
      await aRun(estate([state, state, state])).deliver(context);
      clock.forward(5);
    }
    const consumer = aConsumer();
    const records = await recordsOf(context);
    expect(await handleRecords(context, [consumer], records, streaming().options)).toEqual({ handled: 9, setAside: 0 });
    const first = consumer.told.filter(({ subject }) => subject.id === anInstance(1).id);
    expect(first.map(({ type, changes }) => [type, changes.map(({ before, after }) => [before, after])])).toEqual([
      ["created", []],
      ["updated", [["a", "b"]]],
      ["updated", [["b", "c"]]],
    ]);
  });

  it("is told the values before and after also where a replica does not have them yet", async () => {
    const { context, table } = await aContext();
    const late = { ...context, table: laggingTable(table, { lag: 1000, isLate: () => true }) };
    await aRun(estate(["a"])).deliver(late);
    await aRun(estate(["b"])).deliver(late);
    const consumer = aConsumer();
    await handleRecords(late, [consumer], await recordsOf(context), streaming().options);
    expect(consumer.told.map(({ changes }) => changes.length)).toEqual([0, 1]);
  });

  it("is not told of what is no new change: records of other items, and of changes written once more", async () => {
    const { context } = await aContext();
    await aRun(estate(["a"])).deliver(context);
    const [record] = (await recordsOf(context)) as [StreamRecord];
    const others: StreamRecord[] = [
      { ...record, event: "changed" },
      { id: "1", event: "made", pk: "resource#x", sk: "resource" },
      { id: "2", event: "changed", pk: "resource#x", sk: "resource" },
    ];
    const consumer = aConsumer();
    expect(await handleRecords(context, [consumer], others, streaming().options)).toEqual({ handled: 0, setAside: 0 });
    expect(consumer.tried).toEqual([]);
  });

  it("gets a few attempts, then a change is set aside and what comes after it goes on, for it and for others", async () => {
    const { context } = await aContext();
    await aRun(estate(["a", "a", "a", "a"])).deliver(context);
    const [stubborn, other] = [aConsumer(), aConsumer({ name: "other" })];
    const poison = anInstance(2).id;
    stubborn.refuse = ({ subject }) => subject.id === poison;
    const { waited, reported, options } = streaming();
    const run = await handleRecords(context, [stubborn, other], await recordsOf(context), options);
    expect(run).toEqual({ handled: 7, setAside: 1 });
    expect(waited).toEqual(WAITS);
    expect(stubborn.told).toHaveLength(3);
    expect(other.told).toHaveLength(4);
    const letters = await lettersOf(context);
    expect(letters).toMatchObject([
      { subject: poison, type: "created", attempts: 3, code: "service.unavailable", state: "waiting" },
    ]);
    expect(JSON.stringify(letters)).not.toContain("hunter2");
    expect(reported).toMatchObject([{ consumer: "test", change: letters[0]?.id, attempts: 3 }]);
  });

  it("that takes a change at a later attempt has no dead letter of it", async () => {
    const { context } = await aContext();
    await aRun(estate(["a"])).deliver(context);
    const consumer = aConsumer();
    consumer.refuse = () => consumer.tried.length < 3;
    const run = await handleRecords(context, [consumer], await recordsOf(context), streaming().options);
    expect(run).toEqual({ handled: 1, setAside: 0 });
    expect(await lettersOf(context)).toEqual([]);
  });

  it("may take changes of different subjects together, and keeps the order within each also when it refuses some", async () => {
    const { context, clock } = await aContext();
    for (const state of ["a", "b"]) {
      await aRun(estate([state, state, state, state])).deliver(context);
      clock.forward(5);
    }
    const consumer = aConsumer({ most: 3 });
    const records = await recordsOf(context);
    await handleRecords(context, [consumer], records, streaming().options);
    expect(consumer.tried.length).toBeLessThan(8);
    for (const group of consumer.tried) {
      const subjects = group.split(", ").map((one) => one.slice(0, 2));
      expect(new Set(subjects).size).toBe(subjects.length);
    }
    const picky = aConsumer({ most: 3 });
    const poison = anInstance(2).id;
    picky.refuse = ({ subject, type }) => subject.id === poison && type === "updated";
    expect(await handleRecords(context, [picky], records, streaming().options)).toEqual({ handled: 7, setAside: 1 });
    for (const n of [0, 1, 2, 3]) {
      const types = picky.told.filter(({ subject }) => subject.id === anInstance(n).id).map(({ type }) => type);
      expect([...new Set(types)]).toEqual(n === 2 ? ["created"] : ["created", "updated"]);
    }
  });

  it("misses nothing when the table fails at any write: what is not done is named, and told again from there", async () => {
    for (let at = 1, failed = true; failed; at++) {
      const { context, table } = await aContext();
      await aRun(estate(Array(60).fill("a"))).deliver(context);
      const consumer = aConsumer();
      consumer.refuse = ({ subject }) => subject.id.endsWith("7");
      const records = await recordsOf(context);
      const { options } = streaming();
      const dying = { ...context, table: crashAt(table, at) };
      const first = await handleRecords(dying, [consumer], records, options);
      failed = first.failed !== undefined;
      if (failed) {
        expect(first.failed?.error).toBeInstanceOf(Crash);
        const from = records.findIndex(({ id }) => id === first.failed?.id);
        expect(new Set(consumer.told.map(({ id }) => id)).size).toBeGreaterThanOrEqual(first.handled);
        await handleRecords(context, [consumer], records.slice(from), options);
      }
      const taken = new Set(consumer.told.map(({ id }) => id)).size;
      expect(taken + (await lettersOf(context)).length, `failed at write ${at}`).toBe(60);
    }
  });

  it("is listed, without a place of its own", async () => {
    const { context, clock } = await aContext();
    const [consumer, reader] = [aConsumer(), aConsumer({ name: "reader" })];
    await registerConsumers(context, [consumer]);
    await registerConsumers(context, [consumer]);
    await runConsumers(context, [reader]);
    await aRun(estate(["a"])).deliver(context);
    consumer.refuse = () => true;
    await handleRecords(context, [consumer], await recordsOf(context), streaming().options);
    expect(await listConsumers(context)).toEqual([
      { consumer: "reader", by: "checkpoints", reachedAt: clock.now().toISOString(), failing: [], deadLetters: 0 },
      { consumer: "test", by: "stream", failing: [], deadLetters: 1 },
    ]);
  });
});

describe("a dead letter over the table's stream", () => {
  async function withLetter() {
    const { context, clock } = await aContext();
    await aRun(estate(["a"])).deliver(context);
    const consumer = aConsumer();
    consumer.refuse = () => true;
    const { options } = streaming();
    await handleRecords(context, [consumer], await recordsOf(context), options);
    const [letter] = await lettersOf(context);
    return { context, clock, consumer, options, id: letter?.id as string };
  }

  it("is told again when it is replayed: refused it waits again, taken it is gone", async () => {
    const { context, consumer, options, id } = await withLetter();
    await handleRecords(context, [consumer], [await replayed(context, id)], options);
    expect(await lettersOf(context)).toMatchObject([{ state: "waiting", attempts: 6 }]);
    consumer.refuse = () => false;
    const record = await replayed(context, id);
    expect(await handleRecords(context, [consumer], [record, record], options)).toMatchObject({ handled: 1 });
    expect(consumer.told).toHaveLength(1);
    expect(await lettersOf(context)).toEqual([]);
  });

  it("is left alone unless somebody asked for it, and by consumers that run elsewhere", async () => {
    const { context, consumer, options, id } = await withLetter();
    const record = await replayed(context, id);
    consumer.tried.length = 0;
    await handleRecords(context, [aConsumer({ name: "other" })], [record], options);
    expect(await lettersOf(context)).toMatchObject([{ state: "replaying" }]);
    await handleRecords(context, [consumer], [record], options);
    consumer.tried.length = 0;
    await handleRecords(context, [consumer], [record], options);
    expect(consumer.tried).toEqual([]);
  });

  it("that is asked for again, or dropped, while the consumer is told, is as they made it", async () => {
    const { context, consumer, options, id } = await withLetter();
    const record = await replayed(context, id);
    const meanwhile = (act: () => Promise<unknown>): Consumer => ({
      ...consumer,
      handle: async () => void (await act()),
    });
    const again = meanwhile(() => replayDeadLetter(context, OPERATOR, "test", id));
    expect((await handleRecords(context, [again], [record], options)).failed).toBeUndefined();
    expect(await lettersOf(context)).toMatchObject([{ state: "replaying" }]);
    const dropping = meanwhile(() => dropDeadLetter(context, OPERATOR, "test", id));
    expect((await handleRecords(context, [dropping], [record], options)).failed).toBeUndefined();
    expect(await lettersOf(context)).toEqual([]);
  });

  it("is handed over again when the table was too busy to keep what became of it", async () => {
    const { context, consumer, options, id } = await withLetter();
    consumer.refuse = () => false;
    const record = await replayed(context, id);
    const busy = () => Promise.reject(new ConflictError([{ index: 0, reason: "busy" }]));
    const busyTable = { ...context, table: tableWith(context.table, { commit: busy }) };
    expect((await handleRecords(busyTable, [consumer], [record], options)).failed).toMatchObject({ id: record.id });
    await handleRecords(context, [consumer], [record], options);
    expect(await lettersOf(context)).toEqual([]);
  });

  it("is read as it is, whatever a replica has", async () => {
    const { context, consumer, options, id } = await withLetter();
    const late = { ...context, table: laggingTable(context.table, { lag: 1000, isLate: () => true }) };
    consumer.refuse = () => false;
    await replayDeadLetter(late, OPERATOR, "test", id);
    const [letter] = (await context.table.query(DeadLetterItem, { partition: "dead-letters#test" })).items;
    const key = DeadLetterItem.keyOf(letter as DeadLetterItem);
    await handleRecords(late, [consumer], [{ id: "1", event: "changed", ...key }], options);
    expect(await lettersOf(context)).toEqual([]);
  });

  it("of a change that has left the feed waits with the reason", async () => {
    const { context, consumer, options, id } = await withLetter();
    const record = await replayed(context, id);
    const letter = await context.table.query(DeadLetterItem, { partition: "dead-letters#test" });
    const place = letter.items[0]?.place as DeadLetterItem["place"];
    await context.table.load([{ op: "remove", entity: FeedItem, key: place }]);
    await handleRecords(context, [consumer], [record], options);
    expect(await lettersOf(context)).toMatchObject([{ state: "waiting", code: "change.not_found" }]);
  });
});
