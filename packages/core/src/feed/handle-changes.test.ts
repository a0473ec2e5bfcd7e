import type { ChangeEntry } from "@cadastre/contract/changes";
import { put, type Stored, type Table } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { type Consumer, DeadLetterItem } from "./consumer.ts";
import { handleChanges, handleRecords, type StreamRecord } from "./handle-changes.ts";
import { FeedItem } from "./items.ts";
import { recordChange } from "./record-change.ts";
import { NO_PATIENCE } from "./tell.ts";

const key = (n: number) => `aws/${String(n).padStart(12, "0")}`;

/** So many changes, each of another account, in the table. */
async function changes(context: TestContext, count: number): Promise<Stored<FeedItem>[]> {
  const items: Stored<FeedItem>[] = [];
  for (let n = 0; n < count; n++) {
    const writes = recordChange(context, {
      subject: { type: "account", key: key(n) },
      id: key(n),
      type: "updated",
      at: context.now().toISOString(),
      actor: "system",
      changes: [],
      stream: "o",
      sequence: 1,
      place: {},
    });
    await context.table.commit(writes);
    const { item } = writes.at(-1) as unknown as { item: FeedItem };
    items.push((await context.table.get(FeedItem, item)) as Stored<FeedItem>);
  }
  return items;
}

/** A consumer that refuses some changes, by their ids, and keeps what it took. */
function aConsumer(
  refuses: readonly number[] = [],
  { name = "test", together }: { name?: string; together?: number } = {},
) {
  const told: string[] = [];
  const groups: number[] = [];
  const take = (all: readonly ChangeEntry[]) => {
    if (all.some(({ subject }) => refuses.some((n) => key(n) === subject.id))) throw new Error("no");
    told.push(...all.map(({ subject }) => subject.id));
  };
  const consumer: Consumer = {
    name,
    about: "for tests",
    handle: async (change) => take([change]),
    ...(together === undefined
      ? {}
      : {
          together: {
            most: together,
            handle: async (all) => {
              groups.push(all.length);
              take(all);
            },
          },
        }),
  };
  return { consumer, told, groups };
}

const reporting = () => {
  const reported: string[] = [];
  return {
    reported,
    options: {
      patience: NO_PATIENCE,
      report: ({ consumer, attempts }: { consumer: string; attempts: number }) =>
        void reported.push(`${consumer} ${attempts}`),
    },
  };
};
const letters = async (context: Context, name = "test") =>
  (await context.table.query(DeadLetterItem, { partition: `dead-letters#${name}`, consistent: true })).items;
const toRecords = (items: readonly FeedItem[], event: StreamRecord["event"] = "made"): StreamRecord[] =>
  items.map((item, n) => ({ id: `r${n}`, event, ...FeedItem.keyOf(item) }));

describe("changes that a stream hands over", () => {
  it("are told to each consumer, one by one, and counted for each", async () => {
    const context = aContext();
    const items = await changes(context, 3);
    const [first, second] = [aConsumer(), aConsumer([], { name: "other" })];
    const { options, reported } = reporting();
    const run = await handleChanges(context, [first.consumer, second.consumer], items, options);
    expect(run).toEqual({ handled: 6, setAside: 0 });
    expect([first.told, second.told, reported]).toEqual([[0, 1, 2].map(key), [0, 1, 2].map(key), []]);
  });

  it("are set aside for the one that does not take them, which is reported; the others go on", async () => {
    const context = aContext();
    const items = await changes(context, 3);
    const [first, second] = [aConsumer([1]), aConsumer([], { name: "other" })];
    const { options, reported } = reporting();
    const run = await handleChanges(context, [first.consumer, second.consumer], items, options);
    expect(run).toEqual({ handled: 5, setAside: 1 });
    expect([first.told, reported]).toEqual([[0, 2].map(key), ["test 1"]]);
    expect(await letters(context)).toMatchObject([{ id: key(1), state: "waiting", attempts: 1 }]);
    expect(await letters(context, "other")).toEqual([]);
  });

  it("are told together to who takes several, and each by itself when one of them is not taken", async () => {
    const context = aContext();
    const items = await changes(context, 5);
    const all = aConsumer([], { together: 2 });
    await handleChanges(context, [all.consumer], items, reporting().options);
    expect([all.groups, all.told]).toEqual([[2, 2], [0, 1, 2, 3, 4].map(key)]);
    const some = aConsumer([3], { together: 5 });
    const run = await handleChanges(context, [some.consumer], items, reporting().options);
    expect([run, some.told, some.groups]).toEqual([{ handled: 4, setAside: 1 }, [0, 1, 2, 4].map(key), [5]]);
  });
});

