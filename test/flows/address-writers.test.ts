import { newAddresses, newPrefixes } from "@cadastre/contract/addresses/allocation";
import { newIp } from "@cadastre/contract/addresses/ip";
import { allocateAddresses, allocatePrefixes } from "@cadastre/core/addresses/allocation/allocate";
import { createLanes } from "@cadastre/core/addresses/allocation/lanes";
import { aSpace } from "@cadastre/core/addresses/testing";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { deleteIp } from "@cadastre/core/addresses/tree/delete-ip";
import { deleteSubtree } from "@cadastre/core/addresses/tree/delete-subtree";
import { settle } from "@cadastre/core/addresses/tree/pending";
import { replaceIp } from "@cadastre/core/addresses/tree/replace-ip";
import { aContext, anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { formatPrefix, overlaps as overlap, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { plannedIn, statedIn } from "../support/address-tree.ts";
import { Crash, crashAt } from "../support/crashing-table.ts";
import { inTurns } from "../support/in-turns.ts";
import { tableWith } from "../support/table-with.ts";

const ACTOR = anActorOf("service-account", "sva_1");

/** What a writer may hear where others were faster, or its wish cannot be. */
const ANSWERS = [
  "ip.exists",
  "ip.not_found",
  "ip.too_much_inside",
  "addresses.no_space",
  "request.conflict",
  "request.invalid",
];

const anAddress = fc.integer({ min: 0, max: 255 }).map((last) => 0x0a000000n + BigInt(last));
const aPrefix = fc
  .tuple(anAddress, fc.integer({ min: 23, max: 32 }))
  .map(([value, length]) => formatPrefix(prefixOf({ family: 4, value }, length)));

const anAct = fc.oneof(
  fc.record({ act: fc.constant("plan" as const), prefix: aPrefix }),
  fc.record({ act: fc.constant("remove" as const), which: fc.nat(4) }),
  fc.record({ act: fc.constant("move" as const), which: fc.nat(4), prefix: aPrefix }),
  fc.record({
    act: fc.constant("allocate" as const),
    which: fc.nat(4),
    more: fc.integer({ min: 1, max: 4 }),
    count: fc.constantFrom(1, 2, 30),
  }),
);
type Act = typeof anAct extends fc.Arbitrary<infer One> ? One : never;

interface Given {
  readonly from: string;
  readonly id: string;
  readonly prefix: string;
}

/** Does one act; answers what was given. What others made impossible is no error. */
async function perform(context: Context, space: string, ids: readonly string[], act: Act): Promise<Given[]> {
  const id = "which" in act ? (ids[act.which % ids.length] as string) : "";
  try {
    if (act.act === "plan") {
      const made = await createIp(context, ACTOR, space, newIp.parse({ prefix: act.prefix }));
      return [{ from: "", id: made.id, prefix: made.prefix }];
    }
    if (act.act === "remove") await deleteIp(context, ACTOR, space, id, {});
    if (act.act === "move") await replaceIp(context, ACTOR, space, id, newIp.parse({ prefix: act.prefix }), {});
    if (act.act !== "allocate") return [];
    const wish = newPrefixes.parse({ prefixLength: Math.min(32, 25 + act.more), count: act.count });
    const { items } = await allocatePrefixes(context, ACTOR, { space, id }, wish);
    return items.map((item) => ({ from: id, id: item.id, prefix: item.prefix }));
  } catch (error) {
    if (ANSWERS.includes((error as { code?: string }).code ?? "")) return [];
    throw error;
  }
}

const overlaps = (given: readonly Given[]): Given[][] =>
  given.flatMap((one, at) =>
    given
      .slice(at + 1)
      .filter((other) => other.from === one.from && overlap(parsePrefix(one.prefix), parsePrefix(other.prefix)))
      .map((other) => [one, other]),
  );

const START = ["10.0.0.0/24", "10.0.0.0/25", "10.0.0.0/26", "10.0.0.128/26", "10.0.0.64/27"];

test("any interleaving of writers leaves windows that say what is there", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(anAct, { minLength: 2, maxLength: 5 }), async (scheduler, acts) => {
      const context = aContext();
      const space = await aSpace(context);
      const ids: string[] = [];
      for (const prefix of START) ids.push((await createIp(context, ACTOR, space, newIp.parse({ prefix }))).id);
      const turns = { ...context, table: inTurns(context.table, scheduler) };
      const all = Promise.all(acts.map((act) => perform(turns, space, ids, act)));
      const given = (await scheduler.waitFor(all)).flat();
      await settle(context, space);
      const { said, expected } = await statedIn(context.table, space);
      expect(said).toEqual(expected);
      expect(overlaps(given.filter(({ from }) => from !== ""))).toEqual([]);
      const there = new Map((await plannedIn(context.table, space)).map((item) => [item.id, item.prefix]));
      expect(given.filter(({ id, prefix }) => there.get(id) !== prefix)).toEqual([]);
      await context.table.close();
    }),
    { numRuns: 60 },
  );
});

