import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createDynamoTable } from "./dynamo.ts";
import { defineEntity } from "./entity.ts";
import { BusyError, ConflictError } from "./errors.ts";
import { type BulkWrite, check, create, increment, put, remove, replace } from "./table.ts";

const note = defineEntity({
  type: "note",
  about: "For tests",
  schema: z.object({
    id: z.string(),
    text: z.string().optional(),
    n: z.int().optional(),
    until: z.number().optional(),
  }),
  key: { partition: () => "list", sort: (of: { id: string }) => of.id },
  expires: "until",
});
const tally = defineEntity({
  type: "tally",
  about: "For tests",
  schema: z.object({ id: z.string(), n: z.int() }),
  key: { partition: () => "list", sort: (of: { id: string }) => of.id },
});
const NOW = new Date(10_000);
const KEY = { pk: { S: "list" }, sk: { S: "a" } };
const stored = (id: string, version = 7) => ({
  pk: { S: "list" },
  sk: { S: id },
  type: { S: "note" },
  version: { N: String(version) },
  id: { S: id },
});

interface Sent {
  readonly name: string;
  readonly input: Record<string, unknown>;
}

/** A table whose service answers so, one answer after the other, and the last of them for ever; errors are thrown. */
function over(...answers: readonly object[]) {
  const sent: Sent[] = [];
  let isDestroyed = false;
  const client = {
    async send(command: { readonly input: Record<string, unknown> }) {
      const answer = answers[Math.min(sent.length, answers.length - 1)] ?? {};
      sent.push({ name: command.constructor.name.replace("Command", ""), input: command.input });
      if (answer instanceof Error) throw answer;
      return answer;
    },
    destroy: () => {
      isDestroyed = true;
    },
  } as unknown as DynamoDBClient;
  const table = createDynamoTable({
    client,
    tableName: "t",
    now: () => NOW,
    maxAttempts: 3,
    delay: async () => undefined,
    random: () => 0,
  });
  return { table, sent, isDestroyed: () => isDestroyed };
}
const failing = (name: string, more: object = {}) => Object.assign(new Error(name), { name, ...more });
const units = (of: number) => ({ ConsumedCapacity: { CapacityUnits: of } });

