import type { ChangeEntry } from "@cadastre/contract/changes";
import { ProblemError } from "@cadastre/contract/errors";
import { anActorOf, auditRecords } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import type { Consumer } from "@cadastre/core/feed/consumer";
import { dropDeadLetter, listDeadLetters, replayDeadLetter } from "@cadastre/core/feed/dead-letters";
import { type ChangeListOptions, listChanges } from "@cadastre/core/feed/list-changes";
import { recordChange } from "@cadastre/core/feed/record-change";
import { runConsumers } from "@cadastre/core/feed/run-consumers";
import { annotateResource } from "@cadastre/core/register/resources";
import { describe, expect, it } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { createTestContext } from "../support/context.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { anInstance, aRun, instanceScope, type SeenScope } from "../support/estate.ts";

const OPERATOR = anActorOf("user", "usr_1");
const NETWORK = "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1";

const estate = (states: readonly string[]): SeenScope[] => [
  { key: instanceScope(), resources: states.map((state, n) => anInstance(n, { state })) },
];

interface Told extends Consumer {
  readonly told: ChangeEntry[];
  refuse: (change: ChangeEntry) => boolean;
}

function aConsumer(name = "test"): Told {
  const told: ChangeEntry[] = [];
  const consumer: Told = {
    name,
    about: "for tests",
    told,
    refuse: () => false,
    async handle(change) {
      if (consumer.refuse(change)) throw new ProblemError("service.unavailable", "a secret: hunter2");
      told.push(change);
    },
  };
  return consumer;
}

const shortOf = (change: ChangeEntry) => `${change.subject.id.slice(-2)} ${change.type}`;
/** What was told of each subject, in the order in which it was told. */
const bySubject = (told: readonly ChangeEntry[]) =>
  Object.fromEntries(
    [...Map.groupBy(told, (one) => one.subject.id)].map(([id, all]) => [id, all.map((one) => one.id)]),
  );