/** A context in which something else happens once, before the first look at windows. */
function beforeWindows(context: Context, happens: () => Promise<unknown>): Context {
  let isDone = false;
  const { table } = context;
  return {
    ...context,
    table: tableWith(table, {
      async query(entity, query) {
        if (entity.type === "ip-window" && !isDone) {
          isDone = true;
          await happens();
        }
        return table.query(entity, query);
      },
    }),
  };
}

const plan = (context: Context, space: string, prefix: string, more: object = {}) =>
  createIp(context, ACTOR, space, newIp.parse({ prefix, ...more }));
const give = (context: Context, space: string, id: string, more: object) =>
  allocatePrefixes(context, ACTOR, { space, id }, newPrefixes.parse(more));

async function expectTrue(context: Context, space: string): Promise<void> {
  const { said, expected } = await statedIn(context.table, space);
  expect(said).toEqual(expected);
}

describe("between the look at the tree and that at the windows", () => {
  test.each([
    ["creates a prefix", (context: Context, space: string) => plan(context, space, "10.0.2.0/28")],
    ["removes one", (context: Context, space: string, id: string) => deleteIp(context, ACTOR, space, id, {})],
    [
      "removes one with what is inside",
      (context: Context, space: string, id: string) => deleteSubtree(context, ACTOR, space, id, {}),
    ],
    [
      "moves one",
      (context: Context, space: string, id: string) =>
        replaceIp(context, ACTOR, space, id, newIp.parse({ prefix: "10.0.9.0/24" }), {}),
    ],
    [
      "moves one to there",
      (context: Context, space: string, id: string) =>
        replaceIp(context, ACTOR, space, id, newIp.parse({ prefix: "10.0.2.0/24" }), {}),
    ],
  ])("another puts a prefix around the place of who %s", async (_, act) => {
    const context = aContext();
    const space = await aSpace(context);
    await plan(context, space, "10.0.0.0/16");
    const { id } = await plan(context, space, "10.0.1.0/24");
    const late = beforeWindows(context, () => plan(context, space, "10.0.0.0/22"));
    await act(late, space, id);
    await expectTrue(context, space);
  });

  test("a batch is decided on that has the place", async () => {
    const context = aContext();
    const space = await aSpace(context);
    const { id } = await plan(context, space, "10.0.0.0/16");
    const late = beforeWindows(context, async () => {
      const dying = { ...context, table: crashAt(context.table, 2) };
      await expect(give(dying, space, id, { prefixLength: 24, count: 64 })).rejects.toThrow(Crash);
    });
    await plan(late, space, "10.0.2.0/28");
    await expect(plan(late, space, "10.0.3.0/24")).rejects.toMatchObject({ code: "ip.exists" });
    await expectTrue(context, space);
    expect(await plannedIn(context.table, space)).toHaveLength(66);
  });
});

test("who carries out a batch late makes nothing again that was removed since", async () => {
  const context = aContext();
  const space = await aSpace(context);
  const { id } = await plan(context, space, "10.0.0.0/16");
  const dying = { ...context, table: crashAt(context.table, 2) };
  await expect(give(dying, space, id, { prefixLength: 24, count: 64 })).rejects.toThrow(Crash);
  let isDone = false;
  const slow = tableWith(context.table, {
    async commit(writes) {
      if (!isDone) {
        isDone = true;
        await settle(context, space);
        for (const item of await plannedIn(context.table, space))
          if (item.id !== id) await deleteIp(context, ACTOR, space, item.id, {});
      }
      return context.table.commit(writes);
    },
  });
  await settle({ ...context, table: slow }, space);
  expect(await plannedIn(context.table, space)).toHaveLength(1);
  await expectTrue(context, space);
});