describe("reading from DynamoDB", () => {
  it("gets one item, as consistently as it was asked, at the units that are answered", async () => {
    const { table, sent } = over({ ...units(0.5), Item: stored("a") });
    expect(await table.get(note, { id: "a" }, { consistent: true })).toEqual({ id: "a", version: 7 });
    expect(sent).toEqual([
      { name: "GetItem", input: { TableName: "t", Key: KEY, ConsistentRead: true, ReturnConsumedCapacity: "TOTAL" } },
    ]);
    expect(table.meter.units).toEqual({ read: 0.5, write: 0 });
    const none = over({});
    const { calls, result } = await none.table.meter.measure(() => none.table.get(note, { id: "a" }));
    expect([calls, result, none.sent[0]?.input.ConsistentRead]).toEqual([1, undefined, false]);
  });

  it("gets many 100 at a time, what was left unprocessed again, and sums the units", async () => {
    const rest = { Keys: [KEY] };
    const { table, sent } = over(
      {
        ConsumedCapacity: [{ CapacityUnits: 1 }, { CapacityUnits: 2 }],
        Responses: { t: [stored("b")] },
        UnprocessedKeys: { t: rest },
      },
      { ConsumedCapacity: [{ CapacityUnits: 1 }, {}], Responses: { t: [stored("a")] } },
    );
    const found = await table.getMany(note, [{ id: "a" }, { id: "b" }], { consistent: true });
    expect(found.map((item) => item?.id)).toEqual(["a", "b"]);
    expect(sent.map(({ input }) => (input.RequestItems as { t: { Keys: unknown[] } }).t.Keys.length)).toEqual([2, 1]);
    expect(sent[1]).toMatchObject({
      name: "BatchGetItem",
      input: { RequestItems: { t: { Keys: [KEY], ConsistentRead: true } }, ReturnConsumedCapacity: "TOTAL" },
    });
    expect(table.meter.units.read).toBe(4);
    const many = over({});
    await many.table.getMany(
      note,
      Array.from({ length: 101 }, (_, n) => ({ id: `n${n}` })),
    );
    expect(many.sent).toHaveLength(2);
  });

  it("queries with what the range says, forwards or back, from where it is to go on", async () => {
    const { table, sent } = over(
      { ...units(3), Items: [stored("a"), stored("b")], LastEvaluatedKey: { pk: { S: "list" }, sk: { S: "b" } } },
      { Items: undefined },
    );
    const first = await table.query(note, {
      partition: "list",
      sort: { beginsWith: "" },
      limit: 1,
      reverse: true,
      consistent: true,
    });
    expect(first.items).toMatchObject([{ id: "a" }]);
    expect(
      await table.query(note, {
        partition: "list",
        sort: { beginsWith: "" },
        limit: 1,
        reverse: true,
        consistent: true,
        cursor: first.cursor,
      }),
    ).toEqual({ items: [] });
    expect(sent[0]).toMatchObject({
      name: "Query",
      input: {
        TableName: "t",
        ExpressionAttributeValues: { ":pk": { S: "list" } },
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: 2,
        ReturnConsumedCapacity: "TOTAL",
      },
    });
    expect(sent[0]?.input).not.toHaveProperty("ExclusiveStartKey");
    expect(sent[1]?.input).toMatchObject({ ExclusiveStartKey: KEY });
    expect(table.meter.units.read).toBe(3);
    const all = over({});
    expect(await all.table.query(note, { partition: "list" })).toEqual({ items: [] });
    expect(all.sent[0]?.input).not.toHaveProperty("Limit");
    expect(all.sent[0]?.input).toMatchObject({ ScanIndexForward: true, ConsistentRead: false });
  });

  it("waits while it is throttled, and says so when that does not end; other errors are thrown as they are", async () => {
    const throttle = failing("ThrottlingException");
    const once = over(throttle, { Item: stored("a") });
    expect(await once.table.get(note, { id: "a" })).toMatchObject({ id: "a" });
    for (const [read, what] of [
      [(of: typeof once) => of.table.get(note, { id: "a" }), "get"],
      [(of: typeof once) => of.table.getMany(note, [{ id: "a" }]), "getMany"],
      [(of: typeof once) => of.table.query(note, { partition: "list" }), "query"],
      [(of: typeof once) => of.table.load([put(note, { id: "a" })]), "load"],
    ] as const) {
      const ever = over(throttle);
      const failed = read(ever);
      await expect(failed).rejects.toThrow(BusyError);
      await expect(failed).rejects.toThrow(`${what} throttled 3 times`);
      const denied = failing("AccessDeniedException");
      await expect(read(over(denied))).rejects.toBe(denied);
    }
  });
});

