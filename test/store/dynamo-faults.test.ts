import { defineEntity } from "@cadastre/store/entity";
import { BusyError, ConflictError } from "@cadastre/store/errors";
import { create, increment, put } from "@cadastre/store/table";
import { afterEach, describe, expect, test } from "vitest";
import { counter, note, type Opened } from "./entities.ts";
import { anError, type Fault, startFaultProxy } from "./fault-proxy.ts";
import { openDynamo } from "./open-dynamo.ts";

/** Where notes are moved to. */
const kept = defineEntity({
  ...note,
  type: "kept",
  key: { ...note.key, partition: (of: { space: string }) => `kept/${of.space}` },
});

describe("DynamoDB through a wire that fails", () => {
  let opened: Opened | undefined;
  const delays: number[] = [];

  afterEach(async () => {
    await opened?.close();
    opened = undefined;
    delays.length = 0;
  });

  /** A table behind a proxy with this fault. Waiting takes no time and is written down; jitter is at its largest. */
  async function tableWith(fault: Fault) {
    opened = await openDynamo({
      through: (endpoint) => startFaultProxy(endpoint, fault),
      delay: async (milliseconds) => void delays.push(milliseconds),
      random: () => 1,
      maxAttempts: 4,
    });
    return opened.table;
  }

  type Lists = Record<string, unknown[]>;

  test("writes that a load left unprocessed are sent again until all are stored", async () => {
    const sizes: number[] = [];
    const table = await tableWith(async ({ operation, input, forward }) => {
      if (operation !== "BatchWriteItem") return forward();
      const [[name, requests] = ["", []]] = Object.entries(input.RequestItems as Lists);
      sizes.push(requests.length);
      const answer = await forward({ ...input, RequestItems: { [name]: requests.slice(0, 10) } });
      const left = requests.slice(10);
      return { ...answer, body: { ...answer.body, UnprocessedItems: left.length > 0 ? { [name]: left } : {} } };
    });
    const items = Array.from({ length: 25 }, (_, n) => ({ space: "f1", id: `i${n}`, bytes: new Uint8Array([n]) }));
    await table.load(items.map((item) => put(note, item)));
    expect(sizes).toEqual([25, 15, 5]);
    expect(delays).toEqual([50, 50]);
    expect((await table.query(note, { partition: "space/f1", consistent: true })).items).toHaveLength(25);
  });

  test("a load that gets nowhere backs off further each time and then says busy", async () => {
    const table = await tableWith(async ({ operation, input, forward }) =>
      operation === "BatchWriteItem" ? { status: 200, body: { UnprocessedItems: input.RequestItems } } : forward(),
    );
    await expect(table.load([put(note, { space: "f2", id: "a" })])).rejects.toThrow(BusyError);
    expect(delays).toEqual([50, 100, 200]);
  });

  test("a move that dies anywhere leaves each item in one place at the least", async () => {
    let left = 0;
    const table = await tableWith(async ({ operation, input, forward }) =>
      operation === "BatchWriteItem" && left-- <= 0
        ? { status: 200, body: { UnprocessedItems: input.RequestItems } }
        : forward(),
    );
    for (let batches = 0; batches < 4; batches++) {
      const space = `fm${batches}`;
      left = 2;
      await table.load(Array.from({ length: 50 }, (_, n) => put(note, { space, id: `i${n}` })));
      const { items } = await table.query(note, { partition: `space/${space}`, consistent: true });
      left = batches;
      await expect(table.move(note, kept, items)).rejects.toThrow(BusyError);
      const there = await Promise.all([
        table.query(note, { partition: `space/${space}`, consistent: true }),
        table.query(kept, { partition: `kept/${space}`, consistent: true }),
      ]);
      expect(new Set(there.flatMap((page) => page.items.map(({ id }) => id))).size).toBe(50);
    }
  });

  test("keys that a read left unprocessed are asked for again", async () => {
    const table = await tableWith(async ({ operation, input, forward }) => {
      if (operation !== "BatchGetItem") return forward();
      const [[name, { Keys }] = ["", { Keys: [] }]] = Object.entries(
        input.RequestItems as Record<string, { Keys: unknown[] }>,
      );
      const answer = await forward({ ...input, RequestItems: { [name]: { Keys: Keys.slice(0, 2) } } });
      const left = Keys.slice(2);
      return {
        ...answer,
        body: { ...answer.body, UnprocessedKeys: left.length > 0 ? { [name]: { Keys: left } } : {} },
      };
    });
    const ids = ["a", "b", "c", "d", "e"];
    await table.load(ids.map((id) => put(note, { space: "f3", id })));
    const found = await table.getMany(
      note,
      ids.map((id) => ({ space: "f3", id })),
    );
    expect(found.map((item) => item?.id)).toEqual(ids);
    expect(delays).toHaveLength(2);
  });

  test("a commit that met another transaction is tried again, then refused as busy", async () => {
    let conflicts = 2;
    const table = await tableWith(async ({ operation, forward }) => {
      if (operation !== "TransactWriteItems" || conflicts-- <= 0) return forward();
      const CancellationReasons = [{ Code: "None" }, { Code: "TransactionConflict" }];
      return anError("TransactionCanceledException", { CancellationReasons });
    });
    const commit = () =>
      table.commit([put(note, { space: "f4", id: "a" }), increment(counter, { name: "f4" }, "count", 1)]);
    await commit();
    expect(await table.get(counter, { name: "f4" }, { consistent: true })).toMatchObject({ count: 1 });
    conflicts = 99;
    await expect(commit()).rejects.toEqual(new ConflictError([{ index: 1, reason: "busy" }]));
    expect(delays).toEqual([50, 100, 50, 100, 200]);
  });

  test("a lone write that met a transaction is tried again, then refused as busy", async () => {
    let conflicts = 1;
    const table = await tableWith(async ({ operation, forward }) =>
      operation === "PutItem" && conflicts-- > 0 ? anError("TransactionConflictException") : forward(),
    );
    await table.commit([create(note, { space: "f5", id: "a" })]);
    conflicts = 99;
    const refused = table.commit([create(note, { space: "f5", id: "b" })]);
    await expect(refused).rejects.toEqual(new ConflictError([{ index: 0, reason: "busy" }]));
  });

  test("a failed condition beside a conflict is the reason that is given", async () => {
    const table = await tableWith(async ({ operation, forward }) => {
      if (operation !== "TransactWriteItems") return forward();
      const CancellationReasons = [{ Code: "TransactionConflict" }, { Code: "ConditionalCheckFailed" }];
      return anError("TransactionCanceledException", { CancellationReasons });
    });
    const refused = table.commit([put(note, { space: "f6", id: "a" }), create(note, { space: "f6", id: "b" })]);
    await expect(refused).rejects.toEqual(new ConflictError([{ index: 1, reason: "exists" }]));
  });

  test("a creation whose answer was lost on the way succeeds, and still refuses everybody else", async () => {
    let drops = 1;
    const table = await tableWith(async ({ operation, forward }) => {
      if (operation !== "PutItem") return forward();
      const answer = await forward();
      return drops-- > 0 ? "drop" : answer;
    });
    const once = () => table.commit([create(note, { space: "f7", id: "a" })]);
    await once();
    await expect(once()).rejects.toEqual(new ConflictError([{ index: 0, reason: "exists" }]));
    drops = 1;
    await expect(once()).rejects.toThrow(ConflictError);
  });

  test("a transaction whose answer was lost on the way has one effect", async () => {
    let drops = 1;
    const table = await tableWith(async ({ operation, forward }) => {
      const answer = await forward();
      return operation === "TransactWriteItems" && drops-- > 0 ? "drop" : answer;
    });
    await table.commit([put(note, { space: "f8", id: "a" }), increment(counter, { name: "f8" }, "count", 1)]);
    expect(await table.get(counter, { name: "f8" }, { consistent: true })).toMatchObject({ count: 1 });
    drops = 1;
    await table.commit([increment(counter, { name: "f8" }, "count", 1)]);
    expect(await table.get(counter, { name: "f8" }, { consistent: true })).toMatchObject({ count: 2 });
    expect(drops).toBeLessThan(1);
  });

  test("an engine that refuses for another reason is heard, and a read that is throttled for ever says busy", async () => {
    const table = await tableWith(async ({ operation }) =>
      operation === "GetItem" ? anError("ProvisionedThroughputExceededException") : anError("AccessDeniedException"),
    );
    await expect(table.commit([put(note, { space: "f9", id: "a" })])).rejects.toThrow("AccessDeniedException");
    await expect(table.ready()).rejects.toThrow(BusyError);
  });
});