describe("killed at any write", () => {
  const acts: [string, (context: Context, space: string, id: string) => Promise<unknown>][] = [
    ["an allocation", (context, space, id) => give(context, space, id, { prefixLength: 26, count: 3 })],
    ["a batch of 256", (context, space, id) => give(context, space, id, { prefixLength: 26, count: 256 })],
    ["a prefix around others", (context, space) => plan(context, space, "10.0.0.0/20")],
    ["a removal", (context, space, id) => deleteIp(context, ACTOR, space, id, {})],
  ];

  test.each(acts)("%s is whole, or is not, whoever goes on", async (_, act) => {
    for (let at = 1; ; at++) {
      const context = aContext();
      const space = await aSpace(context);
      const { id } = await plan(context, space, "10.0.0.0/16", { tags: {} });
      await plan(context, space, "10.0.1.0/24");
      const before = await plannedIn(context.table, space);
      const table = crashAt(context.table, at);
      const died = await act({ ...context, table }, space, id).then(
        () => false,
        (error) => error instanceof Crash,
      );
      const other = aContext({ table: () => context.table });
      await settle(other, space);
      const after = await plannedIn(context.table, space);
      await expectTrue(context, space);
      if (at === 1) expect(after).toEqual(before);
      else expect(Math.abs(after.length - before.length)).toSatisfy((count: number) => [1, 3, 256].includes(count));
      // It can be done again by others, and what was given is not given once more.
      if (died && at > 1) await act(other, space, id).catch(() => undefined);
      await expectTrue(context, space);
      await context.table.close();
      if (!died) break;
    }
  });
});

/** Writers in several processes, each of which knows nothing of the others. */
function processesOf(context: Context, count: number): Context[] {
  return Array.from({ length: count }, () => ({ ...context, lanes: createLanes() }));
}

async function race(context: Context): Promise<void> {
  const space = await aSpace(context);
  const { id: outer } = await plan(context, space, "10.0.0.0/16");
  const { id: inner } = await plan(context, space, "10.0.128.0/18");
  const { id: pool } = await plan(context, space, "2001:db8::/64");
  const processes = processesOf(context, 4);
  const given: Given[] = [];
  const note = (from: string, { items }: { items: { id: string; prefix: string }[] }) =>
    given.push(...items.map(({ id, prefix }) => ({ from, id, prefix })));
  const writer = async (at: number) => {
    const own = processes[at % processes.length] as Context;
    if (at % 8 === 0) note(outer, await give(own, space, outer, { prefixLength: 26, count: 8 }));
    else if (at % 8 < 4) note(outer, await give(own, space, outer, { prefixLength: 24 + (at % 5) }));
    else if (at % 8 === 4) note(inner, await give(own, space, inner, { prefixLength: 24, strategy: "spread" }));
    else if (at % 8 === 5) await plan(own, space, `10.0.${192 + at}.0/24`);
    else note(pool, await allocateAddresses(own, ACTOR, { space, id: pool }, newAddresses.parse({ count: 2 })));
  };
  await Promise.all(Array.from({ length: 64 }, (_, at) => writer(at)));
  expect(overlaps(given)).toEqual([]);
  const there = new Map((await plannedIn(context.table, space)).map((item) => [item.id, item.prefix]));
  expect(given.filter(({ id, prefix }) => there.get(id) !== prefix)).toEqual([]);
  expect(there.size).toBe(given.length + 3 + 8);
  await expectTrue(context, space);
}

describe("64 writers of four processes get space of their own, and lose none", () => {
  test("over SQLite", async () => race(aContext()));

  test("over DynamoDB", async () => {
    const opened = await openDynamo();
    await race({ ...aContext({ table: () => opened.table }), now: opened.clock.now });
    await opened.close();
  });
});