describe("writing to DynamoDB", () => {
  it("sends a lone write as such, on its condition, with what stood there when it fails", async () => {
    const { table, sent } = over(units(1));
    await table.commit([put(note, { id: "a", until: 20 })]);
    await table.commit([create(note, { id: "a" })]);
    await table.commit([remove(note, { id: "a" }, 7)]);
    await table.commit([remove(note, { id: "a" })]);
    expect(sent.map(({ name }) => name)).toEqual(["PutItem", "PutItem", "DeleteItem", "DeleteItem"]);
    expect(sent[0]?.input).toMatchObject({
      TableName: "t",
      Item: { ...KEY, type: { S: "note" }, id: { S: "a" }, expires: { N: "20" } },
      ReturnConsumedCapacity: "TOTAL",
    });
    expect(sent[0]?.input).not.toHaveProperty("ConditionExpression");
    expect(sent[1]?.input).toMatchObject({
      ConditionExpression: "attribute_not_exists(#pk) OR #expires <= :now",
      ExpressionAttributeNames: { "#pk": "pk", "#expires": "expires" },
      ExpressionAttributeValues: { ":now": { N: "10" } },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    expect(sent[2]?.input).toMatchObject({
      Key: KEY,
      ExpressionAttributeValues: { ":version": { N: "7" }, ":now": { N: "10" } },
    });
    expect(sent[3]?.input).toMatchObject({ TableName: "t", Key: KEY });
    expect(sent[3]?.input).not.toHaveProperty("ConditionExpression");
    expect(table.meter.units.write).toBe(4);
  });

  it("sends several together, and what adds to a number or only checks, as a transaction", async () => {
    const { table, sent } = over({ ConsumedCapacity: [{ CapacityUnits: 6 }] });
    await table.commit([
      put(note, { id: "a" }),
      replace(note, { id: "b" }, 3),
      remove(note, { id: "c" }),
      check(note, { id: "d" }, "present"),
      increment(tally, { id: "e" }, "n", 2),
    ]);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      name: "TransactWriteItems",
      input: {
        ReturnConsumedCapacity: "TOTAL",
        TransactItems: [
          { Put: { TableName: "t", Item: { sk: { S: "a" } } } },
          { Put: { Item: { sk: { S: "b" } }, ConditionExpression: expect.stringContaining("#version = :version") } },
          { Delete: { TableName: "t", Key: { sk: { S: "c" } } } },
          {
            ConditionCheck: {
              TableName: "t",
              Key: { sk: { S: "d" } },
              ConditionExpression: expect.stringContaining("attribute_exists"),
            },
          },
          {
            Update: {
              TableName: "t",
              Key: { sk: { S: "e" } },
              UpdateExpression: expect.stringMatching(/ADD|SET/),
              ExpressionAttributeNames: expect.anything(),
              ExpressionAttributeValues: expect.objectContaining({ ":by": { N: "2" } }),
            },
          },
        ],
      },
    });
    expect(table.meter.units.write).toBe(6);
  });

  it("says what was refused, by what stood there", async () => {
    const lone = over(failing("ConditionalCheckFailedException", { Item: stored("a", 8) }));
    await expect(lone.table.commit([replace(note, { id: "a" }, 7)])).rejects.toMatchObject({
      refusals: [{ index: 0, reason: "version" }],
    });
    const gone = over(failing("ConditionalCheckFailedException"));
    await expect(gone.table.commit([replace(note, { id: "a" }, 7)])).rejects.toMatchObject({
      refusals: [{ index: 0, reason: "missing" }],
    });
    const reasons = [{ Code: "None" }, { Code: "ConditionalCheckFailed", Item: stored("b") }, {}];
    const several = over(failing("TransactionCanceledException", { CancellationReasons: reasons }));
    const writes = ["a", "b", "c"].map((id) => create(note, { id }));
    const refused = several.table.commit(writes);
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toMatchObject({ refusals: [{ index: 1, reason: "exists" }] });
  });

  it("takes a lone write for done that meets itself after an answer was lost", async () => {
    let sent: Record<string, unknown> | undefined;
    const client = {
      async send(command: { readonly input: Record<string, unknown> }) {
        sent = command.input;
        throw failing("ConditionalCheckFailedException", { Item: sent.Item, $metadata: { attempts: 2 } });
      },
    } as unknown as DynamoDBClient;
    const table = createDynamoTable({ client, tableName: "t", now: () => NOW, delay: async () => undefined });
    await table.commit([create(note, { id: "a" })]);
    expect(sent).toBeDefined();
  });

  it("throws other errors as they are, also of a transaction that says no reasons", async () => {
    for (const error of [failing("AccessDeniedException"), failing("TransactionCanceledException")]) {
      await expect(over(error).table.commit([put(note, { id: "a" })])).rejects.toBe(error);
    }
  });

  it("loads bulk state 25 at a time, what was left unprocessed again", async () => {
    const request = { DeleteRequest: { Key: KEY } };
    const { table, sent } = over({ ...units(2), UnprocessedItems: { t: [request] } }, units(1), units(1));
    const writes: BulkWrite[] = [remove(note, { id: "a" }) as BulkWrite, put(note, { id: "b" })];
    await table.load(writes);
    expect(sent[0]).toMatchObject({
      name: "BatchWriteItem",
      input: {
        RequestItems: { t: [request, { PutRequest: { Item: { sk: { S: "b" } } } }] },
        ReturnConsumedCapacity: "TOTAL",
      },
    });
    expect(sent[1]?.input.RequestItems).toEqual({ t: [request] });
    expect(table.meter.units.write).toBe(3);
    const many = over(units(1));
    await many.table.load(Array.from({ length: 26 }, (_, n) => put(note, { id: `n${n}` })));
    expect(many.sent).toHaveLength(2);
  });

  it("is ready when it answers, and lets its connections go when it is closed", async () => {
    const { table, sent, isDestroyed } = over({});
    await table.ready();
    expect(sent).toMatchObject([
      { name: "GetItem", input: { Key: { pk: { S: "ready" }, sk: { S: "ready" } }, ConsistentRead: false } },
    ]);
    await expect(over(failing("ResourceNotFoundException")).table.ready()).rejects.toThrow("ResourceNotFound");
    expect(isDestroyed()).toBe(false);
    await table.close();
    expect(isDestroyed()).toBe(true);
  });
});
