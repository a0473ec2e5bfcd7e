import { DeadLetterItem } from "@cadastre/core/feed/consumer";
import { EventItem, FeedItem } from "@cadastre/core/feed/items";
import { describe, expect, test } from "vitest";
import { accessPatterns } from "../support/access-patterns.ts";
import { aRecord, filtered } from "./stream.ts";
import { allOf, DEPLOYMENT, synthesised } from "./template.ts";

const { resources } = synthesised(DEPLOYMENT);
const all = (type: string) => allOf(type, resources);
const [mapping] = all("AWS::Lambda::EventSourceMapping");

const place = {
  subject: { type: "account", key: "aws/1" } as const,
  at: "2026-03-01T00:00:00.000Z",
  stream: "o" as const,
  sequence: 1,
};
const change = FeedItem.keyOf(place);
const letter = DeadLetterItem.keyOf({ consumer: "event-bus", place });
const EVENTS = ["INSERT", "MODIFY", "REMOVE"] as const;

describe("the feed of a deployment", () => {
  test("is driven by the table's stream, which has keys and no content", () => {
    const [table] = all("AWS::DynamoDB::Table");
    expect(table.StreamSpecification).toEqual({ StreamViewType: "KEYS_ONLY" });
    expect(all("AWS::Lambda::EventSourceMapping")).toHaveLength(1);
    expect(mapping.EventSourceArn).toEqual({ "Fn::GetAtt": [table.id, "StreamArn"] });
    expect(mapping.StartingPosition).toBe("TRIM_HORIZON");
  });

  test("keeps the order of a subject: one batch of a shard at a time, and the rest of a batch from where it failed", () => {
    expect(mapping).toMatchObject({ ParallelizationFactor: 1, FunctionResponseTypes: ["ReportBatchItemFailures"] });
  });

  test("halves a batch that fails, tries for hours, and leaves what it gave up in an encrypted queue", () => {
    const queue = all("AWS::SQS::Queue").find(({ id }) => id.startsWith("FeedNotTold"));
    expect(mapping).toMatchObject({ BisectBatchOnFunctionError: true, MaximumRecordAgeInSeconds: 6 * 3600 });
    expect(mapping.MaximumRetryAttempts).toBeUndefined();
    expect(mapping.DestinationConfig).toEqual({ OnFailure: { Destination: { "Fn::GetAtt": [queue.id, "Arn"] } } });
    expect(queue).toMatchObject({ MessageRetentionPeriod: 14 * 86_400, KmsMasterKeyId: expect.anything() });
  });

  test("is called for changes that were made and for dead letters that were written again, and for nothing else", () => {
    const names = (key: { pk: string; sk: string }) =>
      filtered(
        mapping,
        EVENTS.map((event) => aRecord(event, key)),
      ).map(({ eventName }) => eventName);
    expect(names(change)).toEqual(["INSERT"]);
    expect(names(letter)).toEqual(["MODIFY"]);
    for (const other of [
      EventItem.keyOf(place),
      { pk: "consumers", sk: "event-bus" },
      { pk: "consumer#event-bus", sk: "x" },
    ]) {
      expect(names(other)).toEqual([]);
    }
  });

  test("is told apart from every other type of item by how its partition begins", () => {
    const typesUnder = (prefix: string) =>
      [...accessPatterns().matchAll(/^\| `([\w-]+)` \| `([^`]+)` \|/gm)].flatMap(([, type, partition = ""]) =>
        partition.startsWith(prefix) ? [type] : [],
      );
    expect(typesUnder("feed#")).toEqual(["feed"]);
    expect(typesUnder("dead-letters#")).toEqual(["dead-letter"]);
  });
});
