import { newIp } from "@cadastre/contract/addresses/ip";
import { type Interval, prefixInterval, unionIntervals } from "@cadastre/net/interval";
import { contains, formatPrefix, type Prefix, parsePrefix, prefixOf } from "@cadastre/net/prefix";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aContext as aBareContext, anAdmin, type TestContext } from "../../audit/testing.ts";
import { aSpace } from "../testing.ts";
import { createIp } from "./create-ip.ts";
import { deleteIp } from "./delete-ip.ts";
import { IpItem, spacePartition } from "./items.ts";
import { queryAll } from "./query-all.ts";
import { getIp } from "./read-ips.ts";
import { readWindows } from "./read-windows.ts";
import { replaceIp } from "./replace-ip.ts";

interface InSpace extends TestContext {
  readonly space: string;
}

async function aContext(): Promise<InSpace> {
  const context = aBareContext();
  return { ...context, space: await aSpace(context) };
}

const plan = (context: InSpace, prefix: string, more: object = {}) =>
  createIp(context, anAdmin, context.space, newIp.parse({ prefix, ...more }));

const nearest = (prefix: Prefix, others: readonly Prefix[]): string | undefined => {
  const [parent] = others
    .filter((one) => one.length < prefix.length && contains(one, prefix))
    .sort((one, other) => other.length - one.length);
  return parent && formatPrefix(parent);
};

/** What the windows of each parent say is planned, and what follows from the prefixes alone. */
async function stated({ table, space }: InSpace) {
  const items = await queryAll(table, IpItem, { partition: spacePartition(space), sort: { beginsWith: "ip#" } });
  const prefixes = items.map(({ prefix }) => parsePrefix(prefix));
  const parents = [...prefixes, { family: 4, isTop: true } as const];
  const said: Record<string, readonly Interval[]> = {};
  const expected: Record<string, readonly Interval[]> = {};
  for (const parent of parents) {
    const name = "isTop" in parent ? undefined : formatPrefix(parent);
    const windows = await readWindows(table, space, parent);
    said[name ?? "top"] = unionIntervals(windows.flatMap(({ layers }) => layers.planned));
    const children = prefixes.filter((one) => one.family === parent.family && nearest(one, prefixes) === name);
    expected[name ?? "top"] = unionIntervals(children.map(prefixInterval));
  }
  return { said, expected };
}

describe("a prefix", () => {
  test("is in the smallest one that contains it, whatever came first", async () => {
    const context = await aContext();
    const small = await plan(context, "10.0.1.0/24");
    const large = await plan(context, "10.0.0.0/8");
    const middle = await plan(context, "10.0.0.0/16", { parentId: large.id });
    expect((await getIp(context, context.space, small.id)).parentId).toBe(middle.id);
    expect(middle.parentId).toBe(large.id);
    expect((await getIp(context, context.space, small.id)).version).toBe(small.version);
    await deleteIp(context, anAdmin, context.space, middle.id, {});
    expect((await getIp(context, context.space, small.id)).parentId).toBe(large.id);
  });

  test("is refused in another one than that, and the right one named", async () => {
    const context = await aContext();
    const large = await plan(context, "10.0.0.0/8");
    await expect(plan(context, "10.1.0.0/16", { parentId: null })).rejects.toMatchObject({
      code: "ip.parent_differs",
      extra: { parentId: large.id },
    });
  });

  test("is there once", async () => {
    const context = await aContext();
    const { id } = await plan(context, "2001:DB8::/32");
    await expect(plan(context, "2001:0db8::/32")).rejects.toMatchObject({ code: "ip.exists", extra: { id } });
  });

  test("is known in its own space alone", async () => {
    const context = await aContext();
    const { id } = await plan(context, "10.0.0.0/8");
    await expect(getIp(context, await aSpace(context), id)).rejects.toMatchObject({ code: "ip.not_found" });
  });
});

const anAddress = fc.integer({ min: 0, max: 255 }).map((last) => 0x0a000000n + BigInt(last));
const aPrefix = fc
  .tuple(anAddress, fc.integer({ min: 24, max: 32 }))
  .map(([value, length]) => formatPrefix(prefixOf({ family: 4, value }, length)));

const anAct = fc.oneof(
  fc.record({ act: fc.constant("plan" as const), prefix: aPrefix, status: fc.constantFrom("active", "reserved") }),
  fc.record({ act: fc.constant("remove" as const), which: fc.nat(20) }),
  fc.record({ act: fc.constant("move" as const), which: fc.nat(20), prefix: aPrefix }),
);

test("windows say of each prefix what is directly in it, after any changes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anAct, { minLength: 1, maxLength: 25 }), async (acts) => {
      const context = await aContext();
      const ids: string[] = [];
      const known = (error: unknown) => {
        if (!["ip.exists"].includes((error as { code?: string }).code ?? "")) throw error;
      };
      for (const one of acts) {
        context.advance(1);
        if (one.act === "plan") {
          await plan(context, one.prefix, { status: one.status }).then(({ id }) => ids.push(id), known);
          continue;
        }
        const at = one.which % Math.max(ids.length, 1);
        const id = ids[at];
        if (id === undefined) continue;
        if (one.act === "remove") await deleteIp(context, anAdmin, context.space, id, {}).then(() => ids.splice(at, 1));
        else await replaceIp(context, anAdmin, context.space, id, newIp.parse({ prefix: one.prefix }), {}).catch(known);
      }
      const { said, expected } = await stated(context);
      expect(said).toEqual(expected);
      await context.table.close();
    }),
    { numRuns: 60 },
  );
});
