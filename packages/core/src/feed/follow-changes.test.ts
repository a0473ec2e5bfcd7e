import type { Table } from "@cadastre/store/table";
import { describe, expect, it } from "vitest";
import { aContext, type TestContext } from "../audit/testing.ts";
import type { Context } from "../context.ts";
import { type FollowOptions, followChanges, requireChangeId } from "./follow-changes.ts";
import { FeedItem } from "./items.ts";
import { recordChange } from "./record-change.ts";
import { idOfChange } from "./view.ts";

const START = Date.parse("2026-11-22T05:00:00.000Z");
const key = (n: number) => `aws/${String(n).padStart(12, "0")}`;

/** Commits a change of an account, so many seconds after the start. */
async function change(context: TestContext, n: number, seconds: number, type: "updated" | "created" = "updated") {
  const at = new Date(START + seconds * 1000).toISOString();
  const writes = recordChange(context, {
    subject: { type: "account", key: key(n) },
    id: key(n),
    type,
    at,
    actor: "system",
    changes: [{ path: "name", before: "a", after: "b" }],
    stream: "o",
    sequence: 1,
    place: { provider: "aws", account: key(n).slice(4) },
  });
  const { item } = writes.at(-1) as unknown as { item: FeedItem };
  await context.table.commit(writes);
  return idOfChange(FeedItem.keyOf(item).sk);
}

/** Follows for as many looks as there are things that happen between them. Answers what each look told. */
async function follow(
  context: Context,
  options: Partial<FollowOptions>,
  ...between: readonly (() => Promise<unknown>)[]
): Promise<string[][]> {
  const looks: string[][] = [[]];
  const left = [...between];
  const wait = async () => {
    const next = left.shift();
    await next?.();
    if (next) looks.push([]);
    return next !== undefined;
  };
  for await (const some of followChanges(context, { filter: {}, ...options, wait }))
    looks.at(-1)?.push(...some.map(({ subject }) => subject.id));
  return looks;
}

describe("who follows changes", () => {
  it("is told of what changes from now on, each once, oldest first, also of what is committed a while after its time", async () => {
    const context = aContext();
    await change(context, 1, -1);
    const looks = await follow(
      context,
      {},
      async () => {
        await change(context, 3, 3);
        await change(context, 2, 2);
      },
      async () => undefined,
      async () => {
        context.advance(30);
        await change(context, 4, 1);
      },
      async () => context.advance(65),
      async () => {
        await change(context, 5, 70);
      },
    );
    expect(looks).toEqual([[], [key(2), key(3)], [], [key(4)], [], [key(5)]]);
  });

  it("forgets what it told once it is too old to be looked at again, and never tells it twice", async () => {
    const context = aContext();
    const looks = await follow(
      context,
      {},
      async () => {
        await change(context, 1, 5);
      },
      async () => context.advance(64),
      async () => context.advance(3),
      async () => context.advance(300),
    );
    expect(looks).toEqual([[], [key(1)], [], [], []]);
  });

  it("goes on after an id with the minute before it", async () => {
    const context = aContext();
    await change(context, 1, -200);
    await change(context, 2, -155);
    const after = await change(context, 3, -100);
    await change(context, 4, -50);
    expect(await follow(context, { after })).toEqual([[key(2), key(3), key(4)]]);
  });

  it("is told of what it asks for and may see", async () => {
    const context = aContext();
    const after = await change(context, 1, 1);
    await change(context, 2, 2, "created");
    await change(context, 3, 3, "created");
    expect(await follow(context, { after, filter: { type: "created" } })).toEqual([[key(2), key(3)]]);
    const subject = { type: "account", key: key(3) } as const;
    expect(await follow(context, { after, filter: { subject } })).toEqual([[key(3)]]);
    expect(await follow({ ...context, restriction: { accounts: [key(1)] } }, { after })).toEqual([[key(1)]]);
  });

  it("gets lists of at most 100, and an empty one where nothing is new", async () => {
    const context = aContext();
    const first = await change(context, 0, 0);
    for (let n = 1; n < 250; n++) await change(context, n, n / 10);
    const sizes: number[] = [];
    for await (const some of followChanges(context, { filter: {}, after: first, wait: async () => false }))
      sizes.push(some.length);
    expect(sizes).toEqual([100, 100, 50]);
    context.advance(100);
    const idle: number[] = [];
    for await (const some of followChanges(context, { filter: {}, wait: async () => false })) idle.push(some.length);
    expect(idle).toEqual([0]);
  });

  it("reads strongly: a replica that has not heard of a change yet must not hide it until it is too old", async () => {
    const context = aContext();
    const isConsistent = new Set<unknown>();
    const table: Table = {
      ...context.table,
      query: async (entity, query) => {
        isConsistent.add(query.consistent);
        return context.table.query(entity, query);
      },
      getMany: async (entity, keys, how) => {
        isConsistent.add(how?.consistent);
        return context.table.getMany(entity, keys, how);
      },
    };
    await follow({ ...context, table }, {}, async () => {
      for (let n = 0; n < 101; n++) await change(context, n, n / 100);
    });
    expect([...isConsistent]).toEqual([true]);
  });
});

describe("the id that a reader goes on after", () => {
  it("may be left out, and is refused when it names no change", async () => {
    const id = await change(aContext(), 1, 1);
    expect(() => requireChangeId(undefined)).not.toThrow();
    expect(() => requireChangeId(id)).not.toThrow();
    expect(() => requireChangeId("nothing")).toThrow(
      expect.objectContaining({ code: "cursor.invalid", message: expect.stringContaining("Last-Event-ID") }),
    );
  });
});
