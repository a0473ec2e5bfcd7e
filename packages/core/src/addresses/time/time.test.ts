import { newIp } from "@cadastre/contract/addresses/ip";
import { contains, formatPrefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aContext, anActorOf, type TestContext } from "../../audit/testing.ts";
import { aSpace } from "../testing.ts";
import { createIp } from "../tree/create-ip.ts";
import { deleteIp } from "../tree/delete-ip.ts";
import { IpItem, spacePartition } from "../tree/items.ts";
import { queryAll } from "../tree/query-all.ts";
import { replaceIp } from "../tree/replace-ip.ts";
import { listPast } from "./at.ts";
import { listDifferences } from "./diff.ts";

const ACTOR = anActorOf("service-account", "sva_1");

const plan = (context: TestContext, space: string, prefix: string, more: object = {}) =>
  createIp(context, ACTOR, space, newIp.parse({ prefix, ...more }));

async function pages<Item>(
  list: (options: {
    limit: number;
    cursor?: string | undefined;
  }) => Promise<{ items: readonly Item[]; cursor?: string }>,
) {
  const all: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ limit: 2, cursor });
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

const aPrefix = fc
  .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 }))
  .map(([last, length]) => formatPrefix(prefixOf({ family: 4, value: 0x0a000000n + BigInt(last) }, length)));
const anAct = fc.oneof(
  fc.record({ act: fc.constant("plan" as const), prefix: aPrefix, wait: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ act: fc.constant("remove" as const), which: fc.nat(20), wait: fc.integer({ min: 0, max: 2 }) }),
  fc.record({
    act: fc.constant("replace" as const),
    which: fc.nat(20),
    prefix: fc.option(aPrefix),
    wait: fc.integer({ min: 0, max: 2 }),
  }),
);

interface Seen {
  readonly id: string;
  readonly prefix: string;
  readonly name: string;
}

async function now(context: TestContext, space: string): Promise<Seen[]> {
  const items = await queryAll(context.table, IpItem, {
    partition: spacePartition(space),
    sort: { beginsWith: "ip#" },
  });
  return items.map(({ id, prefix, name }) => ({ id, prefix, name }));
}

test("a space is shown as it was at any time, and what is otherwise at two, whatever happened", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anAct, { minLength: 1, maxLength: 14 }), async (acts) => {
      const context = aContext();
      const space = await aSpace(context);
      const ids: string[] = [];
      const known = (error: unknown) => expect((error as { code?: string }).code).toBe("ip.exists");
      // What there was at the end of each moment.
      const history = new Map<string, Seen[]>([[context.now().toISOString(), []]]);
      for (const [n, one] of acts.entries()) {
        context.advance(one.wait);
        const id = one.act === "plan" ? undefined : ids[one.which % Math.max(ids.length, 1)];
        if (one.act === "plan") await plan(context, space, one.prefix).then((made) => ids.push(made.id), known);
        else if (id !== undefined && one.act === "remove") {
          await deleteIp(context, ACTOR, space, id, {});
          ids.splice(ids.indexOf(id), 1);
        } else if (id !== undefined && one.act === "replace") {
          const before = (await now(context, space)).find((item) => item.id === id);
          const input = newIp.parse({ prefix: one.prefix ?? before?.prefix, name: `${n}` });
          await replaceIp(context, ACTOR, space, id, input, {}).catch(known);
        }
        history.set(context.now().toISOString(), await now(context, space));
      }
      const times = [...history.keys()];
      for (const [time, expected] of history) {
        const found = await pages((options) => listPast(context, space, { time }, options));
        expect(
          found.map(({ id, prefix, name }) => ({ id, prefix, name })),
          time,
        ).toEqual(expected);
        for (const item of found) {
          const at = parsePrefix(item.prefix);
          const parents = found.filter(({ prefix }) => prefix !== item.prefix && contains(parsePrefix(prefix), at));
          expect(item.parentId, item.prefix).toBe(parents.at(-1)?.id ?? null);
          const chain = (await listPast(context, space, { time, address: item.prefix }, { limit: 50 })).items;
          expect(chain.map(({ prefix }) => prefix)).toEqual(
            [item, ...parents.toReversed()].map(({ prefix }) => prefix),
          );
        }
      }
      for (const [from, to] of [
        [times[0], times.at(-1)],
        [times[1], times.at(-2)],
      ] as const) {
        if (from === undefined || to === undefined || from > to) continue;
        const key = ({ id, prefix }: Seen) => `${prefix} ${id}`;
        const [before, after] = [from, to].map(
          (time) => new Map((history.get(time) ?? []).map((one) => [key(one), one.name])),
        );
        const keys = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])];
        const expected = keys.flatMap((one) => {
          if (!before?.has(one)) return [`added ${one}`];
          if (!after?.has(one)) return [`removed ${one}`];
          return before.get(one) === after.get(one) ? [] : [`changed ${one}`];
        });
        const found = await pages((options) => listDifferences(context, space, { from, to }, options));
        expect(found.map((one) => `${one.type} ${key({ ...one, name: "" })}`).toSorted()).toEqual(expected.toSorted());
      }
      await context.table.close();
    }),
    { numRuns: 20 },
  );
});

