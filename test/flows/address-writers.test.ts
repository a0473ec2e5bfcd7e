import { newAddresses, newPrefixes } from "@cadastre/contract/addresses/allocation";
import { newIp } from "@cadastre/contract/addresses/ip";
import { allocateAddresses, allocatePrefixes } from "@cadastre/core/addresses/allocation/allocate";
import { createLanes } from "@cadastre/core/addresses/allocation/lanes";
import { aSpace } from "@cadastre/core/addresses/testing";
import { createIp } from "@cadastre/core/addresses/tree/create-ip";
import { deleteIp } from "@cadastre/core/addresses/tree/delete-ip";
import { settle } from "@cadastre/core/addresses/tree/pending";
import { replaceIp } from "@cadastre/core/addresses/tree/replace-ip";
import { aContext, anActorOf } from "@cadastre/core/audit/testing";
import type { Context } from "@cadastre/core/context";
import { formatPrefix, overlaps as overlap, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDynamo } from "../store/open-dynamo.ts";
import { plannedIn, statedIn } from "../support/address-tree.ts";
import { inTurns } from "../support/in-turns.ts";

const ACTOR = anActorOf("service-account", "sva_1");

/** What a writer may hear where others were faster, or its wish cannot be. */
const ANSWERS = ["ip.exists", "ip.not_found", "ip.too_much_inside", "addresses.no_space", "request.conflict", "request.invalid"];

const anAddress = fc.integer({ min: 0, max: 255 }).map((last) => 0x0a000000n + BigInt(last));
const aPrefix = fc
  .tuple(anAddress, fc.integer({ min: 23, max: 32 }))
  .map(([value, length]) => formatPrefix(prefixOf({ family: 4, value }, length)));

const anAct = fc.oneof(
  fc.record({ act: fc.constant("plan" as const), prefix: aPrefix }),
  fc.record({ act: fc.constant("remove" as const), which: fc.nat(4) }),
  fc.record({ act: fc.constant("move" as const), which: fc.nat(4), prefix: aPrefix }),
  fc.record({ act: fc.constant("allocate" as const), which: fc.nat(4), more: fc.integer({ min: 1, max: 4 }), count: fc.constantFrom(1, 2, 30) }),
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
    { numRuns: Number(process.env.RUNS ?? 60) },
  );
});
