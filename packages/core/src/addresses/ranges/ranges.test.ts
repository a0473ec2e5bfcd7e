import { newAddresses, newPrefixes } from "@cadastre/contract/addresses/allocation";
import { newIp } from "@cadastre/contract/addresses/ip";
import { newRange } from "@cadastre/contract/addresses/range";
import { intervalsCount, unionIntervals } from "@cadastre/net/interval";
import { formatPrefix, prefixOf } from "@cadastre/net/prefix";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layersIn, plannedIn } from "../../../../../test/support/address-tree.ts";
import { Crash, crashAt } from "../../../../../test/support/crashing-table.ts";
import { inTurns } from "../../../../../test/support/in-turns.ts";
import { aContext, anActorOf, auditRecords, type TestContext } from "../../audit/testing.ts";
import type { Context } from "../../context.ts";
import { allocateAddresses, allocatePrefixes, previewPrefixes } from "../allocation/allocate.ts";
import { aSpace } from "../testing.ts";
import { createIp } from "../tree/create-ip.ts";
import { deleteIp } from "../tree/delete-ip.ts";
import { expandIp } from "../tree/expand.ts";
import { replaceIp } from "../tree/replace-ip.ts";
import { rangeInterval } from "./place-range.ts";
import { createRange, deleteRange, getRange, listRanges, replaceRange } from "./ranges.ts";

const ACTOR = anActorOf("service-account", "sva_1");

const plan = (context: Context, space: string, prefix: string, more: object = {}) =>
  createIp(context, ACTOR, space, newIp.parse({ prefix, ...more }));
const note = (context: Context, space: string, start: string, end: string, more: object = { populated: true }) =>
  createRange(context, ACTOR, space, newRange.parse({ start, end, ...more }));

async function inSpace(): Promise<{ context: TestContext; space: string }> {
  const context = aContext();
  return { context, space: await aSpace(context) };
}

describe("a range", () => {
  test("that is populated is not allocated from, and not shown as free", async () => {
    const { context, space } = await inSpace();
    const { id } = await plan(context, space, "10.0.0.0/24");
    await note(context, space, "10.0.0.0", "10.0.0.99");
    const { items } = await previewPrefixes(context, { space, id }, { prefixLength: 26, limit: 10 });
    expect(items.map(({ prefix }) => prefix)).toEqual(["10.0.0.128/26", "10.0.0.192/26"]);
    const given = await allocateAddresses(context, ACTOR, { space, id }, newAddresses.parse({}));
    expect(given.items[0]?.prefix).toBe("10.0.0.100/32");
    const { children } = await expandIp(context, space, id, { free: true });
    expect(children?.[0]?.prefix).toBe("10.0.0.101/32");
  });

  test("that is utilized counts as used, and can be allocated from", async () => {
    const { context, space } = await inSpace();
    const { id } = await plan(context, space, "10.0.0.0/24", { pool: true });
    await note(context, space, "10.0.0.16", "10.0.0.31", { utilized: true });
    const { utilization } = await expandIp(context, space, id, { utilization: true });
    expect(utilization).toMatchObject({ used: 16, free: 240 });
    const wish = newPrefixes.parse({ prefixLength: 25 });
    const given = await allocatePrefixes(context, ACTOR, { space, id }, wish);
    expect(given.items[0]?.prefix).toBe("10.0.0.0/25");
  });

  test("goes over several prefixes, and is free again when it is removed", async () => {
    const { context, space } = await inSpace();
    const outer = await plan(context, space, "10.0.0.0/16", { pool: true });
    const inner = await plan(context, space, "10.0.1.0/24", { pool: true });
    const range = await note(context, space, "10.0.0.128", "10.0.1.127", { utilized: true, populated: true });
    const usedOf = async (id: string) => (await expandIp(context, space, id, { utilization: true })).utilization?.used;
    expect(await usedOf(outer.id)).toBe(256 + 128);
    expect(await usedOf(inner.id)).toBe(128);
    await deleteRange(context, ACTOR, space, range.id, {});
    expect(await usedOf(inner.id)).toBe(0);
    await expect(getRange(context, space, range.id)).rejects.toMatchObject({ code: "range.not_found" });
    const actions = (await auditRecords(context)).map(({ action }) => action);
    expect(actions.slice(-2)).toEqual(["range.create", "range.delete"]);
  });

  test("does not overlap another with the same flag, but one with the other", async () => {
    const { context, space } = await inSpace();
    await plan(context, space, "10.0.0.0/24");
    await note(context, space, "10.0.0.10", "10.0.0.20");
    await expect(note(context, space, "10.0.0.20", "10.0.0.30")).rejects.toMatchObject({ code: "range.overlaps" });
    const other = await note(context, space, "10.0.0.15", "10.0.0.30", { utilized: true });
    const both = newRange.parse({ start: "10.0.0.15", end: "10.0.0.30", utilized: true, populated: true });
    const change = replaceRange(context, ACTOR, space, other.id, both, {});
    await expect(change).rejects.toMatchObject({ code: "range.overlaps" });
    const apart = newRange.parse({ start: "10.0.0.21", end: "10.0.0.30", utilized: true, populated: true });
    await replaceRange(context, ACTOR, space, other.id, apart, { version: other.version });
    const { items } = await listRanges(context, space, { limit: 10 });
    expect(items.map(({ start }) => start)).toEqual(["10.0.0.10", "10.0.0.21"]);
  });

  test.each([
    ["10.0.0.9", "10.0.0.1", "end"],
    ["10.0.0.1", "2001:db8::1", "end"],
    ["10.0.0.1%eth0", "10.0.0.9", "start"],
    ["10.0.0.0/24", "10.0.0.9", "start"],
    ["010.0.0.1", "10.0.0.9", "start"],
  ])("from %s to %s is none", (start, end, path) => {
    expect(newRange.safeParse({ start, end }).error?.issues[0]?.path).toEqual([path]);
  });

  test("killed at any write is there, or is not", async () => {
    for (let at = 1; ; at++) {
      const { context, space } = await inSpace();
      await plan(context, space, "10.0.0.0/24");
      const dying = { ...context, table: crashAt(context.table, at) };
      const died = await note(dying, space, "10.0.0.200", "10.0.1.20").then(
        () => false,
        (error) => error instanceof Crash,
      );
      const { items } = await listRanges(context, space, { limit: 10 });
      const { said, expected } = await layersIn(context.table, space, items);
      expect(said).toEqual(expected);
      if (!died) break;
    }
  });
});

