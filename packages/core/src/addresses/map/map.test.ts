import { newIp } from "@cadastre/contract/addresses/ip";
import type { MapState } from "@cadastre/contract/addresses/map";
import { contains, formatPrefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { aContext, anActorOf, type TestContext } from "../../audit/testing.ts";
import { takeAll } from "../snapshots/testing.ts";
import { aSpace } from "../testing.ts";
import { loadTree } from "../testing-tree.ts";
import { createIp } from "../tree/create-ip.ts";
import { mapIp } from "./map.ts";

const ACTOR = anActorOf("service-account", "sva_1");
const address = (last: number) => ({ family: 4, value: 0x0a000000n + BigInt(last) }) as const;

const aPrefix = fc.record({
  prefix: fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 27, max: 32 }))
    .map(([last, length]) => formatPrefix(prefixOf(address(last), length))),
  status: fc.constantFrom("active", "reserved", "container"),
});

test("a map says of each address what the deepest prefix says that has something in it, of any tree", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(aPrefix, { selector: ({ prefix }) => prefix, maxLength: 16 }), async (planned) => {
      const context = aContext();
      const space = await aSpace(context);
      const root = await createIp(context, ACTOR, space, newIp.parse({ prefix: "10.0.0.0/26" }));
      for (const input of planned) await createIp(context, ACTOR, space, newIp.parse(input));
      const nodes = planned.map(({ prefix, status }) => ({ at: parsePrefix(prefix), status }));
      const isLeaf = ({ at }: (typeof nodes)[number]) =>
        !nodes.some((other) => other.at.length > at.length && contains(at, other.at));
      const expected = Array.from({ length: 64 }, (_, last): Partial<Record<MapState, number>> => {
        const leaf = nodes.find((one) => isLeaf(one) && contains(one.at, prefixOf(address(last), 32)));
        return leaf === undefined ? { free: 1 } : leaf.status === "reserved" ? { reserved: 1 } : { planned: 1 };
      });
      expect((await mapIp(context, space, root.id, 64)).cells).toEqual(expected);
      const halves = (await mapIp(context, space, root.id, 2)).cells;
      for (const [half, cell] of halves.entries()) {
        const free = expected.slice(half * 32, half * 32 + 32).filter((one) => one.free).length / 32;
        expect(cell.free ?? 0).toBeCloseTo(free, 3);
      }
      await context.table.close();
    }),
    { numRuns: 20 },
  );
});

const text = (value: number, length: number) =>
  formatPrefix(prefixOf({ family: 4, value: 0x0a000000n + BigInt(value) }, length));

/** A map of the first of such prefixes, and what it costs. */
async function drawn(context: TestContext, prefixes: readonly string[], cells?: number) {
  const space = await aSpace(context);
  const [id = ""] = await loadTree(context, space, prefixes, { shown: 1 });
  const look = () => context.table.meter.measure(() => mapIp(context, space, id, cells));
  return { ...(await look()), look };
}

test("any zoom is one call of 60 read units, in a /8 with 100,000 prefixes, too, however they lie", async () => {
  const context = aContext();
  const contiguous = Array.from({ length: 100_000 }, (_, n) => text(n * 64, 26));
  const dense = await drawn(context, ["10.0.0.0/8", ...contiguous]);
  expect(dense.units.read).toBeLessThanOrEqual(60);
  expect(dense.result.unresolvedFrom).toBeUndefined();
  expect(dense.result.cells).toHaveLength(4096);
  expect(dense.result.cells.filter((cell) => cell.planned === 1)).toHaveLength(Math.floor((100_000 * 64) / 4096));
  const v6 = Array.from({ length: 2000 }, (_, n) => `2001:db8:${(n * 7).toString(16)}::/48`);
  const six = await drawn(context, ["2001:db8::/32", ...v6], 16);
  expect(six.units.read).toBeLessThanOrEqual(60);
  expect(six.result.cells[0]?.planned).toBeCloseTo(586 / 4096, 3);
  // Nothing is next to anything: more than a request reads, until the job has drawn it.
  const apart = await drawn(
    context,
    ["10.0.0.0/8", ...contiguous.slice(0, 50_000).map((_, n) => text(n * 256, 26))],
    256,
  );
  expect(apart.units.read).toBeLessThanOrEqual(60);
  expect(apart.result.cells[0]).toEqual({ free: 0.75, planned: 0.25 });
  expect(apart.result.cells[255]).toEqual({ unknown: 1 });
  expect(apart.result.unresolvedFrom).toMatch(/^10\./);
  await takeAll(context);
  const after = await apart.look();
  expect(after.units.read).toBeLessThanOrEqual(60);
  expect(after.result.unresolvedFrom).toBeUndefined();
  expect(after.result.cells[0]).toEqual({ free: 0.75, planned: 0.25 });
  expect(after.result.cells[255]).toEqual({ free: 1 });
  expect(after.result.asOf).toBe(context.now().toISOString());
  await context.table.close();
});

test("a map is of a power of two cells, and of one for each address when there are fewer", async () => {
  const context = aContext();
  const { look, result } = await drawn(context, ["10.0.0.0/30", "10.0.0.1/32"]);
  expect(result).toMatchObject({ cellLength: 32, cells: [{ free: 1 }, { planned: 1 }, { free: 1 }, { free: 1 }] });
  expect((await look()).units.read).toBeLessThan(8);
  const [id = ""] = await loadTree(context, await aSpace(context), ["10.0.0.0/8"]);
  await expect(mapIp(context, "spc_01JD0000000000000000000000", id)).rejects.toMatchObject({ code: "space.not_found" });
  await expect(drawn(context, ["10.0.0.0/8"], 3)).rejects.toMatchObject({ code: "request.invalid" });
  await context.table.close();
});
