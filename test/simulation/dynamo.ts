import { compareTexts, type Given, holds, type Item, testOf, updated, type Value } from "./dynamo-expressions.ts";
import type { Appeared } from "./facts.ts";
import type { Scheduler } from "./scheduler.ts";

interface Version {
  readonly time: number;
  readonly item: Item | undefined;
}

/** A partition: its sort keys in order, and of each item the versions that a replica may still answer. */
interface Partition {
  readonly order: string[];
  readonly items: Map<string, Version[]>;
}

interface Conditional {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Value>>;
}

interface OneWrite extends Conditional {
  readonly Item?: Item;
  readonly Key?: Item;
  readonly UpdateExpression?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: inputs of the SDK's commands, each in its own form.
type Input = any;

/** How far a replica is behind at most, in milliseconds. */
const MOST_LAG = 3000;
const MOST_ATTEMPTS = 3;
const UNITS = { CapacityUnits: 1 };
const LEFT = ["UnprocessedKeys", "UnprocessedItems"];
const BATCH_GET = 100;
const BATCH_WRITE = 25;
const TRANSACTION = 100;

const givenOf = (of: Conditional): Given => ({
  names: of.ExpressionAttributeNames ?? {},
  values: of.ExpressionAttributeValues ?? {},
});

function named(name: string, more: object = {}): Error {
  return Object.assign(new Error(name), { name, ...more });
}

/** Where a sort key belongs among those that are in order. */
function placeIn(order: readonly string[], sk: string): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareTexts(order[middle] as string, sk) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const isThrottle = (error: Error | undefined) => error?.name === "ThrottlingException";

/** A table of DynamoDB in memory, behind the commands of its SDK: what the store's driver sends is carried out here. */
export function createDynamo(scheduler: Scheduler) {
  const partitions = new Map<string, Partition>();
  const done = new Set<string>();
  const appeared = new Map<string, Appeared>();
  let tokens = 0;

  function partitionOf(pk: string): Partition {
    let partition = partitions.get(pk);
    if (partition === undefined) {
      partition = { order: [], items: new Map() };
      partitions.set(pk, partition);
    }
    return partition;
  }

  const textOf = (key: Item, name: "pk" | "sk") => key[name]?.S as string;

  function read(pk: string, sk: string, asOf: number): Item | undefined {
    const versions = partitions.get(pk)?.items.get(sk) ?? [];
    return versions.findLast((version) => version.time <= asOf)?.item;
  }

  function write(pk: string, sk: string, item: Item | undefined): void {
    const { order, items } = partitionOf(pk);
    const known = items.get(sk);
    if (known === undefined) {
      order.splice(placeIn(order, sk), 0, sk);
      appeared.set(`${pk}\n${sk}`, { time: scheduler.time, step: scheduler.steps });
    }
    const versions = (known ?? []).filter((_, at, all) => {
      const next = all[at + 1];
      return next === undefined || next.time > scheduler.time - MOST_LAG;
    });
    items.set(sk, [...versions, { time: scheduler.time, item }]);
  }

  /** The time that a read sees: now, unless it is one that may be behind and is. */
  function asOf(consistent: boolean | undefined, random: () => number): number {
    if (consistent === true || !scheduler.isFaulty("table-lag")) return Number.POSITIVE_INFINITY;
    return scheduler.time - random() * MOST_LAG;
  }

  function check(of: OneWrite): Item | undefined | "refused" {
    const key = (of.Item ?? of.Key) as Item;
    const before = read(textOf(key, "pk"), textOf(key, "sk"), Number.POSITIVE_INFINITY);
    return holds(of.ConditionExpression, givenOf(of), before) ? before : "refused";
  }

  function apply(act: string, of: OneWrite): void {
    const key = (of.Item ?? of.Key) as Item;
    const [pk, sk] = [textOf(key, "pk"), textOf(key, "sk")];
    if (act === "Put") write(pk, sk, of.Item);
    else if (act === "Delete") write(pk, sk, undefined);
    else if (act === "Update") {
      const before = read(pk, sk, Number.POSITIVE_INFINITY) ?? (of.Key as Item);
      write(pk, sk, updated(of.UpdateExpression as string, givenOf(of), before));
    }
  }

  const standing = (of: OneWrite) => {
    const key = (of.Item ?? of.Key) as Item;
    const item = read(textOf(key, "pk"), textOf(key, "sk"), Number.POSITIVE_INFINITY);
    return item === undefined ? {} : { Item: item };
  };

  function one(act: string, input: OneWrite): object {
    if (check(input) === "refused") throw named("ConditionalCheckFailedException", standing(input));
    apply(act, input);
    return { ConsumedCapacity: UNITS };
  }

  function transaction({ TransactItems: items }: Input, token: string): object {
    if (done.has(token)) return { ConsumedCapacity: [UNITS] };
    if (items.length > TRANSACTION) throw named("ValidationException");
    const writes = (items as Record<string, OneWrite>[]).map((item) => Object.entries(item)[0] as [string, OneWrite]);
    const reasons = writes.map(([, of]) =>
      check(of) === "refused" ? { Code: "ConditionalCheckFailed", ...standing(of) } : { Code: "None" },
    );
    if (reasons.some(({ Code }) => Code !== "None")) {
      throw named("TransactionCanceledException", { CancellationReasons: reasons });
    }
    for (const [act, of] of writes) apply(act, of);
    done.add(token);
    return { ConsumedCapacity: [UNITS] };
  }

  /** The requests of a batch: what is done, and what is left undone this time. */
  function split<T>(requests: readonly T[], most: number): { done: readonly T[]; left: readonly T[] } {
    if (requests.length > most) throw named("ValidationException");
    const count = scheduler.isFaulty("table-partial") ? Math.floor(requests.length / 2) : requests.length;
    return { done: requests.slice(0, count), left: requests.slice(count) };
  }

  function batchGet({ RequestItems }: Input, random: () => number): object {
    const [[table, { Keys, ConsistentRead }]] = Object.entries(RequestItems) as [[string, Input]];
    const { done: now, left } = split(Keys as Item[], BATCH_GET);
    const found = now.flatMap((key) => read(textOf(key, "pk"), textOf(key, "sk"), asOf(ConsistentRead, random)) ?? []);
    const unprocessed = left.length > 0 ? { [table]: { Keys: left, ConsistentRead } } : {};
    return { Responses: { [table]: found }, UnprocessedKeys: unprocessed, ConsumedCapacity: [UNITS] };
  }

  function batchWrite({ RequestItems }: Input): object {
    const [[table, requests]] = Object.entries(RequestItems) as [[string, Input[]]];
    const { done: now, left } = split(requests, BATCH_WRITE);
    for (const { PutRequest, DeleteRequest } of now) apply(PutRequest ? "Put" : "Delete", PutRequest ?? DeleteRequest);
    return { UnprocessedItems: left.length > 0 ? { [table]: left } : {}, ConsumedCapacity: [UNITS] };
  }

  function query(input: Input, random: () => number): object {
    const given = givenOf(input);
    const pk = (given.values[":pk"] as Value).S as string;
    const partition = partitions.get(pk);
    const forward = input.ScanIndexForward !== false;
    const order = forward ? (partition?.order ?? []) : [...(partition?.order ?? [])].reverse();
    const after = input.ExclusiveStartKey?.sk as Value | undefined;
    const limit = input.Limit ?? Number.POSITIVE_INFINITY;
    const isMeant = testOf(input.KeyConditionExpression, given);
    const items: Item[] = [];
    let last: Item | undefined;
    for (const sk of order) {
      if (after !== undefined) {
        const place = compareTexts(sk, after.S as string);
        if (forward ? place <= 0 : place >= 0) continue;
      }
      if (!isMeant({ pk: { S: pk }, sk: { S: sk } })) continue;
      const item = read(pk, sk, asOf(input.ConsistentRead, random));
      if (item === undefined) continue;
      items.push(item);
      last = { pk: { S: pk }, sk: { S: sk } };
      if (items.length >= limit) return { Items: items, LastEvaluatedKey: last, ConsumedCapacity: UNITS };
    }
    return { Items: items, ConsumedCapacity: UNITS };
  }

  function execute(name: string, input: Input, token: string, random: () => number): object {
    switch (name) {
      case "GetItemCommand": {
        const { Key, ConsistentRead } = input;
        const item = read(textOf(Key, "pk"), textOf(Key, "sk"), asOf(ConsistentRead, random));
        return { ...(item === undefined ? {} : { Item: item }), ConsumedCapacity: UNITS };
      }
      case "BatchGetItemCommand":
        return batchGet(input, random);
      case "QueryCommand":
        return query(input, random);
      case "PutItemCommand":
        return one("Put", input);
      case "DeleteItemCommand":
        return one("Delete", input);
      case "UpdateItemCommand":
        return one("Update", input);
      case "TransactWriteItemsCommand":
        return transaction(input, token);
      case "BatchWriteItemCommand":
        return batchWrite(input);
      default:
        throw named("UnknownOperationException", { command: name });
    }
  }

  function refuseForNow(name: string, token: string): void {
    // Of a transaction that was done the service knows the token; a repeat is answered as the first time.
    if (done.has(token)) return;
    if (scheduler.isFaulty("table-throttle")) throw named("ThrottlingException");
    if (name === "TransactWriteItemsCommand" && scheduler.isFaulty("table-conflict")) {
      throw named("TransactionCanceledException", { CancellationReasons: [{ Code: "TransactionConflict" }] });
    }
    if (name === "PutItemCommand" && scheduler.isFaulty("table-conflict")) throw named("TransactionConflictException");
  }

  /**
   * One process's client. A request travels, is carried out, and its answer travels; the SDK's own repeats after a lost
   * answer are part of it. `onHardFault` is told when it gives up, so that the caller is not blamed for what follows.
   */
  function client({ random, onFault }: { random: () => number; onFault: (isHard: boolean) => void }) {
    return {
      async send(command: { input: Input; constructor: { name: string } }): Promise<object> {
        const { name } = command.constructor;
        const token = `token-${tokens++}`;
        for (let attempt = 1; ; attempt++) {
          await scheduler.turn(name, { mayDie: "api-kill" });
          const answer = attemptOnce(name, command.input, token, random);
          await scheduler.turn(`${name} answered`, { mayDie: "api-kill" });
          // What is throttled after a lost answer is asked for again by the SDK itself, as the same request.
          const again = scheduler.isFaulty("table-lost-answer") || (attempt > 1 && isThrottle(answer.error));
          if (answer.error?.name === "TimeoutError" || (again && attempt === MOST_ATTEMPTS)) {
            onFault(true);
            throw named("TimeoutError", { $metadata: { attempts: MOST_ATTEMPTS } });
          }
          if (again) continue;
          if (answer.isPartial) onFault(false);
          if (answer.error === undefined) return answer.result as object;
          onFault(false);
          throw Object.assign(answer.error, { $metadata: { attempts: attempt } });
        }
      },
      destroy: () => undefined,
    };
  }

  function attemptOnce(name: string, input: Input, token: string, random: () => number) {
    try {
      if (scheduler.isFaulty("table-fail")) throw named("TimeoutError");
      refuseForNow(name, token);
      const result = execute(name, input, token, random);
      if (scheduler.isFaulty("table-fail-late")) throw named("TimeoutError");
      return { result, isPartial: LEFT.some((name) => Object.keys(result[name as never] ?? {}).length > 0) };
    } catch (error) {
      return { error: error as Error, isPartial: false };
    }
  }

  return { client, appeared: appeared as ReadonlyMap<string, Appeared> };
}
