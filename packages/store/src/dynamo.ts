import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type ConsumedCapacity,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { createTable } from "./create-table.ts";
import type { Change, Driver } from "./driver.ts";
import { commitWith, type Outcome } from "./dynamo-commit.ts";
import {
  fromAttributes,
  type Plain,
  toAttributes,
  toCondition,
  toKeyCondition,
  toUpdate,
} from "./dynamo-expressions.ts";
import type { Key } from "./entity.ts";
import { GET_BATCH_LIMIT, LOAD_BATCH_LIMIT } from "./limits.ts";
import { createMeter } from "./meter.ts";
import { isTransaction, type Planned } from "./plan.ts";
import { drain, inBatches, RETRY_DEFAULTS, type RetryOptions, withRetries } from "./retry.ts";
import type { Row } from "./row.ts";
import type { Table } from "./table.ts";

export interface DynamoTableOptions extends Partial<RetryOptions> {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly now: () => Date;
}

type Attributes = Record<string, AttributeValue>;

// How many batches of one `load` or `getMany` are on the way at a time.
const WIDTH = 8;
const METERED = { ReturnConsumedCapacity: "TOTAL" } as const;
const PROBE: Key = { pk: "ready", sk: "ready" };

function encode(plain: Plain): Attributes {
  return marshall(plain, { removeUndefinedValues: true, allowImpreciseNumbers: true });
}

function decode(attributes: Attributes): Row {
  return fromAttributes(unmarshall(attributes, { wrapNumbers: Number }));
}

function encodeKey({ pk, sk }: Key): Attributes {
  return { pk: { S: pk }, sk: { S: sk } };
}

function unitsOf(consumed: ConsumedCapacity | readonly ConsumedCapacity[] | undefined): number {
  if (consumed === undefined) return 0;
  return [consumed].flat().reduce((sum, each) => sum + ((each as ConsumedCapacity).CapacityUnits ?? 0), 0);
}

/** The parts of a conditional write that PutItem, DeleteItem and the writes of a transaction have in common. */
function conditional(tableName: string, planned: Planned, now: Date) {
  const condition = toCondition(planned.condition, Math.floor(now.getTime() / 1000));
  return {
    TableName: tableName,
    ...(condition === undefined
      ? {}
      : {
          ConditionExpression: condition.text,
          ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
          ExpressionAttributeNames: condition.names,
          ExpressionAttributeValues: encode(condition.values),
        }),
  };
}

function toTransactItem(tableName: string, planned: Planned, now: Date): TransactWriteItem {
  const common = conditional(tableName, planned, now);
  const Key = encodeKey(planned.key);
  switch (planned.act) {
    case "put":
      return { Put: { ...common, Item: encode(toAttributes(planned.row)) } };
    case "remove":
      return { Delete: { ...common, Key } };
    case "check":
      return { ConditionCheck: { ...common, Key, ConditionExpression: common.ConditionExpression as string } };
    case "add": {
      const { text, names, values } = toUpdate(planned);
      const expression = { UpdateExpression: text, ExpressionAttributeNames: names };
      return { Update: { ...common, Key, ...expression, ExpressionAttributeValues: encode(values) } };
    }
  }
}

function toChangeRequest({ key, row }: Change): WriteRequest {
  if (row === undefined) return { DeleteRequest: { Key: encodeKey(key) } };
  return { PutRequest: { Item: encode(toAttributes(row)) } };
}

