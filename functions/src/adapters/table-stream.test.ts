import type { ChangeEntry } from "@cadastre/contract/changes";
import { DEFAULT_HOLD_POLICY, DEFAULT_RETENTION_DAYS, FIRST_ORGANIZATION } from "@cadastre/core/context";
import { listConsumers } from "@cadastre/core/feed/consumer-states";
import { FeedItem } from "@cadastre/core/feed/items";
import { recordChange } from "@cadastre/core/feed/record-change";
import { NO_PATIENCE } from "@cadastre/core/feed/tell";
import { openSqliteTable } from "@cadastre/store/sqlite";
import type { Table } from "@cadastre/store/table";
import type { DynamoDBRecord } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { createStreamHandler } from "./table-stream.ts";

const now = () => new Date("2026-03-01T00:00:00.000Z");

/** A table with so many changes, as its stream hands them over; `failAt` is the read of items that fails. */
async function aStream({ count, failAt, refuse }: { count: number; failAt?: number; refuse?: boolean }) {
  const stored = openSqliteTable({ path: ":memory:", now });
  let reads = 0;
  const table: Table = {
    ...stored,
    async getMany(entity, ...rest) {
      if (entity === (FeedItem as unknown) && ++reads === failAt) throw new Error("throttled");
      return stored.getMany(entity, ...rest);
    },
  };
  const context = {
    table,
    organization: FIRST_ORGANIZATION,
    now,
    holdPolicy: DEFAULT_HOLD_POLICY,
    retentionDays: DEFAULT_RETENTION_DAYS,
  };
  const records: DynamoDBRecord[] = [];
  for (let n = 0; n < count; n++) {
    const place = {
      subject: { type: "account", key: `aws/${n}` },
      at: now().toISOString(),
      stream: "o",
      sequence: 1,
    } as const;
    const change = { ...place, id: `aws/${n}`, type: "created", actor: "system", changes: [], place: {} } as const;
    await stored.commit(recordChange(context, change));
    const { pk, sk } = FeedItem.keyOf(place);
    records.push({
      eventName: "INSERT",
      dynamodb: { SequenceNumber: `${1000 + n}`, Keys: { pk: { S: pk }, sk: { S: sk } } },
    });
  }
  const told: string[] = [];
  const lines: string[] = [];
  const logged: { level: string; message: string }[] = [];
  const handler = createStreamHandler({
    context,
    deployment: "prod",
    consumers: [
      {
        name: "test",
        about: "for tests",
        async handle({ subject }: ChangeEntry) {
          if (refuse) throw new Error("no");
          told.push(subject.id);
        },
      },
    ],
    patience: NO_PATIENCE,
    log: (line) => void logged.push(line),
    write: (line) => void lines.push(line),
  });
  const metrics = () => lines.map((line) => JSON.parse(line));
  return { handler, records, told, metrics, logged, context };
}

describe("a batch of the table's stream", () => {
  test("is told in its order, and counted", async () => {
    const { handler, records, told, metrics, context } = await aStream({ count: 60 });
    expect(await handler({ Records: records })).toEqual({ batchItemFailures: [] });
    expect(told).toEqual(Array.from({ length: 60 }, (_, n) => `aws/${n}`));
    expect(metrics()).toMatchObject([
      {
        ChangesTold: 60,
        ChangesSetAside: 0,
        _aws: { CloudWatchMetrics: [{ Namespace: "Cadastre", Dimensions: [["Deployment"]] }] },
      },
    ]);
    expect(await listConsumers(context)).toMatchObject([{ consumer: "test", by: "stream" }]);
  });

  test("that the table fails half way is asked for again from the first record that is not done", async () => {
    const { handler, records, told, logged } = await aStream({ count: 60, failAt: 2 });
    const { batchItemFailures } = await handler({ Records: records });
    expect(batchItemFailures).toEqual([{ itemIdentifier: `${1000 + told.length}` }]);
    expect(logged).toMatchObject([{ level: "error", error: { message: "throttled" } }]);
    await handler({ Records: records.slice(told.length) });
    expect(told).toEqual(Array.from({ length: 60 }, (_, n) => `aws/${n}`));
  });

  test("that the table fails at once is an error of the function", async () => {
    const { handler, records, told } = await aStream({ count: 3, failAt: 1 });
    await expect(handler({ Records: records })).rejects.toThrow("throttled");
    expect(told).toEqual([]);
  });

  test("with a change that is refused is done, counted and logged with the reason", async () => {
    const { handler, records, metrics, logged } = await aStream({ count: 1, refuse: true });
    expect(await handler({ Records: records })).toEqual({ batchItemFailures: [] });
    expect(metrics()).toMatchObject([{ ChangesTold: 0, ChangesSetAside: 1 }]);
    expect(logged).toMatchObject([{ level: "error", consumer: "test", attempts: 1, error: { message: "no" } }]);
  });

  test("with removals has nothing to tell of them, and one without keys is an error", async () => {
    const { handler, records, told } = await aStream({ count: 1 });
    const [record] = records as [DynamoDBRecord];
    expect(await handler({ Records: [{ ...record, eventName: "REMOVE" }] })).toEqual({ batchItemFailures: [] });
    await expect(handler({ Records: [{ ...record, dynamodb: { SequenceNumber: "1" } }] })).rejects.toThrow("keys");
    expect(told).toEqual([]);
  });
});
