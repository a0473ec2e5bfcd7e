import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type ConsumedCapacity,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
  type WriteRequest,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { createTable } from "./create-table.ts";
import type { Position } from "./cursor.ts";
import type { Change, Driver, PageRequest } from "./driver.ts";
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
import type { Planned } from "./plan.ts";
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

/** The parts of a conditional write that PutItem, UpdateItem, DeleteItem and TransactWriteItems have in common. */
function conditional(tableName: string, planned: Planned, now: Date) {
  const condition = toCondition(planned.condition, Math.floor(now.getTime() / 1000));
  const update = planned.act === "update" ? toUpdate(planned) : undefined;
  const names = { ...condition?.names, ...update?.names };
  const values = { ...condition?.values, ...update?.values };
  return {
    TableName: tableName,
    ...(condition === undefined ? {} : { ConditionExpression: condition.text }),
    ...(condition === undefined ? {} : { ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const }),
    ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: encode(values) }),
    ...(update === undefined ? {} : { UpdateExpression: update.text }),
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
    case "update":
      return { Update: { ...common, Key, UpdateExpression: common.UpdateExpression as string } };
  }
}

function toChangeRequest({ key, row }: Change): WriteRequest {
  if (row === undefined) return { DeleteRequest: { Key: encodeKey(key) } };
  return { PutRequest: { Item: encode(toAttributes(row)) } };
}

function startKey(request: PageRequest, { pk, sk, indexSk }: Position): Attributes {
  const { index, partition } = request;
  if (index === undefined) return encodeKey({ pk, sk });
  return { ...encodeKey({ pk, sk }), [`${index}pk`]: { S: partition }, [`${index}sk`]: { S: indexSk as string } };
}

function positionOf(last: Attributes, index: string | undefined): Position {
  const key = { pk: last.pk?.S as string, sk: last.sk?.S as string };
  return index === undefined ? key : { ...key, indexSk: last[`${index}sk`]?.S as string };
}

/**
 * A table in DynamoDB. Units are those that DynamoDB answers. A commit of one write without a token is sent as a single
 * conditional write, at half the units of a transaction; should its answer be lost, then the SDK sends it again, so a lone
 * `increment` may count twice: give it a token where that matters.
 */
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
    const Key = encodeKey(planned.key);
    const answer =
      planned.act === "put"
        ? await client.send(new PutItemCommand({ ...common, Item: encode(toAttributes(planned.row)) }))
        : planned.act === "update"
          ? await client.send(new UpdateItemCommand({ ...common, Key }))
          : await client.send(new DeleteItemCommand({ ...common, Key }));
    return unitsOf(answer.ConsumedCapacity);
  }

  async function send(planned: readonly Planned[], transaction: boolean, time: Date): Promise<Outcome> {
    try {
      const lone = planned[0] as Planned;
      const units = transaction ? await sendTransaction(planned, time) : await sendSingle(lone, time);
      return { done: true, units };
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
      const { index, reverse, consistent, limit, after } = request;
      const condition = toKeyCondition(request);
      const command = new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: condition.text,
        ExpressionAttributeNames: condition.names,
        ExpressionAttributeValues: encode(condition.values),
        ScanIndexForward: !reverse,
        ConsistentRead: consistent,
        ...(index === undefined ? {} : { IndexName: index }),
        ...(limit === undefined ? {} : { Limit: limit }),
        ...(after === undefined ? {} : { ExclusiveStartKey: startKey(request, after) }),
        ...METERED,
      });
      const answer = await withRetries(retry, "query", () => client.send(command));
      meter.charge({ read: unitsOf(answer.ConsumedCapacity), calls: 1 });
      const last = answer.LastEvaluatedKey;
      const rows = (answer.Items ?? []).map(decode);
      return { rows, next: last === undefined ? undefined : positionOf(last, index) };
    },
    commit: (planned, transaction) => commitWith({ planned, transaction, now: now(), send, meter, retry }),
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
    async ready() {
      await driver.get(PROBE, false);
    },
    async close() {
      client.destroy();
    },
  };
  return createTable({ driver, meter, now });
}

/** Creates the table with its indexes and its TTL where they are missing, and waits until it can be used. */
export async function ensureTable(options: {
  client: DynamoDBClient;
  tableName: string;
  indexes: readonly string[];
}): Promise<void> {
  const { client, tableName: TableName, indexes } = options;
  const keys = (prefix: string) => [
    { AttributeName: `${prefix}pk`, KeyType: "HASH" as const },
    { AttributeName: `${prefix}sk`, KeyType: "RANGE" as const },
  ];
  const GlobalSecondaryIndexes = indexes.map((IndexName) => ({
    IndexName,
    KeySchema: keys(IndexName),
    Projection: { ProjectionType: "ALL" as const },
  }));
  const names = ["", ...indexes].flatMap((prefix) => [`${prefix}pk`, `${prefix}sk`]);
  const command = new CreateTableCommand({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: keys(""),
    ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexes }),
  });
  await client.send(command).catch((error: Error) => {
    if (error.name !== "ResourceInUseException") throw error;
  });
  await waitUntilTableExists({ client, maxWaitTime: 120 }, { TableName });
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  if (TimeToLiveDescription?.TimeToLiveStatus?.startsWith("ENABL") === true) return;
  const TimeToLiveSpecification = { Enabled: true, AttributeName: "expires" };
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
}