async function all(context: Context, options: Partial<ChangeListOptions> = {}): Promise<ChangeEntry[]> {
  const found: ChangeEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await listChanges(context, { limit: 3, order: "oldest", ...options, cursor });
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

describe("the feed of changes", () => {
  it("tells what changed in a network since a time, from what to what, in both directions", async () => {
    const { context, clock } = await createTestContext();
    await aRun(estate(["running", "running", "running"])).deliver(context);
    clock.forward(3600);
    const since = clock.now().toISOString();
    await aRun(estate(["running", "stopped", "running"])).deliver(context);
    clock.forward(60);
    await annotateResource(context, OPERATOR, anInstance(0).id, { owner: "payments" });
    const changed = await all(context, { since, network: NETWORK });
    expect(changed.map(shortOf)).toEqual(["01 updated", "00 annotated"]);
    expect(changed[0]).toMatchObject({
      kind: "instance",
      network: NETWORK,
      changes: [{ path: "attributes.state", before: "running", after: "stopped" }],
    });
    expect(changed[1]).toMatchObject({
      actor: "user:usr_1",
      changes: [{ path: "owner", before: "", after: "payments" }],
    });
    expect((await all(context, { since, network: NETWORK, order: "newest" })).map(shortOf)).toEqual([
      "00 annotated",
      "01 updated",
    ]);
    expect(await all(context, { since, network: `${NETWORK}0` })).toEqual([]);
    expect((await all(context, { until: since.replace("T01", "T00"), type: "created" })).length).toBe(3);
    expect((await all(context, { account: "111122223333", kind: "instance", region: "us-east-1" })).length).toBe(5);
    expect(await all(context, { kind: "subnet" })).toEqual([]);
  });

  it("has each change once, in pages of any size, and binds a cursor to its filters", async () => {
    const { context, clock } = await createTestContext();
    for (let n = 0; n < 8; n++) {
      await aRun(estate(Array.from({ length: 9 }, (_, i) => (i <= n ? `s${n}` : "running")))).deliver(context);
      clock.forward(1);
    }
    for (const order of ["newest", "oldest"] as const) {
      const ids = (await all(context, { order, limit: 7 })).map((one) => one.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBe(9 + 2 + 3 + 4 + 5 + 6 + 7 + 8);
    }
    const { cursor } = await listChanges(context, { limit: 3, order: "newest" });
    await expect(listChanges(context, { limit: 3, order: "oldest", cursor })).rejects.toMatchObject({
      code: "cursor.invalid",
    });
  });

  it("ends by itself: what is older than the retention is gone from it", async () => {
    const { context, clock } = await createTestContext();
    await aRun(estate(["running"])).deliver(context);
    clock.forward(400 * 86_400 - 1);
    expect(await all(context)).toHaveLength(1);
    clock.forward(2);
    expect(await all(context)).toEqual([]);
  });

  it("is in the change's own commit: killed at any write, the register and the feed say the same", async () => {
    for (let at = 1, died = true; died; at++) {
      const { context, table } = await createTestContext();
      await aRun(estate(["a", "a", "a", "a"])).deliver(context);
      const run = aRun(estate(["b", "a", "b"]));
      died = await run.deliver({ ...context, table: crashAt(table, at) }).then(
        () => false,
        (error: unknown) => error instanceof Crash,
      );
      await run.deliver(context);
      expect((await all(context)).map(shortOf).sort(), `killed at write ${at}`).toEqual(
        ["00 created", "00 updated", "01 created", "02 created", "02 updated", "03 created", "03 retired"].sort(),
      );
    }
  });
});

describe("a consumer of the feed", () => {
  it("is told of each change, those of a subject in their order, and of none twice while it lives", async () => {
    const { context, clock } = await createTestContext();
    const consumer = aConsumer();
    await runConsumers(context, [consumer]);
    for (const state of ["a", "b", "c"]) {
      clock.forward(5);
      await aRun(estate([state, state, state, state])).deliver(context);
      await runConsumers(context, [consumer]);
      await runConsumers(context, [consumer]);
    }
    clock.forward(300);
    await runConsumers(context, [consumer]);
    expect(consumer.told.map((one) => one.id).sort()).toEqual((await all(context)).map((one) => one.id).sort());
    expect(Object.values(bySubject(consumer.told))).toEqual(
      Object.values(bySubject(consumer.told)).map((ids) => ids.toSorted()),
    );
    expect(consumer.told.find((one) => one.type === "updated")?.changes).toEqual([
      { path: "attributes.state", before: "a", after: "b" },
    ]);
  });

  it("killed at any write misses nothing and keeps the order", async () => {
    for (let at = 1, died = true; died; at++) {
      const { context, clock, table } = await createTestContext();
      const consumer = aConsumer();
      await runConsumers(context, [consumer]);
      for (const state of ["a", "b"]) {
        clock.forward(1);
        await aRun(estate([state, state, state])).deliver(context);
      }
      died = await runConsumers({ ...context, table: crashAt(table, at) }, [consumer]).then(
        () => false,
        (error: unknown) => error instanceof Crash,
      );
      await runConsumers(context, [consumer]);
      const expected = bySubject(await all(context));
      for (const [id, ids] of Object.entries(bySubject(consumer.told))) {
        expect([...new Set(ids)], `killed at write ${at}`).toEqual(expected[id]);
      }
      expect(Object.keys(bySubject(consumer.told)).length).toBe(3);
    }
  });

  it("is told of a change that was committed after a later one had been read", async () => {
    const { context, clock } = await createTestContext();
    const consumer = aConsumer();
    await runConsumers(context, [consumer]);
    const subject = { type: "account", key: "aws/1" } as const;
    const change = (sequence: number, at: Date) =>
      recordChange(context, {
        subject,
        id: "aws/1",
        type: "created",
        at: at.toISOString(),
        stream: "o",
        sequence,
        actor: "system",
        changes: [],
        place: {},
      });
    clock.forward(10);
    const early = clock.now();
    clock.forward(20);
    await context.table.commit(change(2, clock.now()));
    await runConsumers(context, [consumer]);
    await context.table.commit(change(1, early));
    clock.forward(10);
    await runConsumers(context, [consumer]);
    expect(consumer.told).toHaveLength(2);
  });

  it("that takes its time is told of what was committed meanwhile", async () => {
    const { context, clock } = await createTestContext();
    const consumer = aConsumer();
    await runConsumers(context, [consumer]);
    await aRun(estate(["running"])).deliver(context);
    const slow: Consumer = {
      ...consumer,
      async handle(change, own) {
        await consumer.handle(change, own);
        if (consumer.told.length > 1) return;
        clock.forward(5);
        await annotateResource(context, OPERATOR, anInstance(0).id, { owner: "payments" });
        clock.forward(300);
      },
    };
    for (let round = 0; round < 2; round++) await runConsumers(context, [slow]);
    expect(consumer.told.map(shortOf)).toEqual(["00 created", "00 annotated"]);
  });

  it("that refuses a change is told again later; others and other subjects are not held up for good", async () => {
    const { context, clock } = await createTestContext();
    const [stubborn, other] = [aConsumer("stubborn"), aConsumer("other")];
    await runConsumers(context, [stubborn, other]);
    clock.forward(1);
    await aRun(estate(["a", "a", "a", "a", "a", "a", "a", "a"])).deliver(context);
    const poison = anInstance(3).id;
    stubborn.refuse = (change) => change.subject.id === poison;
    for (let attempt = 0; attempt < 6; attempt++) {
      await runConsumers(context, [stubborn, other]);
      clock.forward(300);
    }
    expect(other.told).toHaveLength(8);
    expect(stubborn.told).toHaveLength(7);
    const letters = await listDeadLetters(context, { consumer: "stubborn", limit: 10 });
    expect(letters.items).toMatchObject([
      { subject: poison, type: "created", attempts: 6, code: "service.unavailable", state: "waiting" },
    ]);
    expect(JSON.stringify(letters)).not.toContain("hunter2");
    expect((await listDeadLetters(context, { consumer: "other", limit: 10 })).items).toEqual([]);
  });

  it("takes a dead letter that is replayed, once it can, and loses one that is dropped", async () => {
    const { context, clock } = await createTestContext();
    const consumer = aConsumer();
    await runConsumers(context, [consumer]);
    clock.forward(1);
    await aRun(estate(["a", "a"])).deliver(context);
    consumer.refuse = () => true;
    for (let attempt = 0; attempt < 14; attempt++) {
      await runConsumers(context, [consumer]);
      clock.forward(300);
    }
    const letters = async () => (await listDeadLetters(context, { consumer: "test", limit: 10 })).items;
    const [one, two] = await letters();
    await replayDeadLetter(context, OPERATOR, "test", one?.id as string);
    await runConsumers(context, [consumer]);
    expect((await letters()).map((letter) => letter.state)).toEqual(["waiting", "waiting"]);
    consumer.refuse = () => false;
    await replayDeadLetter(context, OPERATOR, "test", one?.id as string);
    await dropDeadLetter(context, OPERATOR, "test", two?.id as string);
    await runConsumers(context, [consumer]);
    expect(await letters()).toEqual([]);
    expect(consumer.told.map((told) => told.id)).toEqual([one?.id]);
    await expect(replayDeadLetter(context, OPERATOR, "test", one?.id as string)).rejects.toMatchObject({
      code: "consumer.letter_not_found",
    });
    expect((await auditRecords(context)).filter((record) => record.action.startsWith("consumer."))).toHaveLength(3);
  });

  it("works the same over DynamoDB", async () => {
    const opened = await openDynamo();
    try {
      const { context } = await createTestContext();
      const there = { ...context, table: opened.table, now: opened.clock.now };
      const consumer = aConsumer();
      await runConsumers(there, [consumer]);
      await aRun(estate(["a", "a", "a"])).deliver(there);
      await aRun(estate(["a", "b", "a"])).deliver(there);
      await runConsumers(there, [consumer]);
      expect(consumer.told).toHaveLength(4);
      expect((await all(there)).map((one) => one.id).sort()).toEqual(consumer.told.map((one) => one.id).sort());
    } finally {
      await opened.close();
    }
  });
});