const last = fc.integer({ min: 0, max: 255 });
const aPrefix = fc
  .tuple(last, fc.integer({ min: 24, max: 32 }))
  .map(([value, length]) => formatPrefix(prefixOf({ family: 4, value: 0x0a000000n + BigInt(value) }, length)));
const aRange = fc.tuple(last, last).map(([one, other]) => ({
  start: `10.0.0.${Math.min(one, other)}`,
  end: `10.0.0.${Math.max(one, other)}`,
}));
const anAct = fc.oneof(
  fc.record({ act: fc.constant("plan" as const), prefix: aPrefix }),
  fc.record({ act: fc.constant("note" as const), range: aRange, populated: fc.boolean() }),
  fc.record({ act: fc.constant("remove" as const), which: fc.nat(3) }),
  fc.record({ act: fc.constant("move" as const), which: fc.nat(3), prefix: aPrefix }),
  fc.record({ act: fc.constant("forget" as const), which: fc.nat(1) }),
  fc.record({ act: fc.constant("change" as const), which: fc.nat(1), range: aRange }),
);
type Act = typeof anAct extends fc.Arbitrary<infer One> ? One : never;

const ANSWERS = [
  "ip.exists",
  "ip.not_found",
  "ip.too_much_inside",
  "range.overlaps",
  "range.not_found",
  "request.conflict",
];

async function perform(context: Context, space: string, ips: readonly string[], ranges: readonly string[], act: Act) {
  const ip = "which" in act ? (ips[act.which % ips.length] as string) : "";
  const range = "which" in act ? (ranges[act.which % ranges.length] as string) : "";
  const flags = (populated: boolean) => ({ populated, utilized: !populated });
  try {
    if (act.act === "plan") await plan(context, space, act.prefix);
    if (act.act === "note") await note(context, space, act.range.start, act.range.end, flags(act.populated));
    if (act.act === "remove") await deleteIp(context, ACTOR, space, ip, {});
    if (act.act === "move") await replaceIp(context, ACTOR, space, ip, newIp.parse({ prefix: act.prefix }), {});
    if (act.act === "forget") await deleteRange(context, ACTOR, space, range, {});
    if (act.act === "change") {
      const input = newRange.parse({ ...act.range, ...flags(true) });
      await replaceRange(context, ACTOR, space, range, input, {});
    }
  } catch (error) {
    if (!ANSWERS.includes((error as { code?: string }).code ?? "")) throw error;
  }
}

test("in any interleaving with prefixes that come, move and go, windows say what ranges say", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(anAct, { minLength: 2, maxLength: 5 }), async (scheduler, acts) => {
      const { context, space } = await inSpace();
      const ips: string[] = [];
      for (const prefix of ["10.0.0.0/24", "10.0.0.0/25", "10.0.0.64/27", "10.0.0.192/26"])
        ips.push((await plan(context, space, prefix)).id);
      const ranges = [
        (await note(context, space, "10.0.0.50", "10.0.0.210")).id,
        (await note(context, space, "10.0.0.60", "10.0.0.70", { utilized: true })).id,
      ];
      const turns = { ...context, table: inTurns(context.table, scheduler) };
      await scheduler.waitFor(Promise.all(acts.map((act) => perform(turns, space, ips, ranges, act))));
      const { items } = await listRanges(context, space, { limit: 100 });
      const { said, expected } = await layersIn(context.table, space, items);
      expect(said).toEqual(expected);
      expect((await plannedIn(context.table, space)).length).toBeGreaterThan(0);
      for (const flag of ["populated", "utilized"] as const) {
        const own = items.filter((one) => one[flag]).map(rangeInterval);
        expect(intervalsCount(unionIntervals(own))).toBe(intervalsCount(own));
      }
      await context.table.close();
    }),
    { numRuns: 40 },
  );
});