/** A table in DynamoDB. Units are those that DynamoDB answers. A lone write is sent as such, at half the units of a transaction. */
export function createDynamoTable(options: DynamoTableOptions): Table {
  const { client, tableName, now } = options;
  const retry: RetryOptions = { ...RETRY_DEFAULTS, ...options };
  const meter = createMeter();

  async function sendTransaction(planned: readonly Planned[], time: Date): Promise<number> {
    const TransactItems = planned.map((p) => toTransactItem(tableName, p, time));
    const answer = await client.send(new TransactWriteItemsCommand({ TransactItems, ...METERED }));
    return unitsOf(answer.ConsumedCapacity);
  }

  async function sendSingle(planned: Planned, time: Date): Promise<number> {
    const common = { ...conditional(tableName, planned, time), ...METERED };
    const answer =
      planned.act === "put"
        ? await client.send(new PutItemCommand({ ...common, Item: encode(toAttributes(planned.row)) }))
        : await client.send(new DeleteItemCommand({ ...common, Key: encodeKey(planned.key) }));
    return unitsOf(answer.ConsumedCapacity);
  }

  async function send(planned: readonly Planned[], time: Date): Promise<Outcome> {
    try {
      if (isTransaction(planned)) return { done: true, units: await sendTransaction(planned, time) };
      return { done: true, units: await sendSingle(planned[0] as Planned, time) };
    } catch (error) {
      const { Item, CancellationReasons, $metadata } = error as {
        Item?: Attributes;
        CancellationReasons?: { Code?: string; Message?: string; Item?: Attributes }[];
        $metadata?: { attempts?: number };
      };
      const name = (error as Error).name;
      const old = (item: Attributes | undefined) => (item === undefined ? undefined : decode(item));
      const attempts = $metadata?.attempts ?? 1;
      if (name === "ConditionalCheckFailedException") {
        return { done: false, error, attempts, reasons: [{ code: "ConditionalCheckFailed", old: old(Item) }] };
      }
      if (name !== "TransactionCanceledException" || CancellationReasons === undefined) throw error;
      const reasons = CancellationReasons.map((r) => ({ code: r.Code ?? "None", old: old(r.Item) }));
      return { done: false, error, attempts, reasons };
    }
  }

  const driver: Driver = {
    async get(key, consistent) {
      const command = new GetItemCommand({
        TableName: tableName,
        Key: encodeKey(key),
        ConsistentRead: consistent,
        ...METERED,
      });
      const answer = await withRetries(retry, "get", () => client.send(command));
      meter.charge({ read: unitsOf(answer.ConsumedCapacity), calls: 1 });
      return answer.Item === undefined ? undefined : decode(answer.Item);
    },
    async getMany(keys, consistent) {
      const rows: Row[] = [];
      await inBatches(keys.map(encodeKey), GET_BATCH_LIMIT, WIDTH, (batch) =>
        drain(retry, "getMany", batch, async (Keys) => {
          const RequestItems = { [tableName]: { Keys: [...Keys], ConsistentRead: consistent } };
          const answer = await client.send(new BatchGetItemCommand({ RequestItems, ...METERED }));
          meter.charge({ read: unitsOf(answer.ConsumedCapacity), calls: 1 });
          for (const item of answer.Responses?.[tableName] ?? []) rows.push(decode(item));
          return answer.UnprocessedKeys?.[tableName]?.Keys ?? [];
        }),
      );
      return rows;
    },
    async page(request) {
      const { partition, reverse, consistent, limit, after } = request;
      const condition = toKeyCondition(request);
      const command = new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: condition.text,
        ExpressionAttributeNames: condition.names,
        ExpressionAttributeValues: encode(condition.values),
        ScanIndexForward: !reverse,
        ConsistentRead: consistent,
        ...(limit === undefined ? {} : { Limit: limit }),
        ...(after === undefined ? {} : { ExclusiveStartKey: encodeKey({ pk: partition, sk: after }) }),
        ...METERED,
      });
      const answer = await withRetries(retry, "query", () => client.send(command));
      meter.charge({ read: unitsOf(answer.ConsumedCapacity), calls: 1 });
      return { rows: (answer.Items ?? []).map(decode), next: answer.LastEvaluatedKey?.sk?.S };
    },
    commit: (planned) => commitWith({ planned, now: now(), send, meter, retry }),
    async load(changes) {
      await inBatches(changes.map(toChangeRequest), LOAD_BATCH_LIMIT, WIDTH, (batch) =>
        drain(retry, "load", batch, async (requests) => {
          const RequestItems = { [tableName]: [...requests] };
          const answer = await client.send(new BatchWriteItemCommand({ RequestItems, ...METERED }));
          meter.charge({ write: unitsOf(answer.ConsumedCapacity), calls: 1 });
          return answer.UnprocessedItems?.[tableName] ?? [];
        }),
      );
    },
    async move(moves) {
      // All are where they go before any is gone from where it was.
      await driver.load(moves.map(({ key, toRow }) => ({ key, row: toRow() })));
      await driver.load(moves.map(({ from }) => ({ key: from })));
    },
    async ready() {
      await driver.get(PROBE, false);
    },
    async close() {
      client.destroy();
    },
  };
  return createTable({ driver, meter, now });
}