describe("records of a stream", () => {
  it("tell of what was made in the feed, and not of what was changed, is gone, or is no change", async () => {
    const context = aContext();
    const items = await changes(context, 3);
    const [first, second, third] = toRecords(items) as [StreamRecord, StreamRecord, StreamRecord];
    const gone = { ...first, sk: first.sk.replace("000000001", "000000002") };
    const other: StreamRecord = { id: "x", event: "made", pk: "resource#1", sk: "observed" };
    const { consumer, told } = aConsumer();
    const records = [{ ...first, event: "changed" as const }, second, gone, other, third];
    const run = await handleRecords(context, [consumer], records, reporting().options);
    expect([run, told]).toEqual([{ handled: 2, setAside: 0 }, [1, 2].map(key)]);
  });

  it("are done 25 at a time: what fails names the first of those that are to come again, and all before are done", async () => {
    const context = aContext();
    const items = await changes(context, 60);
    const { consumer, told } = aConsumer([3]);
    let reads = 0;
    const error = new Error("the table is away");
    const table: Table = {
      ...context.table,
      getMany: async (entity, keys, how) => {
        if (entity === (FeedItem as never) && ++reads === 3) throw error;
        return context.table.getMany(entity, keys, how);
      },
    };
    const run = await handleRecords({ ...context, table }, [consumer], toRecords(items), reporting().options);
    expect(run).toEqual({ handled: 49, setAside: 1, failed: { id: "r50", error } });
    expect(told).toHaveLength(49);
    const whole = await handleRecords(context, [consumer], toRecords(items), reporting().options);
    expect(whole).toEqual({ handled: 59, setAside: 1 });
  });

  it("are read as they are now, whatever replica is asked", async () => {
    const context = aContext();
    const items = await changes(context, 2);
    const isConsistent: unknown[] = [];
    const table: Table = {
      ...context.table,
      getMany: async (entity, keys, how) => {
        isConsistent.push(how?.consistent);
        return context.table.getMany(entity, keys, how);
      },
    };
    await handleRecords({ ...context, table }, [aConsumer().consumer], toRecords(items), reporting().options);
    expect(new Set(isConsistent)).toEqual(new Set([true]));
  });

  it("have a letter told again that was set to it, once however many records name it, by whoever runs here", async () => {
    const context = aContext();
    const items = await changes(context, 4);
    const { consumer } = aConsumer([0, 1, 2, 3]);
    const elsewhere = aConsumer([0], { name: "elsewhere" });
    await handleChanges(context, [consumer], items, reporting().options);
    await handleChanges(context, [elsewhere.consumer], items.slice(0, 1), reporting().options);
    const all = [...(await letters(context)), ...(await letters(context, "elsewhere"))];
    const asked = all.filter(({ consumer: name, id }) => name === "elsewhere" || id !== key(3));
    for (const { version: _, ...letter } of asked)
      await context.table.commit([put(DeadLetterItem, { ...letter, state: "replaying" })]);
    const records = [...all, ...all].map((letter, n): StreamRecord => {
      return { id: `l${n}`, event: "changed", ...DeadLetterItem.keyOf(letter) };
    });
    const now = aConsumer([1]);
    const run = await handleRecords(context, [now.consumer], records, reporting().options);
    expect([run, now.told.toSorted()]).toEqual([{ handled: 2, setAside: 0 }, [0, 2].map(key)]);
    expect((await letters(context)).map(({ id, state }) => `${id} ${state}`)).toEqual([
      `${key(1)} waiting`,
      `${key(3)} waiting`,
    ]);
    expect(await letters(context, "elsewhere")).toMatchObject([{ state: "replaying" }]);
  });
});
