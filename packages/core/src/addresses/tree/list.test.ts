import { formatPrefix, prefixOf } from "@cadastre/net/prefix";
import { expect, test } from "vitest";
import { aContext } from "../../audit/testing.ts";
import { aSpace } from "../testing.ts";
import { loadTree } from "../testing-tree.ts";
import { listIps } from "./list.ts";

test("a page with how much is used says the same however it is asked for, and costs two queries when nothing is left out", async () => {
  const context = aContext();
  const space = await aSpace(context);
  const at = (value: number, length: number) =>
    formatPrefix(prefixOf({ family: 4, value: 0x0a000000n + BigInt(value) }, length));
  const prefixes = Array.from({ length: 256 }, (_, n) => [at(n * 256, 24), at(n * 256, 26), at(n * 256 + 64, 26)]);
  await loadTree(context, space, ["10.0.0.0/16", ...prefixes.flat()]);
  const page = (filters: object) =>
    context.table.meter.measure(() => listIps(context, space, filters, { limit: 200, expand: { utilization: true } }));
  const all = await page({});
  const one = await page({ q: "10.0." });
  expect(all.result.items).toHaveLength(200);
  expect(all.result.items).toEqual(one.result.items);
  expect(all.result.items.map(({ utilization }) => utilization?.percentage)).toEqual(
    expect.arrayContaining(["0", expect.stringMatching(/^50/)]),
  );
  expect(all.calls).toBeLessThanOrEqual(10);
  expect(all.units.read).toBeLessThan(one.units.read);
  await context.table.close();
});