describe("what was", () => {
  test("costs the same however often a prefix changed, and is not asked for of times that are not kept", async () => {
    const context = aContext();
    const space = await aSpace(context);
    const { id } = await plan(context, space, "10.0.0.0/8");
    await plan(context, space, "10.1.0.0/16");
    const start = context.now().toISOString();
    for (let n = 0; n < 150; n++) {
      context.advance(1);
      await replaceIp(context, ACTOR, space, id, newIp.parse({ prefix: "10.0.0.0/8", name: `${n}` }), {});
    }
    const measured = (asked: object) =>
      context.table.meter.measure(() => listPast(context, space, { time: start, ...asked }, { limit: 50 }));
    const all = await measured({});
    expect(all.result.items.map(({ prefix, name }) => `${prefix}${name}`)).toEqual(["10.0.0.0/8", "10.1.0.0/16"]);
    expect(all.units.read).toBeLessThan(60);
    const one = await measured({ address: "10.1.2.3" });
    expect(one.result.items.map(({ prefix }) => prefix)).toEqual(["10.1.0.0/16", "10.0.0.0/8"]);
    expect(one.units.read).toBeLessThan(10);
    const ask = (time: string) => listPast(context, space, { time }, { limit: 1 });
    await expect(ask("2100-01-01T00:00:00Z")).rejects.toMatchObject({ code: "request.invalid" });
    await expect(ask("2020-01-01T00:00:00Z")).rejects.toMatchObject({ code: "request.invalid" });
    await context.table.close();
  });

  test("is whole when a prefix is changed several times in one moment", async () => {
    const context = aContext();
    const space = await aSpace(context);
    const { id } = await plan(context, space, "10.0.0.0/8", { name: "first" });
    const start = context.now().toISOString();
    context.advance(60);
    for (const name of ["second", "third"])
      await replaceIp(context, ACTOR, space, id, newIp.parse({ prefix: "10.0.0.0/8", name }), {});
    const named = async (time: string) => (await listPast(context, space, { time }, { limit: 9 })).items[0]?.name;
    expect([await named(start), await named(context.now().toISOString())]).toEqual(["first", "third"]);
    await context.table.close();
  });

  test("does not show a reservation that had ended then", async () => {
    const context = aContext();
    const space = await aSpace(context);
    const reserveUntil = new Date(context.now().getTime() + 60_000).toISOString();
    await plan(context, space, "10.0.0.0/8", { reserveUntil });
    const during = context.now().toISOString();
    context.advance(120);
    const count = async (time: string) => (await listPast(context, space, { time }, { limit: 9 })).items.length;
    expect([await count(during), await count(context.now().toISOString())]).toEqual([1, 0]);
    await context.table.close();
  });
});
